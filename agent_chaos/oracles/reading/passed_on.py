"""Requests that were never recorded, and differ from recorded ones only in what a fault left of earlier replies.

Whatever such a request says in place of what a reply had said (a mark, an apology, half of it), it is the agent's word for it, or
the model's own: other oracles judge that. What the model would answer to it nobody knows, and it is no matter of the agent.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from agent_chaos.oracles.reading.prompts import LONG_ENOUGH, told
from agent_chaos.oracles.reading.turns import prompt_of_call, recorded_text, served_turn
from agent_chaos.trace.fidelity import Fidelity
from agent_chaos.trace.trace import Call, Trace

_FREE_TEXT = (Fidelity.CONVERSATION, Fidelity.STAND_IN)


def passes_on(trace: Trace, clean: Trace, call: Call) -> bool:
    """Whether a request is one of the clean run's but for what stands in place of replies that faults struck, and was given
    a reply without tool calls; or asks once more, in more words, for a reply that a fault spoiled."""
    if call.fidelity is Fidelity.AGAIN:
        return True
    turn = served_turn(call)
    if call.fidelity not in _FREE_TEXT or (turn is not None and turn.tool_calls):
        return False
    struck = {recorded_text(one).strip() for one in trace.calls if one.fired and one.seq < call.seq}
    lost = [text for text in struck if len(text) >= LONG_ENOUGH]
    return bool(lost) and any(_frames(call, usual, lost) for usual in clean.calls if usual.turn == call.turn)


def _frames(call: Call, usual: Call, lost: list[str]) -> bool:
    """Whether all that a request tells is as usual, but for those texts, of which one at least stands there usually."""
    prompt, other = prompt_of_call(call), prompt_of_call(usual)
    if prompt is None or other is None or (prompt.tools, prompt.forced) != (other.tools, other.forced):
        return False
    now, before = told(call), told(usual)
    same_length = len(now) == len(before) and len(prompt.messages) == len(other.messages)
    return same_length and now != before and all(map(_fits, before, now, [lost] * len(now)))


def _fits(usual: str, text: str, lost: list[str]) -> bool:
    if text == usual:
        return True
    pattern = "(?s:.*)".join(map(re.escape, _without(usual, lost)))
    return any(one in usual for one in lost) and re.fullmatch(pattern, text) is not None


def _without(text: str, lost: list[str]) -> Iterator[str]:
    """What stands around the lost texts."""
    yield from re.split("|".join(re.escape(one) for one in sorted(lost, key=len, reverse=True)), text)
