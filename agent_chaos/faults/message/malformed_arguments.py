"""The model writes tool arguments that are not what they should be."""

from __future__ import annotations

import json
import re
from typing import Annotated, Any, Literal, get_args

from annotated_types import Ge

from agent_chaos.faults.family import TOOL_ARGUMENTS, Frequency
from agent_chaos.faults.fault import Choice, MessageFault, Target
from agent_chaos.faults.parts.argument_text import inside
from agent_chaos.faults.parts.tool_call_parts import with_arguments
from agent_chaos.providers.turn import ModelTurn, ToolCall
from agent_chaos.stream.exchange import Reply

_Shape = Literal[
    "trailing_comma",
    "cut",
    "wrong_type",
    "empty",
    "null",
    "two_objects",
    "list",
    "string",
    "not_a_number",
    "single_quotes",
    "raw_newline",
    "bad_escape",
    "markdown",
    "doubled",
]

_WORDS = {
    "trailing_comma": "have a trailing comma",
    "cut": "are cut off",
    "wrong_type": "have values of the wrong type",
    "empty": "are empty",
    "null": "are null",
    "two_objects": "are two objects in a row",
    "list": "are a list that holds the object",
    "string": "are a string that holds the object",
    "not_a_number": "have NaN for a number",
    "single_quotes": "are quoted with '",
    "raw_newline": "have a line break inside a string",
    "bad_escape": "have half an escape in a string",
    "markdown": "stand in a Markdown fence",
    "doubled": "have one piece twice",
}
_FREQUENCIES = {
    # What a model does by itself, told by ten projects and more: no arguments where there are none to give,
    # a text that ends too soon, a number that is quoted.
    "cut": Frequency.EVERYDAY,
    "empty": Frequency.EVERYDAY,
    "wrong_type": Frequency.EVERYDAY,
    # Told by two or one: a gateway that repeats a piece, a model that sends a list.
    "doubled": Frequency.RARE,
    "list": Frequency.RARE,
    # Python's parser reads it and its `dumps` writes it; no report of a model that did was found.
    "not_a_number": Frequency.HOSTILE,
}
"""How often a shape is met; the others, `SOMETIMES`, are each told by three to five projects."""
_ANYWHERE = ("wrong_type", "empty")
"""Shapes that every wire can carry; where arguments are an object there, the others would become something else."""


class MalformedArguments(MessageFault, frozen=True):
    """A complete reply whose tool-call arguments are broken JSON, of the wrong type, or missing.

    Everyday are `cut`, `empty` and `wrong_type`; `list` and `doubled` are rare, `not_a_number` is hostile; the others are met
    sometimes.

    Source: langchain-ai/langchain#33504, langchain-ai/deepagents#4662, OpenHands/software-agent-sdk#2887,
    NousResearch/hermes-agent#62937; cut: cline/cline#13001, livekit/agents#4974; empty: simonw/llm#1164,
    openai/openai-agents-js#664, langchain-ai/langchain#34242; wrong type: simonw/llm#1027,
    open-webui/open-webui#25730, earendil-works/pi#783; null: NousResearch/hermes-agent#453; two objects:
    Tencent/WeKnora#1461, elizaOS/eliza#16973; string: huggingface/smolagents#1003, quarkiverse/quarkus-langchain4j#2642;
    escapes: mistralai/mistral-vibe#216, anthropics/claude-code#79339; line breaks: rhesis-ai/rhesis#2488,
    prism-php/prism#937; Markdown: langchain-ai/langchain#33012, agents-flex/agents-flex#64; list: HKUDS/nanobot#2858;
    a piece twice: diegosouzapw/OmniRoute#3762.
    """

    family = TOOL_ARGUMENTS
    frequency = Frequency.EVERYDAY
    changes = ("calls",)
    try_first = ("cut",)

    kind: Literal["malformed_arguments"] = "malformed_arguments"
    shape: _Shape
    call: Annotated[int, Ge(0)]

    @property
    def own_frequency(self) -> Frequency:
        return _FREQUENCIES.get(self.shape, Frequency.SOMETIMES)

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        if not target.reply.ok:
            return ()
        turn, shapes = target.protocol.parse(target.reply), get_args(_Shape)
        calls = range(len(turn.tool_calls))
        return tuple(
            {"call": call, "shape": shape}
            for call in calls
            for shape in shapes
            if _malformed(target, turn, call, shape) is not None
        )

    def apply(self, target: Target) -> Reply:
        turn = target.protocol.parse(target.reply) if target.reply.ok else ModelTurn()
        found = _malformed(target, turn, self.call, self.shape) if self.call < len(turn.tool_calls) else None
        return target.reply if found is None else found

    def describe(self) -> str:
        return f"the arguments of tool call {self.call} {_WORDS[self.shape]}"


def _malformed(target: Target, turn: ModelTurn, number: int, shape: _Shape) -> Reply | None:
    """The reply with the arguments of a call in a shape; None where the shape does not apply, or the wire cannot carry it."""
    index = [i for i, part in enumerate(turn.parts) if isinstance(part, ToolCall)][number]
    arguments = _broken(turn.tool_calls[number].arguments, shape)
    if arguments == turn.tool_calls[number].arguments:
        return None
    changed = with_arguments(target, turn, index, arguments)
    sent = target.protocol.parse(changed)
    # Where a wire carries arguments as an object, broken text cannot be sent: the protocol writes the
    # nearest object, which is another fault.
    carried = shape in _ANYWHERE or sent.tool_calls[number].arguments == arguments
    # Python reads and writes NaN inside an object as well, which no server does.
    if shape == "not_a_number":
        carried = _as_text(target, turn, number, index)
    return changed if carried and sent != turn else None


def _as_text(target: Target, turn: ModelTurn, number: int, index: int) -> bool:
    """Whether the wire carries arguments as a text, which need not be JSON."""
    broken = turn.tool_calls[number].arguments + "}"
    return (
        target.protocol.parse(with_arguments(target, turn, index, broken)).tool_calls[number].arguments
        == broken
    )


def _broken(arguments: str, shape: _Shape) -> str:
    """The argument text in one of the shapes; itself where the shape does not apply."""
    rewrite = _REWRITES.get(shape)
    if rewrite is None:
        return _fixed(arguments, shape)
    return re.sub(*rewrite, arguments, count=0 if shape == "single_quotes" else 1)


_REWRITES: dict[str, tuple[str, str]] = {
    # Not in `{}`: `{,}` is no trailing comma, and no model writes it.
    "trailing_comma": (r"(?<=.)(?<!\{)\}$", ",}"),
    "two_objects": (r"(?s)^(.*\})$", r"\1\1"),
    "list": (r"(?s)^(.*\})$", r"[\1]"),
    "not_a_number": (r"(?<=:)( ?)-?\d[\d.eE+-]*(?=[,}])", r"\1NaN"),
    # Quotes that are escaped stay: they belong to a value, which should still say the same to a parser that
    # takes single quotes.
    "single_quotes": (r'(?<!\\)"', "'"),
    "raw_newline": (r'(": ?"[^"\\])', "\\1\n"),
    "bad_escape": (r'(": ?"[^"\\])', r"\1\\u00"),
    "markdown": (r"(?s)^(.*\})$", "```json\n\\1\n```"),
}
"""Shapes that are a replacement: what is looked for, and what stands there instead."""


def _fixed(arguments: str, shape: _Shape) -> str:
    if shape in ("empty", "null"):
        return "" if shape == "empty" else "null"
    if shape == "string":
        return json.dumps(arguments, ensure_ascii=False)
    if shape == "cut":
        # Inside a number by preference: there a repaired text is valid, and says something else.
        places = inside(arguments).number or inside(arguments).string or [max(1, len(arguments) - 1)]
        return arguments[: places[len(places) // 2]]
    if shape == "doubled":
        # A piece of a stream that was delivered twice.
        first, second = len(arguments) // 3, 2 * len(arguments) // 3
        return arguments[:second] + arguments[first:]
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
