"""A tool returns something that is not what it says it returns."""

from __future__ import annotations

import json
from typing import Any, Literal, get_args

from agent_chaos.cassette.model import ToolEnd
from agent_chaos.faults.family import TOOL_RESULT, Frequency
from agent_chaos.faults.fault import Choice, ToolFault, ToolOutcome, ToolTarget

_Shape = Literal["cut", "html", "retyped", "half_character"]

_WORDS = {
    "cut": "the first half of its result",
    "html": "the HTML page of a proxy",
    "retyped": "its result in another type",
    "half_character": "text that ends in half a character",
}
_HTML = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>nginx</body>\r\n</html>\r\n"
_HALF = "\ud83d"
"""The first half of a pair that stands for one emoji: what is left where text was cut to a length in UTF-16."""


class ToolMalformed(ToolFault, frozen=True):
    """The tool returns the beginning of its result, a page, a value of another type, or text that no UTF-8 can hold.

    Source: RFC 8259 section 8.2 (unpaired surrogates); Anthropic's tool runner replaces such halves, a client that
    encodes them raises.
    """

    family = TOOL_RESULT
    frequency = Frequency.RARE
    try_first = ("cut",)

    kind: Literal["tool_malformed"] = "tool_malformed"
    shape: _Shape

    @classmethod
    def openings(cls, target: ToolTarget) -> tuple[Choice, ...]:
        shapes: tuple[_Shape, ...] = get_args(_Shape)
        return tuple(
            {"shape": shape} for shape in shapes if _broken(target.end.result, shape) != target.end.result
        )

    def apply(self, target: ToolTarget) -> ToolOutcome:
        return ToolOutcome(ToolEnd(_broken(target.end.result, self.shape)))

    def describe(self) -> str:
        return f"the tool returns {_WORDS[self.shape]}"


def _broken(result: Any, shape: _Shape) -> Any:
    """The result in one of the shapes; itself where the shape does not apply."""
    text = result if isinstance(result, str) else json.dumps(result, ensure_ascii=False, default=str)
    match shape:
        case "cut":
            return text[: len(text) // 2] if len(text) > 1 else result
        case "html":
            return _HTML
        case "retyped":
            return [result] if isinstance(result, str | dict) else text
        case "half_character":
            return f"{text}{_HALF}" if isinstance(result, str) else result
