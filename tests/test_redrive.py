"""Recorded agent loops, sent again through the real SDKs: what matches, how well, and that a search of each is sound."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pytest

from agent_chaos.errors import HarnessError
from agent_chaos.oracles.oracle import Evidence, Gravity, Oracle, Severity, Undecided, Violation
from agent_chaos.oracles.registry import all_oracles
from agent_chaos.patch.install import install_offline
from agent_chaos.scenario.model import BaselineScenario
from agent_chaos.search.search import find_failures
from agent_chaos.trace.fidelity import Fidelity
from agent_chaos.trace.trace import Trace
from agent_chaos.trial.rehearsal import Rehearsal
from tests.providers.traffic import conversations
from tests.redrive import CALLS, Loop
from tests.trials import trial

LOOPS = [Loop(*one) for one in conversations()]
pytestmark = [
    pytest.mark.skipif(not LOOPS, reason="the folder of recorded traffic is absent"),
    pytest.mark.filterwarnings("ignore:The model:DeprecationWarning"),
]

SDK_REJECTS = {"tmc-langchaingo__TestGoogleAIToolCallResponse": "'int' object has no attribute 'upper'"}
"""Recordings whose first request the SDK of today does not send at all, and what it shows."""
SDK_DRIFTS = {
    "pydantic-logfire__test_google_genai-test_instrument_google_genai_no_content": "inlineData.mimeType"
}
"""Recordings whose first request the SDK of today sends without its content, and where it differs."""

SDK_REWRITES = {
    "charmbracelet-fantasy__TestGoogleCommon-gemini-2.5-flash-multi_tool": {1: "thoughtSignature"},
    "charmbracelet-fantasy__TestGoogleCommon-gemini-2.5-flash-multi_tool_streaming": {1: "thoughtSignature"},
    "google-adk-go__TestDelegation_11_ChatToSingleTurnChainedTools": {
        **dict.fromkeys((1, 2, 3), "parametersJsonSchema"),
        4: "thoughtSignature",
    },
    "google-adk-go__TestParallelFunctionCalls_test_parallel_function_calls_gemini-2.5-flash": dict.fromkeys(
        range(4), "parametersJsonSchema"
    ),
    "posit-dev-chatlas__test_provider_google-test_google_mixed_tools_end_to_end": dict.fromkeys(
        range(7), "temperature"
    ),
    "posit-dev-chatlas__test_provider_google-test_tools_simple": dict.fromkeys(range(4), "temperature"),
}
"""Calls whose body google-genai sends in another spelling (another base64 alphabet, snake case, 0.0 for 0), by loop, and
where it differs first; as it was recorded by another SDK. All other bodies match exactly."""

RUNGS = {
    "anthropic.messages": {"exact": 36, "same but for ids": 2, "same question, other history": 20},
    "openai.chat": {"exact": 35, "same but for ids": 23, "same question, other history": 7},
    "openai.responses": {"exact": 63, "same question, other history": 14},
    "gemini.generate": {"exact": 31, "same but for ids": 3, "same question, other history": 20},
}
"""How the calls of conversations match that one generic agent drives from the replies. It echoes the model's turns as the
SDK gives them; the frameworks that were recorded leave parts of them out, or make up ids of their own."""

REDRIVEN = [loop for loop in LOOPS if loop.id not in SDK_REJECTS | SDK_DRIFTS]
each_api = pytest.mark.parametrize("api", RUNGS)


@dataclass(frozen=True)
class Unheard:
    """An oracle that judges as ever and is not listened to: nothing is made small, which takes most of a search."""

    oracle: Oracle

    @property
    def name(self) -> str:
        return self.oracle.name

    @property
    def needs(self) -> Fidelity:
        return self.oracle.needs

    @property
    def gravity(self) -> Gravity:
        return self.oracle.gravity

    @property
    def severity(self) -> Severity:
        return self.oracle.severity

    def judge(self, evidence: Evidence) -> Iterable[Violation | Undecided]:
        list(self.oracle.judge(evidence))
        return ()


def rehearsal(loop: Loop, **options: Any) -> Rehearsal:
    return Rehearsal(loop.scenario, cassette=loop.cassette, allow_real_tools=True, **options)


_PREPARED: dict[str, Rehearsal] = {}


def prepared(loop: Loop) -> Rehearsal:
    """The rehearsal of a loop, whose runs without faults are the same for every test."""
    if loop.id not in _PREPARED:
        judges = {name: Unheard(oracle) for name, oracle in all_oracles().items()}
        _PREPARED[loop.id] = rehearsal(loop, judges=judges)
        _PREPARED[loop.id].prepare()
    return _PREPARED[loop.id]


def sent_again(loop: Loop) -> Trace:
    """A run that sends every recorded body of a loop through the SDK."""

    def agent(ctx: Any, text: str) -> str:
        for request, _ in loop.exchanges:
            CALLS[loop.api](request, dict(request.json))
        return "sent"

    scenario = BaselineScenario(name="again", agent=agent, turns=("go",), hosts=loop.scenario.hosts)
    install_offline()
    return trial(scenario, loop.cassette, max_requests=10_000)


def named(loop: Loop) -> str:
    return loop.id


@pytest.mark.parametrize("loop", REDRIVEN, ids=named)
def test_recorded_bodies_sent_again_match_exactly(loop):
    trace = sent_again(loop)
    rewritten = {call.call: call.difference for call in trace.calls if call.fidelity is not Fidelity.EXACT}
    expected = SDK_REWRITES.get(loop.id, {})

    assert not trace.raised
    assert [call.site.index for call in trace.calls if call.site] == [*range(len(loop.exchanges))]
    assert rewritten.keys() == expected.keys()
    for number, place in expected.items():
        assert place in rewritten[number]


@pytest.mark.parametrize("loop", [loop for loop in LOOPS if loop.id in SDK_REJECTS], ids=named)
def test_what_the_sdk_rejects_is_told_and_not_searched(loop):
    with pytest.raises(HarnessError, match=SDK_REJECTS[loop.id]):
        rehearsal(loop).prepare()


@pytest.mark.parametrize("loop", [loop for loop in LOOPS if loop.id in SDK_DRIFTS], ids=named)
def test_what_the_sdk_sends_otherwise_is_replayed_and_told(loop):
    subject = rehearsal(loop)
    trace = subject.prepare()

    assert len(trace.calls) == len(loop.exchanges)
    assert SDK_DRIFTS[loop.id] in " ".join(subject.notes)


@each_api
def test_conversations_driven_from_their_replies_go_to_the_end_and_miss_nothing(api):
    loops = [loop for loop in REDRIVEN if loop.api == api]
    clean = {loop.id: prepared(loop).clean for loop in loops}
    rungs = Counter(call.fidelity.words for trace in clean.values() for call in trace.calls)

    assert rungs == RUNGS[api]
    assert {id: len(trace.calls) for id, trace in clean.items()} == {
        loop.id: len(loop.exchanges) for loop in loops
    }


@pytest.mark.parametrize("loop", REDRIVEN, ids=named)
def test_a_search_of_a_recorded_loop_meets_no_error_of_its_own(loop):
    campaign = find_failures(prepared(loop), max_examples=5)

    assert (campaign.figures.examples, campaign.figures.errors) == (5, 0), campaign.first_error
    assert campaign.figures.fired
