"""Recorded agent loops, sent again through the real SDKs: what matches, how well, and that a search of each is sound."""

from __future__ import annotations

from collections import Counter

import pytest

from agent_chaos.core.fidelity import Fidelity
from agent_chaos.patch.install import install_offline
from agent_chaos.scenario.model import BaselineScenario
from agent_chaos.scenario.rehearsal import Rehearsal
from agent_chaos.search.search import fuzz
from tests.providers.traffic import conversations
from tests.redrive import CALLS, Loop
from tests.trials import trial

LOOPS = [Loop(*one) for one in conversations()]
pytestmark = pytest.mark.skipif(not LOOPS, reason="the folder of recorded traffic is absent")

SDK_REJECTS = {
    "tmc-langchaingo__TestGoogleAIToolCallResponse": "enums sent as numbers, which google-genai refuses to read",
    "pydantic-logfire__test_google_genai-test_instrument_google_genai_no_content": "inline data that google-genai re-reads",
}
"""Recordings whose first request the SDK of today does not send as it was recorded."""

SENT_AGAIN = {
    "anthropic.messages": {"EXACT": 58},
    "openai.chat": {"EXACT": 65},
    "openai.responses": {"EXACT": 77},
    "gemini.generate": {"EXACT": 33, "NORMALISED": 14, "LANE": 7},
}
"""How recorded bodies match that are sent again as they are. google-genai reads and rewrites what it sends."""

REDRIVEN = [loop for loop in LOOPS if loop.id not in SDK_REJECTS]


def named(loop: Loop) -> str:
    return loop.id


def sent_again(loop: Loop) -> Counter[str]:
    """The rungs of a loop's recorded bodies, each sent through the SDK."""

    def agent(ctx, text):
        for request, _ in loop.exchanges:
            try:
                CALLS[loop.api](request, dict(request.json))
            except Exception:
                continue
        return "sent"

    scenario = BaselineScenario(name="again", agent=agent, turns=("go",), hosts=loop.scenario.hosts)
    install_offline()
    return Counter(call.fidelity.name for call in trial(scenario, loop.cassette, max_requests=10_000).calls)


@pytest.mark.parametrize("api", SENT_AGAIN)
def test_recorded_bodies_sent_again_match(api):
    found = sum((sent_again(loop) for loop in REDRIVEN if loop.api == api), Counter())

    assert dict(found) == SENT_AGAIN[api]


@pytest.mark.parametrize("loop", REDRIVEN, ids=named)
def test_a_conversation_driven_from_its_replies_misses_nothing_and_can_be_searched(loop):
    rehearsal = Rehearsal(loop.scenario, cassette=loop.cassette, allow_real_tools=True)
    clean = rehearsal.prepare()
    campaign = fuzz(rehearsal, max_examples=5, max_shrink_runs=5)

    assert clean.calls
    assert Fidelity.MISS not in {call.fidelity for call in clean.calls}
    assert (campaign.figures.examples, campaign.figures.errors) == (5, 0), campaign.first_error
