"""How the real SDKs take each fault with their own defaults: attempts, waits, exceptions, and what they let pass.

Anthropic and OpenAI retry what fails before the body twice; google-genai retries nothing, but its async client, which
speaks through aiohttp, hides one retry of a broken connection. Nothing is retried once a stream has begun.
"""

import inspect
import json
from dataclasses import dataclass
from itertools import pairwise

import pytest
from google import genai

from agent_chaos.faults.plan import Plan, fault_of
from agent_chaos.oracles.oracle import Budget, Evidence
from agent_chaos.oracles.transparent_outcome import ORACLE as TRANSPARENT_OUTCOME
from tests.faults.catalogued import SAID, WIRE_FAULTS, faults_at
from tests.faults.sdk_agents import AGENTS, KEY
from tests.spoken import HEAD_AT, spoken, target
from tests.standin.wires import MODELS
from tests.trials import recorded, scenario, trial

COLUMNS = (
    ("anthropic_messages", ("sync", "async")),
    ("openai_chat", ("sync", "async")),
    ("openai_responses", ("sync", "async")),
    ("gemini", ("sync",)),
    ("gemini", ("async",)),
)
"""The columns of the tables below."""


@dataclass(frozen=True)
class Reaction:
    """What a call comes to: `same` as recorded, `partial`, or the exception; and bounds of each wait for a retry."""

    outcome: str
    waits: tuple[tuple[float, float], ...] = ()


FIRST, SECOND = (0.375, 0.5), (0.75, 1.0)
HIDDEN = (1.0, 10.0)
same, partial = Reaction("same"), Reaction("partial")
retried = Reaction("same", (FIRST,))
hidden = Reaction("same", (HIDDEN,))


def raises(name, *waits):
    return Reaction(name, waits)


def after_3(name):
    return raises(name, FIRST, SECOND)


def waited(seconds):
    return Reaction("same", ((seconds, seconds),))


def fault(kind, **fields):
    return fault_of({"kind": kind, **fields})


def each(name):
    """The exception of that name in each SDK that has its own; what genai raises is told beside it."""
    return raises(f"anthropic.{name}"), *[raises(f"openai.{name}")] * 2


CLIENT, SERVER = raises("google.genai.errors.ClientError"), raises("google.genai.errors.ServerError")
LIMITED = raises("openai.RateLimitError")
NOT_COMPLETED = raises("RuntimeError")
NOT_JSON, NOT_TEXT = raises("json.decoder.JSONDecodeError"), raises("UnicodeDecodeError")
UNKNOWN = raises("google.genai.errors.UnknownApiResponseError")
PAYLOAD = raises("aiohttp.client_exceptions.ClientPayloadError")
RESET = (
    raises("httpx2.ReadError"),
    *[raises("openai.APIConnectionError")] * 2,
    raises("httpx2.ReadError"),
    PAYLOAD,
)
INCOMPLETE = (
    raises("httpx2.RemoteProtocolError"),
    *[raises("openai.APIConnectionError")] * 2,
    raises("httpx2.RemoteProtocolError"),
    PAYLOAD,
)
NO_STREAM = (*[raises("AssertionError")] * 2, NOT_COMPLETED)
EMPTY = Reaction("")
TIMED_OUT = raises("aiohttp.client_exceptions.ConnectionTimeoutError")
IN_STREAM = (raises("anthropic.APIStatusError"), *[raises("openai.APIError")] * 2)

BEFORE_THE_BODY = [
    (fault("connect_error"), *[retried] * 3, raises("httpx2.ConnectError"), hidden),
    (fault("reset_before_headers"), *[retried] * 3, raises("httpx2.RemoteProtocolError"), hidden),
    (fault("timeout_before_headers", seconds=30), *[retried] * 3, raises("httpx2.ReadTimeout"), hidden),
    (fault("rate_limit", retry_after_s=7), *[waited(7)] * 3, CLIENT, CLIENT),
    (fault("rate_limit_long", hours=2), waited(7_200), LIMITED, LIMITED, CLIENT, CLIENT),
    (fault("rate_limit_plain"), *[retried] * 3, CLIENT, CLIENT),
    (fault("server_error"), *[retried] * 3, SERVER, SERVER),
    (fault("overloaded"), *[retried] * 3, SERVER, SERVER),
    (
        fault("auth_error"),
        raises("anthropic.AuthenticationError"),
        *[raises("openai.AuthenticationError")] * 2,
        CLIENT,
        CLIENT,
    ),
    (
        fault("context_length"),
        raises("anthropic.BadRequestError"),
        *[raises("openai.BadRequestError")] * 2,
        CLIENT,
        CLIENT,
    ),
    (fault("slow_first_byte", seconds=120), *[same] * 5),
    (fault("bad_gateway"), *[retried] * 3, SERVER, SERVER),
    (fault("service_unavailable"), *[retried] * 3, SERVER, SERVER),
    (fault("gateway_timeout"), *[retried] * 3, SERVER, SERVER),
    (fault("permission_error"), *each("PermissionDeniedError"), CLIENT, CLIENT),
    (
        fault("not_found"),
        *each("NotFoundError")[:2],
        raises("openai.BadRequestError"),
        CLIENT,
        CLIENT,
    ),
    (fault("invalid_request"), *each("BadRequestError"), CLIENT, CLIENT),
    (fault("quota_exhausted"), raises("anthropic.BadRequestError"), retried, retried, CLIENT, CLIENT),
    (fault("dns_error"), *[retried] * 3, raises("httpx2.ConnectError"), hidden),
    (fault("tls_error"), *[retried] * 3, raises("httpx2.ConnectError"), hidden),
    (fault("write_error"), *[retried] * 3, raises("httpx2.WriteError"), hidden),
    (
        fault("bad_protocol"),
        *[retried] * 3,
        raises("httpx2.RemoteProtocolError"),
        raises("aiohttp.client_exceptions.ClientResponseError"),
    ),
    (fault("connect_timeout", seconds=3), *[retried] * 3, raises("httpx2.ConnectTimeout"), TIMED_OUT),
    (fault("pool_timeout", seconds=3), *[retried] * 3, raises("httpx2.PoolTimeout"), TIMED_OUT),
]
ON_EVERY_ATTEMPT = [
    (
        fault("connect_error"),
        after_3("anthropic.APIConnectionError"),
        *[after_3("openai.APIConnectionError")] * 2,
        raises("httpx2.ConnectError"),
        raises("aiohttp.client_exceptions.ClientConnectorError", HIDDEN),
    ),
    (
        fault("reset_before_headers"),
        after_3("anthropic.APIConnectionError"),
        *[after_3("openai.APIConnectionError")] * 2,
        raises("httpx2.RemoteProtocolError"),
        raises("aiohttp.client_exceptions.ServerDisconnectedError", HIDDEN),
    ),
    (
        fault("timeout_before_headers", seconds=30),
        after_3("anthropic.APITimeoutError"),
        *[after_3("openai.APITimeoutError")] * 2,
        raises("httpx2.ReadTimeout"),
        raises("aiohttp.client_exceptions.ClientOSError", HIDDEN),
    ),
    (
        fault("rate_limit", retry_after_s=7),
        raises("anthropic.RateLimitError", (7, 7), (7, 7)),
        *[raises("openai.RateLimitError", (7, 7), (7, 7))] * 2,
        CLIENT,
        CLIENT,
    ),
    (
        fault("server_error"),
        after_3("anthropic.InternalServerError"),
        *[after_3("openai.InternalServerError")] * 2,
        SERVER,
        SERVER,
    ),
    (
        fault("overloaded"),
        after_3("anthropic.OverloadedError"),
        *[after_3("openai.InternalServerError")] * 2,
        SERVER,
        SERVER,
    ),
    (
        fault("bad_gateway"),
        after_3("anthropic.InternalServerError"),
        *[after_3("openai.InternalServerError")] * 2,
        SERVER,
        SERVER,
    ),
    (
        fault("service_unavailable"),
        after_3("anthropic.ServiceUnavailableError"),
        *[after_3("openai.InternalServerError")] * 2,
        SERVER,
        SERVER,
    ),
    (
        fault("gateway_timeout"),
        after_3("anthropic.GatewayTimeoutError"),
        *[after_3("openai.APIStatusError")] * 2,
        SERVER,
        SERVER,
    ),
    (
        fault("quota_exhausted"),
        raises("anthropic.BadRequestError"),
        *[after_3("openai.RateLimitError")] * 2,
        CLIENT,
        CLIENT,
    ),
    (
        fault("dns_error"),
        after_3("anthropic.APIConnectionError"),
        *[after_3("openai.APIConnectionError")] * 2,
        raises("httpx2.ConnectError"),
        raises("aiohttp.client_exceptions.ClientConnectorDNSError", HIDDEN),
    ),
    (
        fault("tls_error"),
        after_3("anthropic.APIConnectionError"),
        *[after_3("openai.APIConnectionError")] * 2,
        raises("httpx2.ConnectError"),
        raises("aiohttp.client_exceptions.ClientConnectorCertificateError", HIDDEN),
    ),
    (
        fault("pool_timeout", seconds=3),
        after_3("anthropic.APITimeoutError"),
        *[after_3("openai.APITimeoutError")] * 2,
        raises("httpx2.PoolTimeout"),
        TIMED_OUT,
    ),
]
IN_A_WHOLE_BODY = [
    (fault("reset_in_body", boundary="mid_body", offset=0), *[retried] * 3, *RESET[3:]),
    (fault("truncate", boundary="mid_body", offset=0), *[NOT_JSON] * 5),
    (fault("stall", boundary="mid_body", seconds=10), *[same] * 5),
    (fault("max_tokens_in_text", percent_lost=50), *[partial] * 5),
    (fault("incomplete_body", boundary="mid_body", offset=0), *[retried] * 3, *INCOMPLETE[3:]),
    (fault("bad_encoding"), *[retried] * 3, raises("httpx2.DecodingError"), PAYLOAD),
    (fault("wrong_content_type"), *[same] * 5),
    (fault("html_body"), *[raises("AttributeError")] * 3, NOT_JSON, NOT_JSON),
    (fault("empty_body"), *[NOT_JSON] * 3, EMPTY, EMPTY),
    (fault("bare_body", shape="object"), *[raises("TypeError")] * 3, EMPTY, EMPTY),
    (fault("bare_body", shape="null"), *[raises("AttributeError")] * 3, EMPTY, EMPTY),
    (fault("bare_body", shape="list"), *[raises("AttributeError")] * 3, EMPTY, EMPTY),
    (fault("error_body"), *[raises("TypeError")] * 3, EMPTY, EMPTY),
    (fault("empty_reply"), *[EMPTY] * 5),
    (fault("refusal"), *[EMPTY] * 5),
]
IN_A_STREAM = [
    (fault("reset_in_body", boundary="mid_text", offset=0), *RESET),
    (fault("reset_in_body", boundary="before_terminator", offset=0), *RESET),
    (
        fault("truncate", boundary="before_terminator", offset=0),
        same,
        same,
        NOT_COMPLETED,
        partial,
        partial,
    ),
    (fault("truncate", boundary="mid_text", offset=0), partial, partial, NOT_COMPLETED, partial, partial),
    (fault("truncate", boundary="after_event", offset=0), partial, partial, NOT_COMPLETED, partial, partial),
    (fault("truncate", boundary="mid_frame", offset=0), partial, partial, NOT_COMPLETED, UNKNOWN, UNKNOWN),
    (fault("error_event", error="overloaded", where="start"), *IN_STREAM, SERVER, SERVER),
    (fault("error_event", error="server_error", where="middle"), *IN_STREAM, SERVER, SERVER),
    (fault("error_event", error="rate_limit", where="end"), *IN_STREAM, CLIENT, CLIENT),
    (fault("keep_alive_noise", every=1), *[same] * 3, UNKNOWN, UNKNOWN),
    (
        fault("max_tokens_in_text", percent_lost=50),
        partial,
        raises("openai.LengthFinishReasonError"),
        NOT_COMPLETED,
        partial,
        partial,
    ),
    (fault("slow_stream", seconds=30), *[same] * 5),
    (fault("stall", boundary="after_event", seconds=10), *[same] * 5),
    (fault("incomplete_body", boundary="mid_text", offset=0), *INCOMPLETE),
    (
        fault("bad_encoding"),
        raises("httpx2.DecodingError"),
        *[raises("openai.APIConnectionError")] * 2,
        raises("httpx2.DecodingError"),
        PAYLOAD,
    ),
    (fault("html_body"), *NO_STREAM, UNKNOWN, UNKNOWN),
    (fault("empty_body"), *NO_STREAM, EMPTY, EMPTY),
    (fault("error_body"), *NO_STREAM, SERVER, SERVER),
    (fault("empty_reply"), *[EMPTY] * 5),
    (fault("rechunk", pieces="one"), *[same] * 5),
    (fault("rechunk", pieces="bytes"), *[same] * 5),
    (fault("respelled_stream", spelling="no_space"), *[same] * 3, UNKNOWN, UNKNOWN),
    (fault("bad_text", shape="byte_order_mark"), raises("AssertionError"), same, same, UNKNOWN, UNKNOWN),
    (
        fault("refusal"),
        EMPTY,
        raises("openai.ContentFilterFinishReasonError"),
        NOT_COMPLETED,
        EMPTY,
        EMPTY,
    ),
]


def cells(*tables, streams=None):
    """One test per row and column of the tables.

    Where sync and async clients share a column, they share an SDK's way of retrying and reading, and differ in waiting alone:
    the rows take them by turns. What happens before the body is the same for whole and streamed replies: sync clients are
    asked for the one, async clients for the other, unless `streams` names which.
    """
    found = [
        pytest.param((protocol, stream, mode), one, reaction, id=f"{_name(one)}-{protocol}-{stream}-{mode}")
        for table in tables
        for row, (one, *reactions) in enumerate(table)
        for (protocol, modes), reaction in zip(COLUMNS, reactions, strict=True)
        for mode in (modes[row % len(modes)],)
        for stream in streams or (mode == "async",)
    ]
    return pytest.mark.parametrize(("call", "one", "expected"), found)


def _name(one):
    return "-".join(str(value) for value in one.model_dump().values())


def traced(call, faults, *, said="text"):
    """The trace of one call of an SDK in which each serving of its reply has the fault of that place."""
    protocol, stream, _ = call
    subject = scenario(AGENTS[call])
    cassette = recorded(subject, [spoken(protocol, SAID[said], stream=stream)])
    trace = trial(subject, cassette, Plan.of((f"call 0.{i}", one) for i, one in enumerate(faults)))

    assert not trace.incidents
    return trace


def reaction_of(trace):
    answered = [trace.deliveries[call.seq].at for call in trace.calls]
    waits = [then.at - end for end, (_, then) in zip(answered, pairwise(trace.calls), strict=False)]
    if trace.raised:
        return trace.raised[0].type, waits
    said, whole = trace.answers[0].text, SAID["text"].text
    outcome = "same" if said == whole else "partial" if said and whole.startswith(said) else said
    return outcome, waits


def assert_reacted(trace, expected):
    outcome, waits = reaction_of(trace)

    assert outcome == expected.outcome
    assert len(waits) == len(expected.waits)
    assert all(
        low - 1e-6 <= wait <= high + 1e-6 for wait, (low, high) in zip(waits, expected.waits, strict=True)
    )


@cells(BEFORE_THE_BODY)
def test_a_fault_before_the_body(call, one, expected):
    assert_reacted(traced(call, [one]), expected)


@cells(ON_EVERY_ATTEMPT)
def test_a_fault_on_every_attempt(call, one, expected):
    assert_reacted(traced(call, [one] * 5), expected)


@cells(IN_A_WHOLE_BODY, streams=(False,))
def test_a_fault_in_a_whole_body(call, one, expected):
    assert_reacted(traced(call, [one]), expected)


@cells(IN_A_STREAM, streams=(True,))
def test_a_fault_in_a_stream(call, one, expected):
    assert_reacted(traced(call, [one]), expected)


@pytest.mark.parametrize("call", [call for call in AGENTS if call[1]], ids=str)
def test_a_stream_that_ends_inside_a_character_is_no_text(call):
    trace = traced(call, [fault("truncate", boundary="mid_utf8", offset=0)])
    lenient = call == ("gemini", True, "sync")

    assert reaction_of(trace)[0] == (UNKNOWN if lenient else NOT_TEXT).outcome


@pytest.mark.parametrize("call", [call for call in AGENTS if call[1]], ids=str)
def test_every_sdk_reads_a_stream_with_other_line_ends(call):
    ends = "lf" if call[0] == "gemini" else "crlf"

    assert_reacted(traced(call, [fault("respelled_stream", spelling=ends)]), same)


@pytest.mark.parametrize("how", ["doubled", "lost", "swapped"])
@pytest.mark.parametrize("call", [call for call in AGENTS if call[1]], ids=str)
def test_only_responses_streams_make_good_for_an_event_that_was_misdelivered(call, how):
    said, whole = (
        traced(call, [fault("misdelivered_event", how=how, offset=0)]).answers[0].text,
        SAID["text"].text,
    )

    assert (said == whole) == (call[0] == "openai_responses")
    assert len(said) == len(whole) or how != "swapped"
    assert len(said) > len(whole) or said == whole or how != "doubled"
    assert len(said) < len(whole) or said == whole or how != "lost"


SILENT = {
    False: fault("timeout_before_headers", seconds=3_600),
    True: fault("stall", boundary="after_event", seconds=900),
}
GIVEN_UP = {
    ("anthropic_messages", False): Reaction("same", (FIRST,)),
    ("openai_chat", False): Reaction("same", (FIRST,)),
    ("openai_responses", False): Reaction("same", (FIRST,)),
    ("anthropic_messages", True): raises("httpx2.ReadTimeout"),
    ("openai_chat", True): raises("openai.APITimeoutError"),
    ("openai_responses", True): raises("openai.APITimeoutError"),
}


@pytest.mark.parametrize("call", [call for call in AGENTS if call[0] != "gemini"], ids=str)
def test_a_silent_server_is_given_up_after_600_s(call):
    trace = traced(call, [SILENT[call[1]]])

    assert_reacted(trace, GIVEN_UP[call[:2]])
    assert 600 <= trace.virtual_s <= 602


@pytest.mark.parametrize("call", [call for call in AGENTS if call[0] == "gemini"], ids=str)
def test_genai_has_no_timeout_and_waits_for_as_long_as_the_server_is_silent(call):
    silent = SILENT[call[1]]

    assert traced(call, [silent]).virtual_s >= silent.seconds


CUT = {"order": 'A-17 "Köln"\n', "amount": 150}
CUT_TEXT = json.dumps(CUT, ensure_ascii=False).removesuffix("}")


@pytest.mark.parametrize("mode", ["sync", "async"])
@pytest.mark.parametrize("stop", [None, "max_tokens"], ids=["stream-ends", "token-limit"])
def test_anthropic_gives_a_call_of_150_where_the_model_was_saying_1500(mode, stop):
    cut = fault("truncate", boundary="mid_number", offset=0)
    if stop:
        cut = fault("max_tokens_in_tool_call", call=0, within="number", offset=0)
    told = traced(("anthropic_messages", True, mode), [cut], said="tools").answers[0].value

    assert told["calls"] == [CUT]
    assert told["stop"] == stop


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_openai_refuses_a_chat_stream_cut_in_a_call_only_if_it_says_so(mode):
    """The limit raises; an end of the stream passes with the text of the call as it stands."""
    call = ("openai_chat", True, mode)
    ended = traced(call, [fault("truncate", boundary="mid_number", offset=0)], said="tools")
    limited = traced(
        call, [fault("max_tokens_in_tool_call", call=0, within="number", offset=0)], said="tools"
    )

    assert ended.answers[0].value["calls"] == [CUT_TEXT]
    assert ended.answers[0].value["stop"] is None
    assert limited.raised[0].type == "openai.LengthFinishReasonError"


@pytest.mark.parametrize("call", [call for call in AGENTS if call[0] == "gemini"], ids=str)
def test_genai_gives_a_call_cut_by_the_token_limit_as_a_whole_one(call):
    cut = fault("max_tokens_in_tool_call", call=0, within="number", offset=0)
    told = traced(call, [cut], said="tools").answers[0].value

    assert told["calls"] == [CUT]
    assert told["stop"] == "MAX_TOKENS"


@pytest.mark.parametrize("mode", ["sync", "async"])
@pytest.mark.parametrize(
    ("shape", "first"),
    [("cut", CUT), ("empty", {}), ("trailing_comma", None)],
    ids=["cut", "empty", "trailing-comma"],
)
def test_anthropic_streams_repair_arguments_that_end_early_and_refuse_others(mode, shape, first):
    trace = traced(
        ("anthropic_messages", True, mode), [fault("malformed_arguments", shape=shape, call=0)], said="tools"
    )

    assert [raised.type for raised in trace.raised] == ([] if first is not None else ["ValueError"])
    assert [told.value["calls"][0] for told in trace.answers] == ([first] if first is not None else [])


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_anthropic_streams_keep_the_first_of_two_objects_and_say_nothing(mode):
    two = fault("malformed_arguments", shape="two_objects", call=1)
    told = traced(("anthropic_messages", True, mode), [two], said="tools").answers[0].value

    assert told["calls"][1] == {"order": "B-2", "amount": 20}


@pytest.mark.parametrize("call", [call for call in AGENTS if call[0] != "gemini"], ids=str)
def test_no_sdk_minds_arguments_that_are_null(call):
    null = fault("malformed_arguments", shape="null", call=1)

    assert traced(call, [null], said="tools").answers[0].value["calls"][1] in (None, "null")


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("protocol", ["openai_chat", "openai_responses"])
def test_openai_passes_malformed_arguments_on_as_they_are(protocol, stream):
    for shape, first in (("cut", CUT_TEXT), ("empty", "")):
        broken = fault("malformed_arguments", shape=shape, call=0)
        told = traced((protocol, stream, "sync"), [broken], said="tools").answers[0].value

        assert told["calls"][0] == first


@pytest.mark.parametrize("call", AGENTS, ids=str)
def test_sdks_pass_on_a_call_that_comes_twice(call):
    ids = "same" if call[0] == "gemini" else "fresh"
    told = traced(call, [fault("repeated_tool_call", ids=ids)], said="tools").answers[0].value["calls"]

    assert len(told) == 3
    assert told[2] == told[1]


@pytest.mark.parametrize("call", [call for call in AGENTS if call[0] != "gemini"], ids=str)
def test_only_a_responses_stream_refuses_two_calls_with_one_id(call):
    for one in (fault("repeated_tool_id"), fault("repeated_tool_call", ids="same")):
        trace = traced(call, [one], said="tools")
        refused = call[:2] == ("openai_responses", True)

        assert [raised.type for raised in trace.raised] == (["RuntimeError"] if refused else [])


@pytest.mark.parametrize(
    "call", [call for call in AGENTS if "gemini" != call[0] != "openai_responses"], ids=str
)
def test_sdks_pass_on_calls_in_a_reply_that_says_it_is_the_end(call):
    told = traced(call, [fault("wrong_stop")], said="tools").answers[0].value

    assert len(told["calls"]) == 2
    assert told["stop"] in ("end_turn", "stop")


@pytest.mark.parametrize("call", AGENTS, ids=str)
@pytest.mark.parametrize("kind", ["unknown_tool", "missing_argument"])
def test_no_sdk_holds_a_call_against_the_tools_that_were_offered(kind, call):
    told = traced(call, [fault(kind, call=1)], said="tools").answers[0].value["calls"]
    last = json.loads(told[1]) if isinstance(told[1], str) else told[1]

    assert last == ({"order": "B-2", "amount": 20} if kind == "unknown_tool" else {"order": "B-2"})


def patient(agent):
    """The agent, asking again whatever goes wrong, three times at most."""
    if inspect.iscoroutinefunction(agent):

        async def ask_async(ctx, text):
            for _ in range(2):
                try:
                    return await agent(ctx, text)
                except Exception:
                    continue
            return await agent(ctx, text)

        return ask_async

    def ask(ctx, text):
        for _ in range(2):
            try:
                return agent(ctx, text)
            except Exception:
                continue
        return agent(ctx, text)

    return ask


@pytest.mark.parametrize("call", AGENTS, ids=str)
def test_who_asks_again_gets_the_same_answer_after_every_transparent_fault(call):
    """Sync clients meet every other fault, async clients the ones between: what heals is the protocol's, not the waiting's."""
    protocol, stream, mode = call
    subject = scenario(patient(AGENTS[call]))
    cassette = recorded(subject, [spoken(protocol, SAID["text"], stream=stream)])
    where, clean = target(protocol, SAID["text"], stream=stream), trial(subject, cassette)
    kinds = [kind for kind, cls in WIRE_FAULTS.items() if cls.transparent]
    found = [one for kind in kinds for one in faults_at(kind, where)]
    for one in found[mode == "async" :: 2]:
        trace = trial(subject, cassette, Plan.of([("call 0", one)]))
        evidence = Evidence(trace, clean, Budget(virtual_s=10_000), {})

        assert trace.fired
        assert [answer.text for answer in trace.answers] == [SAID["text"].text], one
        assert not list(TRANSPARENT_OUTCOME.judge(evidence))


def told_to_retry(ctx, text):
    options = genai.types.HttpOptions(retry_options=genai.types.HttpRetryOptions())
    with genai.Client(api_key=KEY, http_options=options) as client:
        return client.models.generate_content(model=MODELS["gemini"], contents="go").text


@pytest.mark.parametrize("kind", ["connect_error", "rate_limit_plain", "server_error", "overloaded"])
def test_genai_that_was_told_to_retry_tries_5_times_with_growing_waits(kind):
    subject = scenario(told_to_retry)
    cassette = recorded(subject, [spoken("gemini", SAID["text"], stream=False)])
    trace = trial(subject, cassette, Plan.of((f"call 0.{i}", fault(kind)) for i in range(4)))
    outcome, waits = reaction_of(trace)

    assert outcome == "same"
    assert [low <= wait <= low + 1 for low, wait in zip((1, 2, 4, 8), waits, strict=True)] == [True] * 4


def test_genai_waits_its_own_time_whatever_the_provider_asks_for():
    subject = scenario(told_to_retry)
    cassette = recorded(subject, [spoken("gemini", SAID["text"], stream=False)])
    trace = trial(subject, cassette, Plan.of([("call 0", fault("rate_limit", retry_after_s=60))]))

    assert reaction_of(trace)[0] == "same"
    assert HEAD_AT + 1 <= trace.virtual_s < 5
