"""Conversations that the real provider would refuse, in the turn that a fault struck and in the turns after it."""

import pytest

from agent_chaos.faults.plan import Plan
from agent_chaos.oracles.judge import judge
from agent_chaos.oracles.oracle import Budget, Evidence
from agent_chaos.oracles.verdict import Verdict
from agent_chaos.patch.tools import tool
from agent_chaos.scenario.model import Turn
from tests.oracles.desk import QUESTION, SAID, SPEAKERS, desk, fault, found, judged, refund, strict
from tests.spoken import spoken
from tests.standin.said import Said
from tests.trials import recorded, scenario, trial

PROTOCOLS = pytest.mark.parametrize("protocol", SPEAKERS)
RAISES = {"tool 0": fault("tool_raise")}
APOLOGY = {
    "anthropic_messages": lambda one: one.messages.__setitem__(-1, {"role": "user", "content": "It failed."}),
    "openai_chat": lambda one: one.messages.__setitem__(-1, {"role": "user", "content": "It failed."}),
    "gemini": lambda one: one.contents.__setitem__(-1, {"role": "user", "parts": [{"text": "It failed."}]}),
}


def forgetful(protocol, honest):
    """An agent that tells the model of a failed tool in a message of its own, or with a result as it should be."""

    def agent(ctx, text):
        conversation = SPEAKERS[protocol]([{"role": "user", "content": text}])
        for _ in range(4):
            heard = conversation.ask()
            if not heard.calls:
                return heard.text
            arguments = [strict(given) for *_, given in heard.calls]
            try:
                conversation.tell(heard, arguments, [tool(refund)(**given) for given in arguments])
            except RuntimeError:
                conversation.tell(heard, arguments, ["error: the tool failed" for _ in arguments])
                if not honest:
                    APOLOGY[protocol](conversation)
        return "no answer"

    return agent


@PROTOCOLS
def test_a_call_that_is_left_unanswered_is_found(protocol):
    outcome = judged(forgetful(protocol, honest=False), protocol, RAISES)
    (violation,) = outcome.violations

    assert found(outcome) == {"request_validity:tool call without a result"}
    assert "call 2 would be answered 400: " in violation.reason, "numbered on from the two that were recorded"


@PROTOCOLS
def test_a_failed_tool_with_an_error_result_is_not(protocol):
    assert not judged(forgetful(protocol, honest=True), protocol, RAISES).violations


def test_arguments_that_only_some_servers_refuse_are_a_warning():
    def guessing(arguments):
        return {"order": "A-17", "amount": 1500}

    class Echo(SPEAKERS["openai_chat"]):
        def tell(self, heard, arguments, results):
            super().tell(heard, arguments, results)
            for call, (*_, given) in zip(self.messages[-2]["tool_calls"], heard.calls, strict=True):
                call["function"]["arguments"] = given

    comma = {"call 0": fault("malformed_arguments", shape="trailing_comma", call=0)}
    outcome = judged(desk("openai_chat", refund, read=guessing, speak=Echo), "openai_chat", comma)
    (warning,) = [one for one in outcome.violations if one.oracle == "request_validity"]

    assert warning.severity == "warning"
    assert "vLLM" in warning.reason


SECOND = "And when does it arrive?"
ANSWERS = (*SAID, Said("It arrives on Monday."))


def two_turns(agent, protocol, faults):
    subject = scenario(agent, QUESTION)
    subject = subject.model_copy(update={"turns": [Turn(QUESTION), Turn(SECOND)]})
    cassette = recorded(subject, [spoken(protocol, one, i, stream=True) for i, one in enumerate(ANSWERS)])
    clean = trial(subject, cassette)
    trace = trial(subject, cassette, Plan.of(faults.items()))

    assert judge(Evidence(clean, clean, Budget(), {})).verdict is Verdict.PASS
    return judge(Evidence(trace, clean, Budget(), {}))


def remembering(protocol, cleans):
    """An agent that keeps one conversation, and answers its own failures; where it is careful, without their traces."""
    kept = {}

    def agent(ctx, text):
        if text == QUESTION:
            kept["it"] = SPEAKERS[protocol]([])
            kept["it"].messages.append({"role": "user", "content": text})
            getattr(kept["it"], "__post_init__", lambda: None)()
        conversation = kept["it"]
        if text != QUESTION:
            conversation.messages.append({"role": "user", "content": text})
        before = list(conversation.messages)
        try:
            while True:
                heard = conversation.ask()
                if not heard.calls:
                    conversation.messages.append({"role": "assistant", "content": heard.text})
                    return heard.text
                arguments = [strict(given) for *_, given in heard.calls]
                conversation.tell(heard, arguments, ["" for _ in arguments])
                for given in arguments:
                    result = tool(refund)(**given)
                answer = conversation.messages[-1]
                if protocol == "openai_chat":
                    answer["content"] = result
                else:
                    answer["content"][0]["content"] = result
        except Exception:
            if cleans:
                conversation.messages[:] = before[:-1]
            else:
                while (
                    conversation.messages[-1]["role"] in ("tool", "user") and len(conversation.messages) > 1
                ):
                    conversation.messages.pop()
            return "Sorry, something went wrong."

    return agent


STATEFUL = pytest.mark.parametrize("protocol", ["anthropic_messages", "openai_chat"])


@STATEFUL
def test_a_failed_turn_that_leaves_its_call_in_the_history_is_found(protocol):
    outcome = two_turns(remembering(protocol, cleans=False), protocol, RAISES)

    assert found(outcome) == {"history_poisoning:refused: tool call without a result"}


@STATEFUL
def test_a_failed_turn_that_is_taken_back_is_not(protocol):
    outcome = two_turns(remembering(protocol, cleans=True), protocol, RAISES)

    assert not [one for one in outcome.violations if one.oracle in ("history_poisoning", "request_validity")]


def test_partial_text_in_the_history_is_found():
    kept = []

    def agent(ctx, text):
        earlier = [] if text == QUESTION else kept
        conversation = SPEAKERS["openai_chat"]([*earlier, {"role": "user", "content": text}])
        heard = conversation.ask()
        kept[:] = [*conversation.messages, {"role": "assistant", "content": heard.text}]
        return f"{heard.text} [it may go on]"

    said = (Said("The ferry to Bergen leaves at nine from pier four."), Said("Every day but Sunday."))
    subject = scenario(agent, QUESTION).model_copy(update={"turns": [Turn(QUESTION), Turn(SECOND)]})
    cassette = recorded(subject, [spoken("openai_chat", one, i, stream=True) for i, one in enumerate(said)])
    clean = trial(subject, cassette)
    cut = Plan.of({"call 0": fault("truncate", boundary="mid_text", offset=0)}.items())
    outcome = judge(Evidence(trial(subject, cassette, cut), clean, Budget(), {}))

    assert "history_poisoning:partial text" in found(outcome)
