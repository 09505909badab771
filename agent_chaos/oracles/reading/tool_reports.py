"""What a run tells of a tool, to the model and to the user: shared by the oracles of failures that nobody hears of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from agent_chaos.oracles.reading.turns import prompt_of_call, satisfies, served_turn, strict_json
from agent_chaos.providers.turn import Message, Part, ToolCall, ToolResult
from agent_chaos.trace.trace import Answer, Call, ToolRun, Trace

_SUCCESS = frozenset(
    [
        "ok",
        "okay",
        "done",
        "success",
        "successful",
        "succeeded",
        "true",
        "complete",
        "completed",
        "listo",
        "hecho",
        "éxito",
        "fertig",
        "erledigt",
        "erfolgreich",
        "fait",
        "terminé",
        "réussi",
        "feito",
        "pronto",
        "sucesso",
        "fatto",
        "riuscito",
        "klaar",
        "gedaan",
        "gelukt",
        "готово",
        "успешно",
        "完了",
        "成功",
        "完成",
    ]
)
_HOLDERS = frozenset(
    ["status", "state", "result", "results", "output", "data", "value", "content", "response", "text"]
)
"""Names of fields that say nothing by themselves."""
_NO_VALUE = frozenset(["null", "none", "undefined"])
"""What stands for a missing value in a text."""
_FIGURE = re.compile(r"\d(?:[\d.,:/-]*\d)?")
_LETTER = re.compile(r"\w")
_ZEROS = re.compile(r"\.0+$")
_DIGITS_ENOUGH = 3
_TELLING_CHARACTERS = 6
"""A shorter value of a result may stand in a text by chance."""


def told_of(trace: Trace, run: ToolRun) -> tuple[Call, ToolResult] | None:
    """The first request that has a result for a tool run, with it; None where none has, or several might be meant."""
    ids = {asked.id or asked.name for asked in asking(trace, run)}
    for call in trace.calls:
        prompt = prompt_of_call(call) if call.seq > run.seq else None
        if prompt is not None:
            messages = prompt.messages
            mine = _results(messages, ids)
            # Providers that name no call ids (Gemini, Ollama) know a result by the tool's name alone, and a
            # long history has several of those.
            mine = mine if len(mine) < 2 else _results(tail(messages), ids)
            if mine:
                return (call, mine[0]) if len(mine) == 1 else None
    return None


def _results(messages: Sequence[Message], ids: set[str]) -> list[ToolResult]:
    found = (part for message in messages for part in message.parts if isinstance(part, ToolResult))
    return [part for part in found if {part.call_id, part.name} & ids]


def tail(messages: Sequence[Message]) -> Sequence[Message]:
    """The messages after the model's last."""
    said = [index for index, message in enumerate(messages) if message.role == "assistant"]
    return messages[said[-1] + 1 :] if said else messages


def tail_parts(call: Call) -> list[Part | ToolResult]:
    """What a request tells the model since its last message."""
    prompt = prompt_of_call(call)
    messages = prompt.messages if prompt else ()
    return [part for message in tail(messages) for part in message.parts]


def asking(trace: Trace, run: ToolRun) -> list[ToolCall]:
    """The tool calls of the nearest reply before a run that ask for it; none where no model did."""
    for call in reversed(trace.calls):
        turn = served_turn(call) if call.seq <= run.after and call.turn == run.turn else None
        mine = [asked for asked in turn.tool_calls if asks_for(asked, run)] if turn else []
        if mine:
            return mine
    return []


def asks_for(asked: ToolCall, run: ToolRun) -> bool:
    """Whether a tool call asks for what was run; parameters that it does not name may have their defaults."""
    return asked.name == run.name and satisfies(run.arguments, strict_json(asked.arguments))


def was_compensated(trace: Trace, run: ToolRun) -> bool:
    """Whether the same call went well at another time, or another one did that no model had asked for by itself: the agent's
    second attempt with other arguments, or with another tool."""
    good = [one for one in trace.tools if one.seq != run.seq and one.landed and not one.fired]
    return any(_same(one, run) or (one.seq > run.seq and _instead(trace, one, run)) for one in good)


def _same(one: ToolRun, run: ToolRun) -> bool:
    return one.name == run.name and bool(one.arguments == run.arguments)


def _instead(trace: Trace, one: ToolRun, run: ToolRun) -> bool:
    return one.after == run.after and not [call for call in asking(trace, one) if not asks_for(call, run)]


def is_empty(value: Any) -> bool:
    """Whether a value is empty: None, '', [] or {}."""
    return value is None or (isinstance(value, str | list | dict) and not value)


def says_nothing(value: Any, usual: Iterable[str] = ()) -> bool:
    """Whether what a model is told of a tool is empty, or only says that it went well.

    A field that none of the tool's usual results has says something by its name, in whatever language: `{"error": ""}` does.
    """
    return _is_blank(value, {name for one in usual for name in _names(strict_json(one))})


def _is_blank(value: Any, usual: set[str]) -> bool:
    if isinstance(value, str):
        read = strict_json(value)
        return _is_word_of_success(value) if isinstance(read, str) else _is_blank(read, usual)
    if isinstance(value, dict):
        # `{"status": "ok"}` says nothing, `{"refund_id": null}` does: that the field is there is the news.
        plain = usual | _HOLDERS | _SUCCESS
        return all(name.casefold() in plain and _is_blank(inner, usual) for name, inner in value.items())
    if isinstance(value, list):
        return all(_is_blank(inner, usual) for inner in value)
    return value is None or value is True


def _is_word_of_success(text: str) -> bool:
    """Whether a text has no word, or only one, which says that all went well or that there is nothing."""
    plain = text.strip(" \t\r\n.!").casefold()
    return not _LETTER.search(plain) or plain in _SUCCESS | _NO_VALUE


def _names(value: Any) -> Iterator[str]:
    """The fields of a JSON value, at any depth."""
    if isinstance(value, dict | list):
        yield from (name.casefold() for name in value if isinstance(value, dict))
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _names(inner)


def quotes(text: str, result: Any, arguments: Any) -> bool:
    """Whether a text holds a value of a tool's result that is none of its arguments."""
    given = {str(leaf) for leaf in _leaves(arguments)}
    # A result that repeats its arguments is quoted by everybody who repeats the question.
    values = {str(leaf) for leaf in _leaves(result)} - given
    return any(len(value) >= _TELLING_CHARACTERS and value in text for value in values)


def _leaves(value: Any) -> Iterator[str | float]:
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _leaves(inner)
    elif isinstance(value, str | int | float) and not isinstance(value, bool):
        yield value


def unsupported_figure(trace: Trace, run: ToolRun, result: Any, answer: Answer) -> str:
    """The first figure in an answer that a tool's usual result holds, and nothing that the agent or the model was told; or ''."""
    known = "\n".join(_known(trace, run, answer))
    # The least, since the order of a set differs from process to process.
    return min(_figures(answer.text) & _figures(str(result)) - _figures(known), default="")


def _known(trace: Trace, run: ToolRun, answer: Answer) -> Iterator[str]:
    """What users, prompts, tools, and the model before a tool ran, have said."""
    yield answer.input
    yield from (call.request.body.decode(errors="replace") for call in trace.calls)
    yield from (f"{other.arguments} {other.end.result if other is not run else ''}" for other in trace.tools)
    before = (served_turn(call) for call in trace.calls if call.seq < run.seq)
    yield from (turn.text for turn in before if turn is not None)


def _figures(text: str) -> set[str]:
    """Numbers, dates and times of three digits or more; 1,500.00 is 1500."""
    found = (_ZEROS.sub("", one.replace(",", "")) for one in _FIGURE.findall(text))
    return {one for one in found if sum(map(str.isdigit, one)) >= _DIGITS_ENOUGH}
