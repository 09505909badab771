"""A run as a conversation: each turn from what the user says to how it ends, with its calls counted."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import anthropic

from agent_chaos.cassette.model import ToolEnd
from agent_chaos.trace.trace import ToolRun
from agent_chaos.trial.timeline import conversation_timeline
from tests.trials import claude_says, nothing_recorded, recorded, scenario, trial


def asks(ctx: Any, text: str) -> str:
    """Asks once for each word."""
    client, said = anthropic.Anthropic(), []
    for word in text.split():
        asked = [{"role": "user", "content": word}]
        message = client.messages.create(model="claude-sonnet-5", max_tokens=9, messages=asked)
        said.append(message.content[0].text)
    if "fail" in text:
        raise ValueError("no such thing")
    return " ".join(said)


def test_a_turn_is_told_from_what_the_user_says_to_how_it_ends_and_counts_its_own_calls() -> None:
    subject = scenario(asks, "one", "two more fail")
    cassette = recorded(subject, [claude_says(f"Answer {number}.", at=0.5) for number in range(4)])
    told = conversation_timeline(trial(subject, cassette), [], "Be kind.")
    ends = [one for one in told if one["type"] == "turn_end"]

    assert [(one["turn_number"], one["type"]) for one in told] == [
        (0, "system"),
        *[(0, kind) for kind in ("turn_start", "user", "assistant", "turn_end")],
        *[(1, kind) for kind in ("turn_start", "user", "turn_end")],
    ]
    assert [one["llm_calls"] for one in ends] == [1, 3]
    assert [one["duration_s"] for one in ends] == [0.5, 1.5]
    assert [one["error"] for one in ends] == [None, "ValueError: no such thing"]
    assert [one["success"] for one in ends] == [True, False]


def test_a_tool_that_raised_is_told_with_its_error_and_one_that_returned_with_its_result() -> None:
    subject = scenario(lambda ctx, text: "done")
    ended = trial(subject, nothing_recorded())
    (answer,) = ended.answers
    runs = (
        ToolRun(0, 0, 0.0, None, "look", {}, ToolEnd("21 °C")),
        ToolRun(1, 0, 0.0, None, "look", {}, ToolEnd(error_type="ValueError", error="no such city")),
    )
    told = conversation_timeline(replace(ended, entries=(*runs, replace(answer, seq=2))), [], "")
    results = [one for one in told if one["type"] == "tool_result"]

    assert [(one["success"], one["result"]) for one in results] == [(True, "21 °C"), (False, None)]
    assert results[0]["error"] is None
    assert "no such city" in results[1]["error"]
