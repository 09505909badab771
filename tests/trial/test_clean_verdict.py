"""A run without faults is judged, too: what a rule allows is measured against the recording, not against the run itself."""

from dataclasses import dataclass

import pytest

from agent_chaos.oracles.verdict import Verdict
from agent_chaos.run.run import run_rehearsed
from agent_chaos.scenario.assertions import MaxLLMCalls
from agent_chaos.search.search import find_failures
from agent_chaos.trial.rehearsal import Rehearsal
from tests.oracles.desk import QUESTION, SAID, Chat, Claude, desk, strict
from tests.spoken import spoken
from tests.trials import recorded, scenario

PROTOCOLS = {"openai_chat": Chat, "anthropic_messages": Claude}


@dataclass
class ForgetsResults(Chat):
    """Keeps what the model asked for, and drops what its tools gave."""

    def tell(self, heard, arguments, results):
        super().tell(heard, arguments, results)
        del self.messages[-len(results) :]


@dataclass
class ForgetsAnswers(Claude):
    """Sends what the user said instead of what the tools gave."""

    def tell(self, heard, arguments, results):
        super().tell(heard, arguments, results)
        self.messages[-1] = {"role": "user", "content": "Well?"}


FORGETFUL = {"openai_chat": ForgetsResults, "anthropic_messages": ForgetsAnswers}


def rehearsal(protocol, speaks=None, **fields):
    """The agent, on a recording that the sound one made."""
    said = [spoken(protocol, one, i, stream=True) for i, one in enumerate(SAID)]
    cassette = recorded(scenario(desk(protocol, read=strict), QUESTION), said)
    agent = desk(protocol, read=strict, speak=speaks)
    return Rehearsal(scenario(agent, QUESTION, **fields), cassette=cassette, allow_real_tools=True)


@pytest.mark.parametrize("protocol", FORGETFUL)
def test_a_history_that_the_provider_would_refuse_fails_in_every_command(protocol):
    subject = rehearsal(protocol, FORGETFUL[protocol])
    campaign = find_failures(subject, max_examples=3)
    refused = [one.failure for one in campaign.findings if one.failure.violation.oracle == "request_validity"]

    assert subject.clean_outcome.verdict is Verdict.FAIL
    assert subject.clean_outcome.rule == "request_validity"
    assert run_rehearsed(subject).report.rule == "request_validity"
    assert refused[0].plan.faults == (), "no fault is to blame"


@pytest.mark.parametrize("protocol", FORGETFUL)
def test_the_sound_twin_passes(protocol):
    subject = rehearsal(protocol)

    assert subject.clean_outcome.verdict is Verdict.PASS
    assert not subject.changes


def test_what_the_recording_itself_breaks_is_the_provider_s_custom():
    said = [spoken("openai_chat", one, i, stream=True) for i, one in enumerate(SAID)]
    subject = scenario(desk("openai_chat", read=strict, speak=ForgetsResults), QUESTION)
    accepted = Rehearsal(subject, cassette=recorded(subject, said), allow_real_tools=True)

    assert accepted.clean_outcome.verdict is Verdict.PASS


@pytest.mark.parametrize(("most", "verdict"), [(2, Verdict.PASS), (1, Verdict.FAIL)])
def test_assertions_are_part_of_the_one_verdict(most, verdict):
    subject = rehearsal("openai_chat", assertions=[MaxLLMCalls(most)])
    campaign = find_failures(subject, max_examples=2)
    report = run_rehearsed(subject).report

    assert (report.verdict, subject.clean_outcome.verdict) == (verdict, verdict)
    found = {one.failure.fingerprint for one in campaign.findings}
    assert ("assertion:max_llm_calls" in found) == (verdict is Verdict.FAIL)
