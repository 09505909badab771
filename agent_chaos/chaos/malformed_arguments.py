"""The model writes tool arguments that are not what they should be."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal, get_args

from annotated_types import Ge

from agent_chaos.chaos.argument_text import inside
from agent_chaos.chaos.fault import Choice, MessageFault, Target
from agent_chaos.chaos.tool_call_parts import call_choices, tool_call_at, with_arguments
from agent_chaos.providers.protocol import ModelTurn
from agent_chaos.stream.exchange import Reply

Shape = Literal["trailing_comma", "cut", "wrong_type", "empty", "null", "two_objects"]

_UNFINISHED = '{"'
_WORDS = {
    "trailing_comma": "have a trailing comma",
    "cut": "are cut off",
    "wrong_type": "have values of the wrong type",
    "empty": "are empty",
    "null": "are null",
    "two_objects": "are two objects in a row",
}
_AS_WRITTEN = ("cut", "trailing_comma", "null", "two_objects")
"""Shapes that not every wire can carry: where arguments are an object there, they are something else."""


class MalformedArguments(MessageFault, frozen=True):
    """A complete reply whose tool-call arguments are broken JSON, of the wrong type, or missing.

    Source: M1 to M5; langchain#33504, deepagents#4662, OpenHands/software-agent-sdk#2887, hermes-agent#62937.
    """

    family = "tool_arguments"

    kind: Literal["malformed_arguments"] = "malformed_arguments"
    shape: Shape
    call: Annotated[int, Ge(0)]

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        shapes = get_args(Shape)
        choices = ({**call, "shape": shape} for call in call_choices(target) for shape in shapes)
        return tuple(choice for choice in choices if cls(**choice).apply(target) is not target.reply)

    def apply(self, target: Target) -> Reply:
        found = tool_call_at(target, self.call)
        if found is None:
            return target.reply
        turn, index, call = found
        arguments = broken(call.arguments, self.shape)
        changed = with_arguments(target, turn, index, arguments)
        unchanged = target.protocol.parse(changed) == turn
        return target.reply if unchanged or not self._carried(target, turn, index) else changed

    def _carried(self, target: Target, turn: ModelTurn, index: int) -> bool:
        """Whether the wire can carry it: where arguments are JSON there, broken JSON cannot be sent."""
        if self.shape not in _AS_WRITTEN:
            return True
        text = "null" if self.shape == "null" else _UNFINISHED
        sent = target.protocol.parse(with_arguments(target, turn, index, text))
        return any(call.arguments == text for call in sent.tool_calls)

    def describe(self) -> str:
        return f"the arguments of tool call {self.call} {_WORDS[self.shape]}"


def broken(arguments: str, shape: Shape) -> str:
    """The argument text in one of the shapes; itself where the shape does not apply."""
    if shape in ("empty", "null"):
        return "" if shape == "empty" else "null"
    if shape == "two_objects":
        return arguments * 2 if arguments.endswith("}") else arguments
    if shape == "trailing_comma":
        return f"{arguments[:-1]},}}" if arguments.endswith("}") and len(arguments) > 2 else arguments
    if shape == "cut":
        places = inside(arguments).number or inside(arguments).string or [max(1, len(arguments) - 1)]
        return arguments[: places[len(places) // 2]]
    return _retyped(arguments)


def _retyped(arguments: str) -> str:
    try:
        value = json.loads(arguments)
    except ValueError:
        return arguments
    if not isinstance(value, dict) or not value:
        return arguments
    return json.dumps({key: _other_type(inner) for key, inner in value.items()}, ensure_ascii=False)


def _other_type(value: Any) -> Any:
    if isinstance(value, str):
        return {"value": value}
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else [value]
