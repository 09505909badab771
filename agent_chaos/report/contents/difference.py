"""What a fault changed: the recorded reply or result beside the one of this run, down to the first byte that differs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict

from agent_chaos.providers.json_values import loaded, value_at
from agent_chaos.providers.turn import ModelTurn, Opaque, Part, ToolCall
from agent_chaos.report.contents.wire_words import model_turn, tool_named, tool_result_text, transfer
from agent_chaos.report.printable import bytes_as_text, call_text, one_line, printable
from agent_chaos.stream.exchange import Reply
from agent_chaos.trace.trace import Call, ToolRun, Trace

_NOTHING = "(nothing)"
_EMPTY = "(empty)"
# Of headers that differ, only those that a client acts on: a proxy's reply has none of a provider's, and others of its own.
_ACTED_ON = frozenset(
    {
        "connection",
        "content-encoding",
        "content-type",
        "location",
        "retry-after",
        "retry-after-ms",
        "transfer-encoding",
        "www-authenticate",
        "x-should-retry",
    }
)
# Characters that are shown before the first difference, and in all.
_LEAD = 24
_WINDOW = 160


class Pair(BaseModel):
    """One aspect of two things, in words; `same` is how many leading characters agree.

    `recorded` is None where the recording has nothing that it could be compared with.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    label: str
    recorded: str | None
    as_run: str
    same: int = 0


def pair(label: str, recorded: str, as_run: str) -> Pair:
    """The two texts, made printable and cut around the first character in which they differ; one without a character says so."""
    left, right = printable(recorded) or _EMPTY, printable(as_run) or _EMPTY
    same = agreeing(left, right)
    # Some characters before the first difference, or nobody could tell where in the text it is.
    start = max(0, same - _LEAD) if max(len(left), len(right)) > _WINDOW else 0
    dots = "…" if start else ""
    return Pair(
        label=label,
        recorded=dots + _end(left, start),
        as_run=dots + _end(right, start),
        same=same - start + len(dots),
    )


def single(label: str, as_run: str) -> Pair:
    """What this run has, where nothing was recorded that stands for the same."""
    return Pair(label=label, recorded=None, as_run=_end(printable(as_run), 0))


def agreeing(left: Sequence[object], right: Sequence[object]) -> int:
    """How many leading characters, or bytes, agree."""
    pairs = zip(left, right, strict=False)
    return next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(left), len(right)))


def _end(text: str, start: int) -> str:
    cut = text[start : start + _WINDOW]
    return cut + "…" if len(text) > start + _WINDOW else cut


def of_call(call: Call) -> tuple[Pair, ...]:
    """What differs between the recorded reply of a call and the one served."""
    if call.recorded is None or call.reply is None or call.recorded == call.reply:
        return ()
    every = (
        pair("reply", transfer(call.recorded), transfer(call.reply)),
        *_headers(call.recorded, call.reply),
        *_turns(model_turn(call.wire, call.recorded), model_turn(call.wire, call.reply)),
        *_bytes(call.recorded, call.reply),
    )
    return tuple(one for one in every if one.recorded != one.as_run)


def _headers(recorded: Reply, served: Reply) -> Iterator[Pair]:
    if not served.head:
        return
    names = dict.fromkeys(name.lower() for name, _ in (*recorded.headers, *served.headers))
    for name in names:
        left, right = recorded.header(name), served.header(name)
        # An error reply need not have what a good one has.
        if left != right and name in _ACTED_ON and (served.ok or right):
            yield pair(f"header {printable(name)}", left or "(none)", right or "(none)")


def _turns(recorded: ModelTurn | None, served: ModelTurn | None) -> Iterator[Pair]:
    # Of a refusal, a page or the beginning of a JSON body, each part of the recorded turn would be told as missing.
    if served is None or not (served.parts or (served.complete and served.error is None)):
        return
    left = recorded or ModelTurn()
    for ours, theirs in _matched(left.parts, served.parts):
        if isinstance(ours, ToolCall) and isinstance(theirs, ToolCall) and ours.name != theirs.name:
            yield pair("asks for", *(f"{tool_named(one)} {_part(one)}" for one in (ours, theirs)))
            continue
        label = _label(ours or theirs)
        again = ours is None and any(_named(one) == _named(theirs) is not None for one in left.parts)
        yield pair(f"{label} again" if again else label, _part(ours), _part(theirs))
    yield pair("stopped", _stop(recorded), _stop(served))


def _matched(left: Sequence[Part], right: Sequence[Part]) -> Iterator[tuple[Part | None, Part | None]]:
    """Parts beside their counterparts: by id, then by name, then by kind; what has none stands alone."""
    rest = list(right)
    # Strict before lenient: of two calls of one tool the one with the same id is the counterpart.
    for keys in (_identity, _named, _kind):
        left = list(left)
        for one in list(left):
            # A chain: the keys are equal, and there is one.
            twin = next((other for other in rest if keys(other) == keys(one) is not None), None)
            if twin is not None:
                left.remove(one)
                rest.remove(twin)
                yield one, twin
    yield from ((one, None) for one in left)
    yield from ((None, one) for one in rest)


def _identity(part: Part) -> object:
    return part.id or None if isinstance(part, ToolCall) else None


def _named(part: Part | None) -> object:
    return part.name or None if isinstance(part, ToolCall) else None


def _kind(part: Part) -> object:
    return part.kind if isinstance(part, Opaque) else type(part)


def _label(part: Part | None) -> str:
    if isinstance(part, ToolCall):
        return f"asks for {tool_named(part)}"
    return part.kind if isinstance(part, Opaque) else type(part).__name__.lower()


def _part(part: Part | None) -> str:
    if part is None:
        return _NOTHING
    if isinstance(part, ToolCall):
        return part.arguments or "(no arguments)"
    return one_line(part.extra) if isinstance(part, Opaque) else part.text


def _stop(turn: ModelTurn | None) -> str:
    if turn is None:
        return _NOTHING
    if turn.error is not None:
        return f"error {one_line(dict(turn.error))}"
    end = "" if turn.complete else ", the reply was never finished"
    return f"{turn.stop_raw or turn.stop or 'no reason'}{end}"


def _bytes(recorded: Reply, served: Reply) -> Iterator[Pair]:
    left, right = recorded.body, served.body
    if left == right or not right:
        return
    if recorded.status != served.status:
        # It is no changed form of the recorded reply: where the two begin to differ says nothing.
        yield single("body", bytes_as_text(right[: 2 * _WINDOW]))
        return
    same = agreeing(left, right)
    start = max(0, same - 2 * _LEAD)
    ends = " (ends here)" if same == len(right) else ""
    yield pair(f"bytes at {same:,}", _bytes_from(left, start, same), _bytes_from(right, start, same) + ends)


def _bytes_from(body: bytes, start: int, same: int) -> str:
    # Half a character at an edge would be spelled out, and be taken for the fault.
    start, end = _whole_character(body, start), _whole_character(body, same + _WINDOW)
    more = "…" if len(body) > end else ""
    return ("…" if start else "") + bytes_as_text(body[start:end]) + more


def _whole_character(body: bytes, at: int) -> int:
    """The next place where a character of UTF-8 begins, at most three bytes on."""
    return next((i for i in range(at, at + 3) if not 0x80 <= int.from_bytes(body[i : i + 1]) < 0xC0), at + 3)


def of_tool(run: ToolRun, clean: Trace) -> tuple[Pair, ...]:
    """What a fault changed at a tool call: its recorded result beside the one of this run."""
    twin = next((other for other in clean.tools if other.site == run.site), None)
    recorded = tool_result_text(twin) if twin else one_line(run.recorded)
    return (pair("result", recorded, tool_result_text(run)),)


def of_arguments(run: ToolRun, clean: Trace) -> Pair:
    """A tool call beside the one of the run without faults that it stands for."""
    twin = _twin(run, clean)
    return pair("tool call", call_text(run.name, twin.arguments) if twin else "(no such call)", _called(run))


def _called(run: ToolRun) -> str:
    return call_text(run.name, run.arguments)


def _twin(run: ToolRun, clean: Trace) -> ToolRun | None:
    same_site = [other for other in clean.tools if other.site == run.site and other.name == run.name]
    named = [other for other in clean.tools if other.name == run.name]
    return next(iter(same_site or named), None)


def of_values(before: Any, after: Any) -> Pair:
    """What an oracle compared."""
    return single("value", _value(after)) if before is None else pair("value", _value(before), _value(after))


def of_request_parts(parts: Mapping[str, Any], twin: Call | None) -> tuple[Pair, ...]:
    """Parts of a request by their paths, each beside what stands there in the recorded request.

    `twin` is the recorded call that the request was answered by, or None.
    """
    if twin is None:
        return tuple(single(_path(at), _value(part)) for at, part in parts.items())
    recorded = loaded(twin.request.body)
    return tuple(pair(_path(at), _value(value_at(recorded, at)), _value(part)) for at, part in parts.items())


def _path(at: str) -> str:
    # OpenAI's own paths have a dot before an index: `messages.[1].role`.
    return at.replace(".[", "[")


def _value(value: Any) -> str:
    if value is None:
        return _NOTHING
    if value == "":
        return "(empty)"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
