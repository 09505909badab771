"""The player: which exchange answers, in which order, with which ids, and what a plan changes about it."""

import json
from dataclasses import replace

import pytest

from agent_chaos.cassette.keys import KEY_VERSION
from agent_chaos.cassette.model import Header
from agent_chaos.cassette.redaction.redactor import Redactor
from agent_chaos.cassette.storage.writer import CassetteWriter
from agent_chaos.faults.fault import target_of
from agent_chaos.faults.message.max_tokens import MaxTokensInText
from agent_chaos.faults.plan import Plan
from agent_chaos.faults.stream.keep_alive_noise import KeepAliveNoise
from agent_chaos.faults.transport.lost_connections import ResetBeforeHeaders
from agent_chaos.faults.transport.server_errors import ServerError
from agent_chaos.faults.transport.slow_replies import SlowFirstByte
from agent_chaos.faults.transport.truncate import Truncate
from agent_chaos.replay.keyed_requests import with_replaced
from agent_chaos.replay.match import ExchangeIndex
from agent_chaos.replay.player import Player
from agent_chaos.stream.exchange import Request, reply
from agent_chaos.trace.fidelity import Fidelity
from tests.cassette.made import asking
from tests.replay.asked import cassette_of, conversation, recognised, research, with_body
from tests.trials import claude_message, claude_says, json_reply

CUT = Truncate(boundary="mid_body", offset=0)


def player(*exchanges, plan=None):
    return Player(ExchangeIndex(cassette_of(*exchanges)), plan or Plan())


def serve(player, request):
    return player.serve(request, recognised(request))


def said(served):
    """The text a reply holds; its status where it holds none."""
    content = served.reply.json.get("content") if served.reply.json else None
    return content[0]["text"] if content else served.reply.status


def sites(served):
    return [str(one.site) for one in served]


HELLO = asking("Hello.")
AGAIN = conversation("Hello.", "And at 2026-11-23T09:00:00Z?")
RUNGS = {
    "exact": (AGAIN, Fidelity.EXACT, ""),
    "same but for ids": (
        conversation("Hello.", "And at 2027-01-01T00:00:00Z?"),
        Fidelity.NORMALISED,
        "messages[2].content: 'And at 2026-11-23T09:00:00Z?' ≠ 'And at 2027-01-01T00:00:00Z?'",
    ),
    "nearest in conversation": (
        conversation("Hello.", "And at noon?"),
        Fidelity.CONVERSATION,
        "messages[2].content: 'And at 2026-11-23T09:00:00Z?' ≠ 'And at noon?'",
    ),
    "not recorded": (
        asking("Something else.", tools=[{"name": "look", "input_schema": {"type": "object"}}]),
        Fidelity.MISS,
        "messages[0].content: 'Hello.' ≠ 'Something else.'",
    ),
}


@pytest.mark.parametrize(("request_", "rung", "difference"), RUNGS.values(), ids=RUNGS)
def test_each_rung_says_how_well_a_request_matched(request_, rung, difference):
    one = player((HELLO, claude_says("Hi.")), (AGAIN, claude_says("At nine.")))
    serve(one, HELLO)
    served = serve(one, request_)

    assert served.fidelity is rung
    assert served.fidelity.words in RUNGS
    assert served.difference == difference
    assert (served.reply is None) == (served.site is None) == (rung is Fidelity.MISS)
    if served.reply is not None:
        assert (said(served), str(served.site)) == ("At nine.", "call 1")


def test_a_better_rung_wins_over_one_that_comes_first():
    one = player((conversation("Hello.", "And then?"), claude_says("Other.")), (HELLO, claude_says("Hi.")))

    assert said(serve(one, HELLO)) == "Hi."


def test_equal_requests_are_answered_in_the_order_they_were_recorded():
    one = player((HELLO, claude_says("one")), (AGAIN, claude_says("x")), (HELLO, claude_says("two")))
    served = [serve(one, HELLO) for _ in range(4)]

    assert [said(each) for each in served] == ["one", "two", "two", "two"]
    assert sites(served) == ["call 0", "call 2", "call 2.1", "call 2.2"]
    assert {each.fidelity for each in served} == {Fidelity.EXACT}


def test_a_recorded_error_is_answered_once_and_never_chosen_again():
    error = json_reply({"type": "error", "error": {"type": "api_error", "message": "x"}}, status=500)
    one = player((HELLO, error), (HELLO, claude_says("Hi.")), (HELLO, error))

    assert [said(serve(one, HELLO)) for _ in range(4)] == [500, "Hi.", 500, "Hi."]


@pytest.mark.parametrize("fault", [ServerError(), ResetBeforeHeaders()], ids=lambda fault: fault.kind)
def test_an_injected_error_leaves_the_recording_to_the_retry(fault):
    one = player((HELLO, claude_says("one")), (HELLO, claude_says("two")), plan=Plan.of([("call 0", fault)]))
    first, retry, next_ = (serve(one, HELLO) for _ in range(3))

    assert first.fired == (fault,)
    assert not first.reply.ok
    assert (said(retry), retry.fired, str(retry.site)) == ("one", (), "call 0.1")
    assert (said(next_), str(next_.site)) == ("two", "call 1")


def test_a_reply_that_was_changed_but_came_to_its_end_is_consumed():
    plan = Plan.of([("call 0", SlowFirstByte(seconds=9))])
    one = player((HELLO, claude_says("one")), (HELLO, claude_says("two")), plan=plan)

    assert [said(serve(one, HELLO)) for _ in range(2)] == ["one", "two"]


def test_a_fault_waits_for_its_own_serving():
    plan = Plan.of([("call 0", ServerError()), ("call 0.2", SlowFirstByte(seconds=9))])
    one = player((HELLO, claude_says("Hi.")), plan=plan)
    served = [serve(one, HELLO) for _ in range(3)]

    assert [[fault.kind for fault in each.fired] for each in served] == [
        ["server_error"],
        [],
        ["slow_first_byte"],
    ]
    assert served[2].reply.duration == served[1].reply.duration + 9


def test_faults_of_one_site_are_applied_message_first_and_transport_last():
    both = [("call 0", SlowFirstByte(seconds=9)), ("call 0", MaxTokensInText(percent_lost=50))]
    one = player((HELLO, claude_says("A long answer that is lost in half.")), plan=Plan.of(both))
    served = serve(one, HELLO)

    assert [fault.level for fault in served.fired] == ["message", "transport"]
    assert len(said(served)) < len("A long answer that is lost in half.")
    assert served.reply.json["stop_reason"] == "max_tokens"
    assert served.recorded.json["stop_reason"] == "end_turn"


def test_a_fault_that_cannot_act_has_not_fired():
    plan = Plan.of([("call 0", KeepAliveNoise(every=1)), ("call 5", ServerError())])
    reply = claude_says("Not a stream.")
    served = serve(player((HELLO, reply), plan=plan), HELLO)

    assert served.fired == ()
    assert served.reply == reply


def test_a_second_serving_has_fresh_ids_that_lead_back_to_the_recording():
    first = claude_says("Hi.", id="msg_01XFDUDYJgAACzvnptvVoYEL")
    follow = with_body(HELLO, {**HELLO.json, "system": "after msg_01XFDUDYJgAACzvnptvVoYEL"})
    one = player((HELLO, first), (follow, claude_says("And?")), plan=Plan.of([("call 0", ServerError())]))
    serve(one, HELLO)
    fresh = serve(one, HELLO).reply.json["id"]
    echoed = with_body(HELLO, {**HELLO.json, "system": f"after {fresh}"})
    served = serve(one, echoed)

    assert fresh != "msg_01XFDUDYJgAACzvnptvVoYEL"
    assert len(fresh) == len("msg_01XFDUDYJgAACzvnptvVoYEL")
    assert (served.fidelity, str(served.site), said(served)) == (Fidelity.EXACT, "call 1", "And?")


def test_no_id_is_served_twice_in_a_run():
    one = player(
        (HELLO, claude_says("Hi.", id="msg_01XFDUDYJgAACzvnptvVoYEL")), plan=Plan.of([("call 0.1", CUT)])
    )
    bodies = [serve(one, HELLO).reply.body for _ in range(5)]
    ids = [body.split(b'"id": "')[1][:28] for body in bodies]

    assert len(set(ids)) == 5
    assert ids[0] == b"msg_01XFDUDYJgAACzvnptvVoYEL"


def test_two_runs_serve_the_same_bytes():
    def run():
        one = player(
            (HELLO, claude_says("Hi.")), plan=Plan.of([("call 0", CUT), ("call 0.1", ServerError())])
        )
        return [serve(one, HELLO).reply for _ in range(4)]

    assert run() == run()


def test_a_chain_of_responses_goes_on_from_a_fresh_id():
    kept = research("tides", "sources")
    one = Player(ExchangeIndex(kept), Plan.of([("call 0", ServerError())]))
    start, second = (exchange.request for exchange in kept.exchanges)
    serve(one, start)
    fresh = serve(one, start).reply.json["id"]
    served = serve(one, with_replaced(second, {second.json["previous_response_id"]: fresh}))

    assert fresh != second.json["previous_response_id"]
    assert (served.fidelity, str(served.site)) == (Fidelity.EXACT, "call 1")


def test_a_chain_of_responses_that_asks_something_else_stays_in_its_conversation():
    kept = research("tides", "sources", "the moon")
    one = Player(ExchangeIndex(kept), Plan())
    start, second, third = (exchange.request for exchange in kept.exchanges)
    serve(one, start)
    served = serve(one, with_body(second, {**second.json, "input": "whales"}))
    after = serve(one, third)

    assert (served.fidelity, str(served.site)) == (Fidelity.CONVERSATION, "call 1")
    assert served.difference == "input: 'sources' ≠ 'whales'"
    assert (after.fidelity, str(after.site)) == (Fidelity.EXACT, "call 2")


def test_a_chain_that_starts_from_an_unknown_response_is_not_recorded():
    kept = research("tides", "sources")
    stranger = with_body(
        kept.exchanges[1].request,
        {**kept.exchanges[1].request.json, "input": "x", "previous_response_id": "resp_unknown"},
    )
    served = serve(Player(ExchangeIndex(kept), Plan()), stranger)

    assert served.fidelity is Fidelity.MISS
    assert served.difference


def test_an_identical_request_outside_of_the_recording_gets_the_same_answer_again():
    one = player(
        (HELLO, claude_says("Hi.")),
        (AGAIN, claude_says("At nine.")),
        (conversation("Hello.", "x", "y"), claude_says("z")),
    )
    serve(one, HELLO)
    aside = conversation("Hello.", "And at noon?")
    served = [serve(one, aside) for _ in range(2)]

    assert sites(served) == ["call 1", "call 1.1"]
    assert [each.fidelity for each in served] == [Fidelity.CONVERSATION, Fidelity.CONVERSATION]


def test_a_conversation_that_goes_on_beyond_its_recording_gets_a_stand_in():
    one = player((HELLO, claude_says("Hi.")), (AGAIN, claude_says("At nine.")))
    serve(one, HELLO)
    serve(one, AGAIN)
    served = serve(one, conversation("Hello.", "And at 2026-11-23T09:00:00Z?", "And then?"))

    assert served.fidelity is Fidelity.STAND_IN
    assert served.difference == "messages: 3 items ≠ 5 items"


def test_a_credential_of_one_call_is_known_in_the_body_of_a_later_one(tmp_path):
    credential = "".join(["q7Zk", "2mVx", "9LpT", "4wRb"])
    first = Request("POST", "https://h.example/a", (("x-session", credential),), b"{}")
    later = Request("POST", "https://h.example/b", (), json.dumps({"said": f"it is {credential}"}).encode())
    header = Header(scenario="s", started_at=0.0, key_version=KEY_VERSION)
    writer = CassetteWriter(tmp_path / "c.msgpack", header, Redactor({}))
    for at, request in enumerate((first, later)):
        writer.exchange(request, reply(200, (), [b"{}"]), at=float(at), transport="httpx2")
    one = Player(ExchangeIndex(writer.finish(), Redactor({})), Plan())

    assert one.serve(first, "").fidelity is Fidelity.EXACT
    assert one.serve(later, "").fidelity is Fidelity.EXACT


CHAT = [conversation(*"abcde"[:n]) for n in range(1, 6)]
"""Five turns of a chat."""


def chat():
    return player(*((asked, claude_says(f"To {'abcde'[i]}.")) for i, asked in enumerate(CHAT)))


@pytest.mark.parametrize("forgotten", ["a", "b", "c", "ab", "abc"])
def test_after_a_turn_that_was_forgotten_the_next_gets_the_answer_to_its_own_question(forgotten):
    left = [one for one in "abcd" if one not in forgotten]
    served = serve(chat(), conversation(*left))

    assert (served.fidelity, said(served)) == (Fidelity.TURN, "To d.")


def test_a_question_after_a_garbled_answer_is_answered_as_the_same_question():
    history = CHAT[2].json["messages"]
    garbled = with_body(
        CHAT[2],
        {**CHAT[2].json, "messages": [history[0], {**history[1], "content": "I s\ufffd."}, *history[2:]]},
    )
    served = serve(chat(), garbled)

    assert (served.fidelity, said(served)) == (Fidelity.QUESTION, "To c.")


@pytest.mark.parametrize("how", ["no tools", "another form"])
def test_a_reply_that_the_model_could_not_give_here_is_never_given(how):
    look = [{"name": "look", "input_schema": {"type": "object"}}]
    called = json_reply(
        claude_message([{"type": "tool_use", "id": "toolu_1", "name": "look", "input": {}}], "tool_use")
    )
    one = player((HELLO, claude_says("Hi.")), (conversation("Hello.", "x", tools=look), called))
    serve(one, HELLO)
    form = {"output_format": {"type": "json_schema", "schema": {}}} if how == "another form" else {}
    served = serve(one, conversation("Hello.", "y", **form))

    assert served.fidelity in (Fidelity.STAND_IN, Fidelity.MISS)
    assert (served.fidelity is Fidelity.MISS) == (how == "another form")


EDITS = {
    "system": {"system": "Be brief!"},
    "model": {"model": "claude-opus-5"},
    "tools": {"tools": [{"name": "look", "input_schema": {"type": "object"}}]},
    "limit": {"max_tokens": 99},
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_an_edited_agent_gets_the_replies_in_their_order(edit):
    kept = cassette_of(*((asked, claude_says(f"{i}")) for i, asked in enumerate(CHAT[:3])))
    edited = [with_body(one, {**one.json, **edit}) for one in CHAT[:3]]
    one = Player(ExchangeIndex(kept, drifts=True), Plan())
    served = [serve(one, each) for each in edited]

    assert [said(each) for each in served] == ["0", "1", "2"]
    assert all(each.fidelity > Fidelity.NORMALISED and each.difference for each in served)

    rebased = Player(ExchangeIndex(kept).rebased(dict(enumerate(edited))), Plan())
    assert [serve(rebased, each).fidelity for each in edited] == [Fidelity.EXACT] * 3


def test_reworded_questions_are_edits_too():
    kept = cassette_of(*((asking(text), claude_says(text)) for text in ("Oslo today?", "Lima tomorrow?")))
    one = Player(ExchangeIndex(kept, drifts=True), Plan())
    served = [serve(one, asking(text)) for text in ("And Lima tomorrow?", "And Oslo today?")]

    assert [said(each) for each in served] == ["Lima tomorrow?", "Oslo today?"]
    assert {each.fidelity for each in served} == {Fidelity.DRIFT}


def test_a_count_of_tokens_is_near_enough_for_a_text_that_was_not_counted():
    def counting(text):
        asked = asking(text)
        return replace(asked, url=f"{asked.url}/count_tokens")

    index = ExchangeIndex(cassette_of((counting("Hello."), json_reply({"input_tokens": 9}))))
    served = Player(index, Plan()).serve(counting("Hello, and more."), "")

    assert (served.fidelity, served.reply.json) == (Fidelity.QUESTION, {"input_tokens": 9})


class CopiedReply(SlowFirstByte, frozen=True):
    """Gives back an equal reply that is another object."""

    def apply(self, target):
        return replace(target.reply)


def test_a_fault_that_gives_back_an_equal_reply_has_not_fired():
    copied = CopiedReply(seconds=5)
    served = serve(
        Player(
            ExchangeIndex(
                cassette_of((HELLO, claude_says("Hi."))),
            ),
            Plan(),
            lambda *_: (copied,),
        ),
        HELLO,
    )

    assert copied.apply(target_of(CopiedReply, HELLO, served.reply, None)) is not served.reply
    assert served.fired == ()
