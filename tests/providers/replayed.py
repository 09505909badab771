"""What an agent on a provider's real SDK answers from one recorded reply, with faults and without."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from agent_chaos.faults.plan import Plan, fault_of
from tests.faults.catalogued import SAID
from tests.spoken import spoken
from tests.trials import recorded, scenario, trial


def answer(
    agent: Callable[..., Any], protocol: str, said: str, *, stream: bool, plan: Plan | None = None
) -> str:
    """The agent's answer, offline, where the model says one of the things that all protocols can say."""
    subject = scenario(agent)
    cassette = recorded(subject, [spoken(protocol, SAID[said], stream=stream)])
    (given,) = trial(subject, cassette, plan).answers
    return given.text


def assert_cut_by_a_limit(agent: Callable[..., Any], protocol: str, *, stream: bool) -> None:
    """Half a text, and the reason, is what the client reads; the agent answers with `text|calls|reason`."""
    plan = Plan.of([("call 0", fault_of({"kind": "max_tokens_in_text", "percent_lost": 50}))])
    text, _, stop = answer(agent, protocol, "text", stream=stream, plan=plan).split("|")

    assert stop == "length"
    assert 0 < len(text) < len(SAID["text"].text)
    assert SAID["text"].text.startswith(text)
