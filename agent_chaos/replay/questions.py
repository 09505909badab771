"""What a request asks, apart from how its conversation came to it: the ladder's rungs between exact and guessed."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from agent_chaos.cassette.keys import masked
from agent_chaos.providers.registry import recognise
from agent_chaos.providers.turn import Message, ModelTurn, Part, Text, ToolCall, ToolResult
from agent_chaos.stream.exchange import Request

_PLAIN = {"type": "text"}
_CLOSED = '"]]]'
_OF_TOOLS = re.compile(r'\["(?:call|result)", "')
"""How a message that is shown says that a tool is called, or what one gave."""
_GEMINI_FORMATS = ("responseMimeType", "responseSchema", "responseJsonSchema")


@dataclass(frozen=True, slots=True)
class Question:
    """A request to a model.

    `form` is how the reply must look: streamed or whole, free or structured, a forced tool. `user` is the last thing the user
    said, `tail` that and all that followed, `step` how often the agent has gone on from there, `history` what was before.
    """

    protocol: str
    model: str
    system: str
    tools: tuple[str, ...]
    form: str
    structured: bool
    user: str
    step: int
    history: tuple[str, ...]
    tail: tuple[str, ...]
    previous: str

    def is_asked_by(self, other: Question) -> bool:
        """Whether another request asks the same: the last user message, the step after it, the tools, the form."""
        return (
            self.protocol == other.protocol
            and (self.user, self.step) == (other.user, other.step)
            and (self.tools, self.form) == (other.tools, other.form)
        )

    def is_asked_elsewhere_by(self, other: Question) -> bool:
        """Whether another request asks the same of another provider, streamed or not: with the same last words of the user,
        the same step after them and the same tools. Forms of an answer are spelled by each provider in its own way."""
        # A schema is spelled by each provider in its own way, and an id of stored state means nothing to
        # another provider: neither can be compared.
        free = not (self.structured or other.structured or self.previous or other.previous)
        same = (self.user, self.step, self.tools) == (other.user, other.step, other.tools)
        return free and same and self.protocol != other.protocol

    def is_asked_again_by(self, other: Question) -> bool:
        """Whether another request is this one and more: a longer last message, or behind it what had come of it, and a word
        of the user on that. Results of tools are a next step instead, unless they answer a call that had to be made.
        """
        same = (self.protocol, self.system, self.tools, self.form, self.previous)
        if same != (other.protocol, other.system, other.tools, other.form, other.previous):
            return False
        first, then = (*self.history, *self.tail), (*other.history, *other.tail)
        if not first or len(then) < len(first) or then[: len(first) - 1] != first[:-1] or then == first:
            return False
        # A message as it is shown ends in what closes its text.
        if not then[len(first) - 1].startswith(first[-1].removesuffix(_CLOSED)):
            return False
        return self.structured or not any(_OF_TOOLS.search(one) for one in then[len(first) :])

    def is_shortened_by(self, other: Question) -> bool:
        """Whether another request is this one after a fault took something of its history away."""
        same = (self.model, self.system, self.tail) == (other.model, other.system, other.tail)
        shorter = len(other.history) < len(self.history) and _within(other.history, self.history)
        forgotten = self.history == other.history and self.previous != other.previous
        return self.is_asked_by(other) and same and (shorter or forgotten)

    def can_be_answered_by(self, turn: ModelTurn, answered: Question) -> bool:
        """Whether a model could say this here, although it said it to another question."""
        if self.protocol != answered.protocol or self.form != answered.form:
            return False
        return {call.name for call in turn.tool_calls} <= set(self.tools)


def question_of(request: Request) -> Question | None:
    """What a request asks a model; None where it speaks no protocol."""
    protocol = recognise(request)
    if protocol is None:
        return None
    prompt = protocol.prompt(request)
    # Everything up to the user's last words is history, which trimming, summaries and faults change; what
    # follows is the step that is asked for.
    asked = [index for index, one in enumerate(prompt.messages) if _is_the_user_s(one)]
    last = asked[-1] if asked else 0
    shown = [_shown(one) for one in prompt.messages]
    structured = _structured(request.json)
    return Question(
        protocol=protocol.name,
        model=prompt.model,
        # Without dates and ids, which differ from run to run and ask nothing else.
        system=masked(prompt.system),
        # In order, since an agent may list its tools in another one from run to run.
        tools=tuple(sorted(tool.name for tool in prompt.tools)),
        form=json.dumps([prompt.stream, prompt.forced, structured], sort_keys=True),
        structured=bool(structured) or bool(prompt.forced),
        user=shown[last] if asked else "",
        step=_steps(prompt.messages[last + 1 :]),
        history=tuple(shown[:last]),
        tail=tuple(shown[last:]),
        previous=prompt.previous,
    )


def _is_the_user_s(message: Message) -> bool:
    """Whether the user speaks in a message; where tools' results come in the user's name, that is not the user."""
    # Anthropic and Gemini have no role for tools: their results stand in messages of the user.
    return message.role == "user" and any(not isinstance(part, ToolResult) for part in message.parts)


def _steps(messages: Sequence[Message]) -> int:
    """How often the agent has gone on: with results of tools, or from a reply that was not the end.

    The model's own messages are not counted, as SDKs divide what a model said in different ways.
    """
    with_results = sum(any(isinstance(part, ToolResult) for part in one.parts) for one in messages)
    return with_results + bool(messages and messages[-1].role == "assistant")


def _shown(message: Message) -> str:
    return masked(json.dumps([message.role, [_said(part) for part in message.parts]]))


def _said(part: Part | ToolResult) -> list[str]:
    """A part without ids, which differ from run to run."""
    if isinstance(part, Text):
        return ["text", part.text]
    if isinstance(part, ToolCall):
        return ["call", part.name, part.arguments]
    if isinstance(part, ToolResult):
        return ["result", part.content]
    return ["other", type(part).__name__]


def _within(shorter: Sequence[str], longer: Sequence[str]) -> bool:
    """Whether all of a sequence stands in another one, in the same order."""
    # One iterator for all of them: `in` goes on where the last one was found, which is what keeps the
    # order.
    rest = iter(longer)
    return all(one in rest for one in shorter)


def _structured(body: Any) -> dict[str, Any]:
    """What a request says of the form of its answer; empty where any text will do."""
    if not isinstance(body, dict):
        return {}
    settings = body.get("generationConfig")
    asked = {
        "response_format": body.get("response_format"),
        "text": _format_of(body.get("text")),
        "output_format": body.get("output_format"),
        "output_config": _format_of(body.get("output_config")),
        **({name: settings.get(name) for name in _GEMINI_FORMATS} if isinstance(settings, dict) else {}),
    }
    return {name: value for name, value in asked.items() if value not in (None, "text/plain", _PLAIN)}


def _format_of(settings: Any) -> Any:
    return settings.get("format") if isinstance(settings, dict) else None
