"""What the model of every desk says."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from tests.standin.said import Asked, Called, Said

_OFFERED = re.compile(r'"name": "([^"]+)"')
_ANSWER = "Your refund of $1,500 for order A-17 is on its way."
_STEPS: Mapping[str, Mapping[str, Any]] = {
    "lookup_order": {"order_id": "A-17"},
    "refund": {"order_id": "A-17", "amount": 1500},
    "final_answer": {"answer": _ANSWER},
}


def desk(asked: Asked) -> Said:
    """Looks the order up, refunds it and says so, by whatever names the framework gave the tools."""
    offered = _OFFERED.findall(json.dumps(asked.body.get("tools", [])))
    named = {word: next((one for one in offered if word in one.lower()), "") for word in _STEPS}
    steps = [Called.of(named[word], dict(given)) for word, given in _STEPS.items() if named[word]]
    if asked.turns < len(steps):
        return Said("", (steps[asked.turns],))
    return Said(_ANSWER)
