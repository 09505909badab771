"""A scenario made ready for trials: what is not sound is refused in words that say what to do about it."""

import asyncio
import json
import os
import random
import subprocess
import sys
import threading
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import anthropic
import httpx2
import pytest

import agent_chaos
from agent_chaos.errors import HarnessError, RecordError, ReplayMiss, UnstableError, UsageError
from agent_chaos.faults.plan import Plan
from agent_chaos.faults.transport.rate_limits import RateLimit
from agent_chaos.faults.transport.server_errors import ServerError
from agent_chaos.faults.transport.slow_replies import SlowFirstByte
from agent_chaos.oracles.verdict import Verdict
from agent_chaos.patch.chance import seeded
from agent_chaos.patch.keys import key_variables
from agent_chaos.record.recording import record_scenario
from agent_chaos.trial.rehearsal import Rehearsal
from tests.search import shop
from tests.trials import claude_message, claude_says, json_reply, recorded, scenario

SEED = 11
LIMITED = Plan.of([("call 0", RateLimit(retry_after_s=1))])


LOOK = [{"name": "look", "input_schema": {"type": "object"}}]


def ask(*texts, client=None, **fields):
    """The model's word on a conversation of user messages."""
    messages = []
    for text in texts:
        messages += [{"role": "user", "content": text}, {"role": "assistant", "content": "I see."}]
    client = client or anthropic.Anthropic(max_retries=1)
    return (
        client.messages.create(model="claude-sonnet-5", max_tokens=64, messages=messages[:-1], **fields)
        .content[0]
        .text
    )


async def ask_async(text):
    client = anthropic.AsyncAnthropic(max_retries=1)
    reply = await client.messages.create(
        model="claude-sonnet-5", max_tokens=64, messages=[{"role": "user", "content": text}]
    )
    return reply.content[0].text


def asking(*texts):
    return lambda ctx, text: ask(*texts)


HELLO = asking("Hello.")
KEPT = [claude_says("Hi.")]


def rehearsal(agent, *, kept_by=None, replies=KEPT, **fields):
    """The agent, rehearsed on what `kept_by` (or itself) said when it was recorded."""
    cassette = recorded(scenario(kept_by or agent, **fields), replies)
    return Rehearsal(scenario(agent, **fields), cassette=cassette, target="shop.py:test")


def test_a_sound_scenario_has_a_clean_run_and_trials_that_repeat():
    subject = rehearsal(HELLO)
    clean = subject.prepare()
    outcomes = [subject.trial(LIMITED) for _ in range(3)]

    assert clean.answers[0].text == "Hi."
    assert subject.clean is clean
    assert {outcome.trace.digest for outcome in outcomes} == {outcomes[0].trace.digest}
    assert {outcome.verdict for outcome in outcomes} == {Verdict.PASS}
    assert outcomes[0].trace.digest != clean.digest


def test_state_that_survives_a_run_is_reported_with_what_to_do():
    history = []

    def agent(ctx, text):
        history.append(f"Hello {len(history)}.")
        return ask(*history)

    with pytest.raises(UnstableError) as caught:
        rehearsal(agent, kept_by=asking("Hello 0.")).prepare()

    assert "test: UNSTABLE: two runs without faults differ: call 1: messages" in str(caught.value)
    assert "give the scenario a setup= that starts it afresh" in str(caught.value)
    assert caught.value.exit_code == 4


def test_what_the_runs_added_to_the_process_is_named_where_they_differ(monkeypatch):
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setenv("SEEN_BEFORE", "")  # so that it is taken away again
    monkeypatch.delenv("SEEN_BEFORE")

    def agent(ctx, text):
        seen = os.environ.get("SEEN_BEFORE", "no")
        os.environ["SEEN_BEFORE"] = f"{seen}, secret-value"
        sys.path.append("/opt/plugins")
        return ask(f"seen: {seen}")

    with pytest.raises(UnstableError) as caught:
        rehearsal(agent, kept_by=asking("seen: no")).prepare()

    told = str(caught.value)
    assert "the runs set SEEN_BEFORE in os.environ and added /opt/plugins to sys.path" in told


def test_a_limiter_that_outlives_a_run_has_cooled_down():
    free_at = [0.0]

    def agent(ctx, text):
        time.sleep(max(0.0, free_at[0] - time.monotonic()))
        free_at[0] = max(free_at[0], time.monotonic()) + 1.0
        return ask("Hello.")

    subject = rehearsal(agent, kept_by=HELLO)
    subject.prepare()
    struck = subject.trial(Plan.of([("call 0", SlowFirstByte(seconds=61))]))

    assert subject.trial(Plan()).verdict is Verdict.PASS
    assert subject.trial(Plan()).trace.virtual_s < struck.trace.virtual_s


def test_waits_that_grow_from_run_to_run_are_state_too():
    runs = []

    def agent(ctx, text):
        runs.append(text)
        time.sleep(len(runs))
        return ask("Hello.")

    with pytest.raises(UnstableError, match="wait before the first call") as caught:
        rehearsal(agent, kept_by=HELLO).prepare()

    assert "a rate limiter" in str(caught.value)
    assert "setup=" in str(caught.value)


def test_a_setup_that_starts_the_state_afresh_makes_it_sound():
    history = []

    def agent(ctx, text):
        history.append(f"Hello {len(history)}.")
        return ask(*history)

    subject = rehearsal(agent, kept_by=asking("Hello 0."), setup=history.clear)

    assert subject.clean.answers[0].text == "Hi."
    assert subject.trial(LIMITED).verdict is Verdict.PASS


def test_an_agent_that_differs_from_run_to_run_is_reported_with_the_first_difference():
    def agent(ctx, text):
        with open("/dev/urandom", "rb") as chance:
            number = int.from_bytes(chance.read(8))
        return ask("Hello.", f"My lucky number is {number:020d}.")

    with pytest.raises(
        UnstableError,
        match=r"two runs without faults differ: call 1: messages\[2\]\.content: 'My lucky.*"
        r" \(from tests/trial/test_rehearsal\.py:\d+, in ask\)",
    ):
        rehearsal(agent, kept_by=asking("Hello.", "My lucky number is 7.")).prepare()


def test_chance_that_can_be_seeded_is_the_same_in_every_run():
    def agent(ctx, text):
        return ask(f"My lucky numbers are {random.random()} and {os.urandom(4).hex()}.")

    with seeded(SEED):
        cassette = recorded(scenario(agent), KEPT, seed=SEED)
    subject = Rehearsal(scenario(agent), cassette=cassette)
    kept_with = subject.prepare().calls[0].request.body

    assert subject.trial(LIMITED).trace.calls[-1].request.body == kept_with


def hooks(log, *, wait):
    def note(what):
        def hook():
            log.append(what)

        async def hook_async():
            await asyncio.sleep(0)
            log.append((what, asyncio.get_running_loop()))

        return hook_async if wait else hook

    return {"setup": note("setup"), "teardown": note("teardown")}


RUN = ["setup", "go", "teardown"]
PROBED = ["setup", "go", "go", "teardown"]
"""The run without faults that shows whether the agent keeps a history; this one does not, and its trials are plain."""


def test_setup_and_teardown_surround_every_run():
    log = []

    def agent(ctx, text):
        log.append(text)
        return ask("Hello.")

    subject = rehearsal(agent, kept_by=HELLO, **hooks(log, wait=False))
    log.clear()
    subject.prepare()
    subject.trial(LIMITED)

    assert log == [*RUN, *PROBED, *RUN, *RUN]


def test_async_hooks_share_the_event_loop_of_the_agent_and_no_two_runs_share_one():
    log = []

    async def agent(ctx, text):
        log.append((text, asyncio.get_running_loop()))
        return await ask_async("Hello.")

    subject = rehearsal(agent, kept_by=HELLO, **hooks(log, wait=True))
    log.clear()
    subject.prepare()

    assert [what for what, _ in log] == [*RUN, *PROBED, *RUN]
    loops = [loop for _, loop in log]
    assert [len(set(one)) for one in (loops[:3], loops[3:7], loops[7:])] == [1, 1, 1]
    assert len(set(loops)) == 3


def test_teardown_runs_where_the_agent_raised_and_where_the_run_was_stopped():
    log = []

    def agent(ctx, text):
        try:
            return ask("Hello.")
        except anthropic.APIError:
            return ask("Did you hear me?", tools=LOOK, tool_choice={"type": "tool", "name": "look"})

    subject = rehearsal(agent, kept_by=HELLO, **hooks(log, wait=False))
    subject.prepare()
    log.clear()
    stopped = subject.trial(Plan.of([("call 0", ServerError()), ("call 0.1", ServerError())]))

    assert stopped.trace.incidents_of("miss")
    assert log == ["setup", "teardown"]


def fails():
    raise LookupError("no database here")


@pytest.mark.parametrize(
    ("fields", "turns", "words"),
    [
        ({"setup": fails}, ("go",), "setup fails in test_rehearsal.py:fails"),
        ({"teardown": fails}, ("go",), "teardown fails in test_rehearsal.py:fails"),
        ({}, ("go", lambda results: fails()), "the input of turn 1 fails in test_rehearsal.py:fails"),
    ],
    ids=["setup", "teardown", "a dynamic turn"],
)
def test_code_around_the_agent_that_fails_is_an_error_of_the_scenario(fields, turns, words, tmp_path):
    cassette = recorded(scenario(HELLO), KEPT)
    subject = Rehearsal(scenario(HELLO, *turns, **fields), cassette=cassette)

    with pytest.raises(HarnessError, match=f"^test: {words}: LookupError: no database here$"):
        subject.prepare()
    live = scenario(lambda ctx, text: "no request", *turns, **fields, cassette=tmp_path / "test.msgpack")
    with pytest.raises(
        RecordError, match=f"^test: {words}: LookupError: no database here; nothing was kept$"
    ):
        record_scenario(live)
    assert list(tmp_path.iterdir()) == []


def test_a_teardown_that_fails_under_a_fault_makes_no_finding_of_the_agent():
    broken = []

    def agent(ctx, text):
        try:
            return ask("Hello.", client=anthropic.Anthropic(max_retries=0))
        except anthropic.RateLimitError:
            broken.append("handle")
            raise

    subject = rehearsal(agent, kept_by=HELLO, teardown=lambda: broken and fails())
    outcome = subject.trial(LIMITED)

    assert outcome.verdict is Verdict.HARNESS_ERROR
    assert outcome.reason.startswith("teardown fails in ")


def test_a_request_that_was_never_recorded_is_a_stale_recording_with_its_first_difference():
    def agent(ctx, text):
        return ask("Hello.") + ask("Good evening.")

    with pytest.raises(HarnessError) as caught:
        rehearsal(agent, kept_by=HELLO).prepare()

    told = str(caught.value)
    assert told.startswith("test: the recording is stale: call 1 ")
    assert "messages[0].content: 'Hello.' ≠ 'Good evening.'" in told
    assert told.endswith("record again with 'agent-chaos record --record-mode all shop.py:test'")


def test_a_request_that_resembles_nothing_recorded_is_told_by_where_it_went():
    def agent(ctx, text):
        return ask("Hello.") + httpx2.get("https://api.anthropic.com/v1/models/best").text

    with pytest.raises(
        HarnessError, match=r"stale: call 1, GET api\.anthropic\.com/v1/models/best, was not recorded"
    ):
        rehearsal(agent, kept_by=HELLO).prepare()


def test_a_conversation_that_changed_without_faults_is_noted_and_can_still_be_judged():
    subject = rehearsal(asking("Hello.", "And now?"), kept_by=asking("Hello.", "And then?"))
    outcome = subject.trial(LIMITED)

    assert outcome.verdict is Verdict.PASS, outcome.reason
    assert subject.notes == (
        "recording: call 1 differs at messages[2].content: 'And then?' ≠ 'And now?'; record again with "
        "'agent-chaos record --record-mode all shop.py:test'",
    )
    assert subject.clean_outcome.verdict is Verdict.PASS


def test_the_miss_that_an_agent_can_see_says_the_first_difference_and_holds_for_the_rest_of_the_run():
    seen = []

    def agent(ctx, text):
        for question in ("Hello.", "Good evening.", "Hello."):
            try:
                ask(question)
            except Exception as exc:
                seen.append(f"swallowed {exc}")
            except ReplayMiss as exc:
                seen.append(str(exc))
        return "done"

    with pytest.raises(HarnessError, match="the recording is stale"):
        rehearsal(agent, kept_by=HELLO).prepare()
    assert seen == [
        "call 1: POST /v1/messages was not recorded; nearest differs at messages[0].content: "
        "'Hello.' ≠ 'Good evening.'",
        "the trial has left the recording",
    ]


def test_an_agent_that_makes_no_request_was_not_intercepted():
    with pytest.raises(HarnessError, match=r"nothing was intercepted: the recording has httpx2 traffic"):
        rehearsal(lambda ctx, text: "from my cache", kept_by=HELLO).prepare()


def test_an_agent_that_fails_without_any_fault_is_not_searched():
    def agent(ctx, text):
        return ask("Hello.")[99]

    with pytest.raises(
        HarnessError, match="the agent fails without any fault, in turn 0: IndexError: string index"
    ):
        rehearsal(agent, kept_by=HELLO).prepare()


def test_an_agent_that_fails_before_its_first_request_is_not_taken_for_one_that_was_missed():
    def agent(ctx, text):
        raise KeyError("config")

    with pytest.raises(
        HarnessError, match="the agent fails without any fault, in turn 0: KeyError: 'config'"
    ):
        rehearsal(agent, kept_by=HELLO).prepare()


def test_an_agent_that_never_ends_is_not_searched():
    def agent(ctx, text):
        while True:
            time.sleep(1)

    with pytest.raises(
        HarnessError, match="the run without faults did not end: still waiting after 5601 virtual"
    ):
        rehearsal(agent, kept_by=HELLO).prepare()


def test_an_agent_that_never_stops_asking_under_a_fault_is_stopped_and_found():
    def agent(ctx, text):
        started = time.monotonic()
        answer = ask("Hello.")
        while time.monotonic() - started > 60:
            answer = ask("Hello.")
        return answer

    subject = rehearsal(agent, kept_by=HELLO, max_requests=3)
    outcome = subject.trial(Plan.of([("call 0", SlowFirstByte(seconds=61))]))

    assert len(outcome.trace.calls) == len(subject.clean.calls) + 3
    assert [incident.kind for incident in outcome.trace.incidents] == ["budget"]
    assert {violation.oracle for violation in outcome.violations} == {"termination"}


PAY = claude_message([{"type": "tool_use", "id": "toolu_1", "name": "pay", "input": {}}], "tool_use")
LOOK = claude_message([{"type": "tool_use", "id": "toolu_2", "name": "look", "input": {}}], "tool_use")


def unwrapped(*, allow=False, **fields):
    def agent(ctx, text):
        client = anthropic.Anthropic()
        for question in ("Pay.", "Look."):
            asked = [{"role": "user", "content": question}]
            client.messages.create(model="claude-sonnet-5", max_tokens=9, messages=asked)
        return "done"

    one = scenario(agent, **fields)
    cassette = recorded(one, [json_reply(PAY), json_reply(LOOK)])
    return Rehearsal(one, cassette=cassette, allow_real_tools=allow)


def test_tools_that_no_boundary_saw_keep_a_search_from_starting_and_are_named():
    subject = unwrapped()

    assert subject.unwrapped_tools == ("look", "pay")
    with pytest.raises(UsageError, match="the recorded model calls look, pay, which no tool boundary saw"):
        subject.refuse_real_tools()


def test_pure_tools_are_left_out():
    subject = unwrapped(pure_tools=("look",))

    with pytest.raises(UsageError, match="the recorded model calls pay, which"):
        subject.refuse_real_tools()
    unwrapped(pure_tools=("look", "pay")).refuse_real_tools()


def test_real_tools_run_where_that_was_allowed_and_are_still_named():
    subject = unwrapped(allow=True)
    subject.refuse_real_tools()

    assert subject.tools_run_for_real == ("look", "pay")
    assert subject.clean.answers[0].text == "done"


def test_wrapped_tools_are_no_reason_to_refuse():
    subject = shop.rehearsal()
    subject.refuse_real_tools()

    assert subject.unwrapped_tools == ()


EXTRACTIONS = {
    "anthropic_messages": (
        "https://api.anthropic.com/v1/messages",
        {"tool_choice": {"type": "tool", "name": "answer"}},
        claude_message([{"type": "tool_use", "id": "toolu_1", "name": "answer", "input": {}}], "tool_use"),
    ),
    "openai_chat": (
        "https://api.openai.com/v1/chat/completions",
        {"tool_choice": {"type": "function", "function": {"name": "answer"}}},
        {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "choices": [
                {
                    "index": 0,
                    "finish_reason": "stop",
                    "message": {
                        "role": "assistant",
                        "content": None,
                        "tool_calls": [
                            {
                                "id": "call_1",
                                "type": "function",
                                "function": {"name": "answer", "arguments": "{}"},
                            }
                        ],
                    },
                }
            ],
        },
    ),
    "openai_responses": (
        "https://api.openai.com/v1/responses",
        {"tool_choice": {"type": "function", "name": "answer"}},
        {
            "id": "resp_1",
            "object": "response",
            "status": "completed",
            "output": [
                {"type": "function_call", "id": "fc_1", "call_id": "c", "name": "answer", "arguments": "{}"}
            ],
        },
    ),
    "gemini": (
        "https://generativelanguage.googleapis.com/v1beta/models/gemini-3:generateContent",
        {"toolConfig": {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["answer"]}}},
        {
            "candidates": [
                {"content": {"role": "model", "parts": [{"functionCall": {"name": "answer", "args": {}}}]}}
            ]
        },
    ),
}


@pytest.mark.parametrize(("url", "forced", "reply"), EXTRACTIONS.values(), ids=EXTRACTIONS)
def test_a_call_that_the_request_forces_is_structured_output_and_runs_nothing(url, forced, reply):
    def asks(choice):
        def agent(ctx, text):
            return httpx2.post(url, json={"model": "m", "messages": [], "contents": [], **choice}).text

        one = scenario(agent)
        return Rehearsal(one, cassette=recorded(one, [json_reply(reply)])).unwrapped_tools

    assert asks(forced) == ()
    assert asks({}) == ("answer",)


@pytest.fixture
def extractor(tmp_path):
    """An agent that has the model fill in a form, and files it; the recording; and the file."""
    url, forced, reply = EXTRACTIONS["openai_chat"]
    filed = tmp_path / "filed"

    def agent(ctx, text):
        form = httpx2.post(url, json={"model": "m", "messages": [], **forced}).text
        filed.write_text(form)
        return "filed"

    cassette = recorded(scenario(agent), [json_reply(reply)])
    filed.unlink()
    return agent, cassette, filed


def test_a_file_that_code_writes_with_structured_output_is_a_copy_wherever_it_stands(extractor):
    agent, cassette, filed = extractor
    rehearsal = Rehearsal(scenario(agent), cassette=cassette)
    rehearsal.prepare()

    assert not filed.exists()
    assert [(note.kind, note.detail) for note in rehearsal.clean.incidents] == [("copied", str(filed))]


def starting(command, **request):
    """An agent that starts a program once the model has said something."""

    def agent(ctx, text):
        httpx2.post(EXTRACTIONS["openai_chat"][0], json={"model": "m", "messages": [], **request})
        subprocess.run(command, check=True)
        return "done"

    return agent


@pytest.mark.parametrize("called", ["answer", "final_result"])
def test_a_program_that_code_starts_with_structured_output_is_refused_before_it_starts(tmp_path, called):
    _, forced, reply = EXTRACTIONS["openai_chat"]
    reply = json.loads(json.dumps(reply).replace('"answer"', f'"{called}"'))
    one = scenario(starting(["touch", tmp_path / "filed"], **(forced if called == "answer" else {})))
    cassette = recorded(one, [json_reply(reply)])
    (tmp_path / "filed").unlink()
    with pytest.raises(UsageError, match=f"started touch .*, after the model had filled in {called}"):
        Rehearsal(one, cassette=cassette).prepare()

    assert not (tmp_path / "filed").exists()


@pytest.mark.parametrize(
    "command", [["ldconfig"], ["sysctl", "-w", "kernel.hostname=mine"], ["sysctl", "-p"]]
)
def test_a_program_that_may_change_the_system_is_refused_however_it_is_called(command):
    _, forced, reply = EXTRACTIONS["openai_chat"]
    asked, ran = scenario(starting(["uname"], **forced)), scenario(starting(command, **forced))
    with pytest.raises(UsageError, match=f"started {' '.join(command)}, after the model"):
        Rehearsal(ran, cassette=recorded(asked, [json_reply(reply)])).prepare()


def test_a_library_may_ask_for_the_system_s_name_after_structured_output():
    _, forced, reply = EXTRACTIONS["openai_chat"]
    one = scenario(starting(["uname", "-p"], **forced))
    rehearsal = Rehearsal(one, cassette=recorded(one, [json_reply(reply)]))
    rehearsal.prepare()

    assert rehearsal.clean.answers[0].text == "done"


@pytest.mark.parametrize(("pure", "real"), [((), True), (("answer",), False)], ids=["for real", "pure"])
def test_code_acts_on_structured_output_where_that_is_allowed(extractor, pure, real):
    agent, cassette, filed = extractor
    rehearsal = Rehearsal(scenario(agent, pure_tools=pure), cassette=cassette, allow_real_tools=real)
    rehearsal.prepare()

    assert filed.exists() is real  # what may run is still held to a copy of its files
    assert any(note.startswith("structured output: answer") for note in rehearsal.notes)


@pytest.mark.parametrize(
    ("name", "unwrapped"),
    [("transfer_to_savings", ("transfer_to_savings",)), ("final_result", ()), ("final_result_Decision", ())],
)
def test_a_name_alone_makes_no_tool_that_moves_money_a_harmless_one(name, unwrapped):
    url, _, _ = EXTRACTIONS["anthropic_messages"]
    use = {"type": "tool_use", "id": "toolu_01", "name": name, "input": {"amount": 5}}
    one = scenario(lambda ctx, text: httpx2.post(url, json={"model": "m", "messages": []}).text)
    cassette = recorded(one, [json_reply(claude_message([use], "tool_use"))])

    assert Rehearsal(one, cassette=cassette).unwrapped_tools == unwrapped


def test_a_refused_host_is_an_error_although_the_agent_caught_it():
    def agent(ctx, text):
        answer = ask("Hello.")
        try:
            urllib.request.urlopen("http://weather.example.com/")
        except OSError:
            return answer
        return "the weather is fine"

    with pytest.raises(HarnessError, match=r"the agent tried to reach weather\.example\.com; "):
        rehearsal(agent, kept_by=HELLO).prepare()


def test_a_host_that_is_refused_only_under_a_fault_makes_the_example_an_error():
    def agent(ctx, text):
        try:
            return ask("Hello.", client=anthropic.Anthropic(max_retries=0))
        except anthropic.RateLimitError:
            try:
                httpx2.post("http://pager.example.com/")
            except OSError:
                return "nobody was told"
            return "somebody was told"

    outcome = rehearsal(agent, kept_by=HELLO).trial(LIMITED)

    assert outcome.trace.answers[0].text == "nobody was told"
    assert outcome.verdict is Verdict.HARNESS_ERROR
    assert outcome.reason == "refused a connection to pager.example.com"
    assert outcome.fingerprints == frozenset()


def in_a_thread(ctx, text):
    answers = []
    thread = threading.Thread(target=lambda: answers.append(ask("Hello.")))
    thread.start()
    thread.join()
    return answers[0]


def in_a_pool(ctx, text):
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(ask, "Hello.").result()


async def beside_the_loop(ctx, text):
    return await asyncio.to_thread(ask, "Hello.")


def in_a_thread_of_a_thread(ctx, text):
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(in_a_thread, ctx, text).result()


@pytest.mark.parametrize(
    "agent",
    [in_a_thread, in_a_pool, beside_the_loop, in_a_thread_of_a_thread],
    ids=lambda agent: agent.__name__,
)
def test_threads_that_a_run_starts_are_answered_from_its_recording(agent):
    subject = rehearsal(agent, kept_by=HELLO)
    outcome = subject.trial(LIMITED)

    assert subject.clean.answers[0].text == "Hi."
    assert outcome.verdict is Verdict.PASS
    assert [call.attempt for call in outcome.trace.calls] == [0, 1]


MODULE = """
from agent_chaos import BaselineScenario
from openai import OpenAI
from anthropic import Anthropic
from google import genai

client, gemini, claude = OpenAI(), genai.Client(), Anthropic()

def agent(ctx, text):
    asked = [{"role": "user", "content": text}]
    return claude.messages.create(model="claude-sonnet-5", max_tokens=64, messages=asked).content[0].text

test = BaselineScenario(name="test", agent=agent, turns=["Hello."])
"""


def module_without(keys, folder, monkeypatch):
    for name in key_variables():
        if keys is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, keys)
    monkeypatch.chdir(folder)
    (folder / "module.py").write_text(MODULE)
    shop.save(recorded(scenario(HELLO), KEPT), folder / "cassettes" / "test.msgpack")
    return agent_chaos.check_failure("module.py:test", Plan())


def test_clients_at_module_level_need_no_key_offline(tmp_path, monkeypatch):
    assert module_without(None, tmp_path, monkeypatch).trace.answers[0].text == "Hi."


def test_an_empty_key_variable_is_an_absent_one(tmp_path, monkeypatch):
    assert module_without("", tmp_path, monkeypatch).trace.answers[0].text == "Hi."


def refunding(refund):
    """An agent whose model asks for one refund."""

    def agent(ctx, text):
        client = anthropic.Anthropic()
        asked = [{"role": "user", "content": text}]
        reply = client.messages.create(model="claude-sonnet-5", max_tokens=9, messages=asked)
        call = reply.content[0]
        result = {"type": "tool_result", "tool_use_id": call.id, "content": refund(**call.input)}
        asked += [
            {"role": "assistant", "content": [call.model_dump()]},
            {"role": "user", "content": [result]},
        ]
        return client.messages.create(model="claude-sonnet-5", max_tokens=9, messages=asked).content[0].text

    return agent


def asks_for(name):
    call = {"type": "tool_use", "id": "toolu_01", "name": name, "input": {"order": "A-17"}}
    return [json_reply(claude_message([call], "tool_use")), claude_says("done")]


def refund(order):
    return f"refunded {order}"


def test_a_tool_that_lost_its_boundary_since_it_was_recorded_is_refused_before_the_first_example():
    cassette = recorded(scenario(refunding(agent_chaos.tool(refund))), asks_for("refund"))
    subject = Rehearsal(scenario(refunding(refund)), cassette=cassette)

    with pytest.raises(UsageError, match=r"refund was called past the tool boundary"):
        subject.prepare()


def test_a_pure_tool_is_missed_at_no_boundary_nor_is_an_agent_that_takes_over_as_one():
    cassette = recorded(scenario(refunding(agent_chaos.tool(refund))), asks_for("refund"))
    pure = replace(cassette, tools=tuple(replace(record, pure=True) for record in cassette.tools))
    rehearsal = Rehearsal(scenario(refunding(refund)), cassette=pure)
    rehearsal.prepare()

    assert rehearsal.clean.answers[0].text == "done"


def test_a_program_that_such_a_tool_would_start_is_refused_before_it_starts(tmp_path):
    def shell(order):
        subprocess.run(["touch", tmp_path / order], check=True)

    cassette = recorded(scenario(refunding(agent_chaos.tool(shell))), asks_for("shell"))
    (tmp_path / "A-17").unlink()
    with pytest.raises(
        UsageError, match=r"started touch .*A-17, as the model had asked shell to, past the tool boundary"
    ):
        Rehearsal(scenario(refunding(shell)), cassette=cassette).prepare()

    assert not (tmp_path / "A-17").exists()
    Rehearsal(scenario(refunding(agent_chaos.tool(shell))), cassette=cassette).prepare()


def test_a_tool_past_its_boundary_is_still_named_where_it_may_run():
    cassette = recorded(scenario(refunding(agent_chaos.tool(refund))), asks_for("refund"))
    subject = Rehearsal(scenario(refunding(refund)), cassette=cassette, allow_real_tools=True)
    subject.prepare()

    assert subject.tools_run_for_real == ("refund",)


def test_a_tool_that_the_model_knows_by_another_name_is_the_run_between_call_and_result():
    wrapped = scenario(refunding(agent_chaos.tool(refund)))
    subject = Rehearsal(wrapped, cassette=recorded(wrapped, asks_for("Shop-refund")))

    assert subject.unwrapped_tools == ()
    assert [run.name for run in subject.prepare().tools] == ["Shop-refund"]
    assert subject.tools_run_for_real == ()
