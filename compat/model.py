"""What the model of every desk says."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from tests.standin.said import Asked, Called, Said

_OFFERED = re.compile(r'"name": "([^"]+)"')
_TAKEN = re.compile(r"## tool_name_(\d+) ##")
_ANSWER = "Your refund of $1,500 for order A-17 is on its way."
_STEPS: Mapping[str, Mapping[str, Any]] = {
    "lookup_order": {"order_id": "A-17"},
    "refund": {"order_id": "A-17", "amount": 1500},
    "final_answer": {"answer": _ANSWER},
}


class Desk:
    """Looks the order up, refunds it and says so, by whatever names the framework gave the tools.

    It remembers the last conversation, for requests that go on from state on the provider's server.
    """

    def __init__(self) -> None:
        self._steps: list[Called] = []
        self._taken = 0

    def __call__(self, asked: Asked) -> Said:
        """What the model says."""
        if "## completed ##" in asked.text:
            return _in_fields(asked.text)
        thread = asked.body.get("thread") or {}
        continues = "previous_message_id" in thread or "previous_response_id" in asked.body
        if not continues:
            self._steps, self._taken = _steps(asked), asked.turns
        if self._taken >= len(self._steps):
            return Said(_ANSWER)
        self._taken += 1
        return Said("", (self._steps[self._taken - 1],))


def _steps(asked: Asked) -> list[Called]:
    offered = _OFFERED.findall(json.dumps(asked.body.get("tools", [])))
    named = {word: next((one for one in offered if word in one.lower()), "") for word in _STEPS}
    return [Called.of(named[word], dict(given)) for word, given in _STEPS.items() if named[word]]


def _in_fields(text: str) -> Said:
    """The same as DSPy asks for it: in fields of the text, where a field names the tool."""
    if "## next_tool_name ##" not in text:
        return Said(_fields(reasoning="Both tools were run.", answer=_ANSWER))
    tools = [("lookup_order", _STEPS["lookup_order"]), ("refund", _STEPS["refund"]), ("finish", {})]
    name, given = tools[len(set(_TAKEN.findall(text)))]
    return Said(_fields(next_thought="Next.", next_tool_name=name, next_tool_args=json.dumps(given)))


def _fields(**values: str) -> str:
    told = [f"[[ ## {name} ## ]]\n{value}\n\n" for name, value in values.items()]
    return "".join([*told, "[[ ## completed ## ]]"])
