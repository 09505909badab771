"""A Chat Completions stream read into a turn.

Parts are those of the first choice: text, reasoning and refusal once each, and each tool call, in order of appearance.
A part's `extra` holds `$chunks`, the entries of its chunks (see `chunks`) where any says something. The turn's
holds `$before` and `$after`, the entries of chunks before the first part and from the finish reason on; `$first`, the
rest of the delta that began the first part; `$choice`; `$usage_null` where chunks carry `usage: null`; `$done` False
where no `[DONE]` came.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from agent_chaos.providers.chat_completions.additions import Addition, OpenPart, additions, rest_of
from agent_chaos.providers.chat_completions.chunks import entry, own, shared
from agent_chaos.providers.chat_completions.stop_reasons import STOPS, read_usage
from agent_chaos.providers.json_values import fields, loaded, text_of, without
from agent_chaos.providers.parts.splicing import silent
from agent_chaos.providers.turn import Delta, ModelTurn, Part, ToolCall
from agent_chaos.stream.framing.framing import Frame


@dataclass(slots=True)
class StreamReading:
    """A stream while it is being read; `turn` is what it said so far, `deltas` what each frame added."""

    chunks: list[tuple[Frame, Any]]
    parts: list[OpenPart] = field(default_factory=list)
    deltas: list[Delta | None] = field(default_factory=list)
    before: list[dict[str, Any]] = field(default_factory=list)
    after: list[dict[str, Any]] = field(default_factory=list)
    first: dict[str, Any] | None = None
    common: dict[str, Any] = field(default_factory=dict)
    choice: dict[str, Any] = field(default_factory=dict)
    word: str | None = None
    usage: Any = None
    error: dict[str, Any] | None = None
    done: bool = False
    current: OpenPart | None = None


def read_stream(found: Iterable[Frame]) -> StreamReading:
    """Read every frame, in order."""
    reading = StreamReading([(one, None if silent(one) else loaded(one.data)) for one in found])
    regular = [fields(payload) for _, payload in reading.chunks if _is_regular(payload)]
    reading.common = _common(regular)
    reading.choice = without(shared([one for chunk in regular for one in _own_choices(chunk)]), "delta")
    # With `include_usage` one more chunk comes at the end, with the counts and without choices, and all
    # others say `usage: null`:
    # https://platform.openai.com/docs/api-reference/chat/create#chat-create-stream_options. Compatible
    # servers send running counts with every chunk, of which the last one is the total.
    counted = [i for i, (_, payload) in enumerate(reading.chunks) if fields(fields(payload).get("usage"))]
    for i, (one, payload) in enumerate(reading.chunks):
        reading.deltas.append(_take(reading, one, payload, last_usage=bool(counted) and i == counted[-1]))
    return reading


def _is_regular(payload: Any) -> bool:
    choices = fields(payload).get("choices")
    return (
        isinstance(choices, list) and all(isinstance(one, dict) for one in choices) and not _error_of(payload)
    )


def _error_of(payload: dict[str, Any]) -> Any:
    """What a frame reports as an error: what its `error` says, or all of it, where it is an object of that kind itself."""
    return payload.get("error") or (payload if payload.get("object") == "error" else None)


def _common(regular: list[dict[str, Any]]) -> dict[str, Any]:
    """What chunks share; id and model are those that the first chunk with a choice names."""
    # Azure begins a stream with a chunk without choices, id and model, which brings `prompt_filter_results`
    # alone.
    spoken = [one for one in regular if one["choices"]] or regular
    # `obfuscation` is noise that hides the lengths of tokens from who watches the network; it differs in
    # every chunk.
    common = without(shared(spoken), "choices", "obfuscation", "usage")
    for name in ("id", "model"):
        named = next((one[name] for one in spoken if text_of(one.get(name))), None)
        common |= {name: named} if named else {}
    return common | (
        {"usage": None} if any("usage" in one and one["usage"] is None for one in regular) else {}
    )


def _own_choices(chunk: dict[str, Any]) -> list[dict[str, Any]]:
    """The choices of a chunk that belong to the turn: the first one is the only one that does."""
    # With `n` above 1 the chunks of several choices are mixed. An agent goes on with the first.
    return [{**one, "finish_reason": None} for one in chunk["choices"] if one.get("index", 0) == 0]


def _take(reading: StreamReading, one: Frame, payload: Any, *, last_usage: bool) -> Delta | None:
    # Clients stop at `[DONE]`; nobody reads what comes behind it.
    if silent(one) or reading.done:
        return None
    if one.data.startswith("[DONE]"):
        reading.done = True
    elif not isinstance(payload, dict):
        _beside(reading, entry(data=one.data, event=one.event))
    elif _error_of(payload):
        _take_error(reading, one, payload)
    elif not _is_regular(payload):
        _beside(reading, entry(raw=payload, event=one.event))
    else:
        return _take_chunk(reading, payload, last_usage=last_usage)
    return None


def _take_error(reading: StreamReading, one: Frame, payload: dict[str, Any]) -> None:
    told = _error_of(payload)
    reading.error = reading.error or (told if isinstance(told, dict) else {"message": told})
    # The first error is the turn's, and written from there; any other stays as it came.
    raw = without(payload, "error") if told is reading.error and told is not payload else payload
    reading.after.append({"raw": raw, "error": True} | ({"event": one.event} if one.event else {}))


def _take_chunk(reading: StreamReading, payload: dict[str, Any], *, last_usage: bool) -> Delta | None:
    ours = next((one for one in payload["choices"] if one.get("index", 0) == 0), None)
    delta = fields(ours.get("delta")) if ours else {}
    added, word = additions(delta), ours.get("finish_reason") if ours else None
    chunk = own(
        without(payload, "choices", "obfuscation", *(["usage"] if last_usage else [])), reading.common
    )
    chunk = _without_absent(chunk, "usage") if last_usage else chunk
    reading.usage = payload["usage"] if last_usage else reading.usage
    # Kept where a later chunk says null again, as some servers do behind the reason to stop.
    reading.word = word if isinstance(word, str) else reading.word
    ends = {"stop": isinstance(word, str), "usage": last_usage}
    if not added or ours is None:
        _beside(reading, entry(chunk=chunk, choices=_unstopped(payload["choices"], ours, word), **ends))
        return None
    told = _add(reading, ours, delta, added, chunk, [one for one in payload["choices"] if one is not ours])
    if reading.current is not None:
        reading.current.entries[-1] |= entry(**ends)
    return told


def _without_absent(chunk: dict[str, Any], name: str) -> dict[str, Any]:
    absent = [one for one in chunk.get("$absent", []) if one != name]
    return without(chunk, "$absent") | ({"$absent": absent} if absent else {})


def _unstopped(choices: list[dict[str, Any]], ours: dict[str, Any] | None, word: Any) -> list[dict[str, Any]]:
    """The choices without the finish reason of the first one, which the turn has."""
    stopped = isinstance(word, str)
    return [without(one, "finish_reason") if one is ours and stopped else one for one in choices]


def _beside(reading: StreamReading, told: dict[str, Any]) -> None:
    """Keep a chunk that adds to no part: before the first, with the part being read, or after the end."""
    if reading.after or told.get("stop") or told.get("usage"):
        reading.after.append(told)
    elif reading.current is None:
        reading.before.append(told)
    else:
        reading.current.texts.append("")
        reading.current.entries.append({"beside": True, **told})


def _add(
    reading: StreamReading,
    ours: dict[str, Any],
    delta: dict[str, Any],
    added: list[Addition],
    chunk: dict[str, Any],
    others: list[dict[str, Any]],
) -> Delta:
    rest = rest_of(delta, added)
    if reading.first is None and not reading.before:
        reading.first, rest = rest, {}
    choice = own(without({**ours, "finish_reason": None}, "delta"), reading.choice)
    told = entry(chunk=chunk, choice=choice, delta=rest, others=others)
    first: Delta | None = None
    for one in added:
        part, begins = _opened(reading, one)
        part.texts.append(one.text)
        part.entries.append({**told, **({} if begins or not one.rest else {"call": one.rest})})
        first, reading.current = first or Delta(reading.parts.index(part), one.text), part
        told = {"joined": True}
    assert first is not None
    return first


def _opened(reading: StreamReading, one: Addition) -> tuple[OpenPart, bool]:
    """The part that an addition adds to, and whether it begins there."""
    if isinstance(one.begins, ToolCall):
        calls = [part for part in reading.parts if isinstance(part.begun, ToolCall)]
        # Fragments are put together by `index`, which some compatible servers leave out, or give to two
        # calls: another id then begins another call.
        same = [part for part in calls if one.index is None or part.index == one.index]
        if same and one.begins.id in ("", same[-1].begun.id if isinstance(same[-1].begun, ToolCall) else ""):
            return same[-1], False
        begun = OpenPart(_placed(one, len(calls)), one.index)
    else:
        for part in reading.parts:
            if type(part.begun) is type(one.begins):
                return part, False
        begun = OpenPart(one.begins)
    reading.parts.append(begun)
    return begun, True


def _placed(one: Addition, place: int) -> Part:
    """The call with the index it claimed, where that is not its place among the calls."""
    extra = without(dict(one.begins.extra), "$index", "$object")
    claimed = {"$index": one.index} if one.index not in (place, "legacy") else {}
    call = one.begins
    assert isinstance(call, ToolCall)
    return ToolCall(call.id, call.name, "", {**extra, **claimed})


def _settle(reading: StreamReading) -> None:
    """Give the finish reason and usage a chunk of their own, unless the last chunk of the last part carries them."""
    for part in reading.parts:
        for one in part.entries:
            # Some servers finish in the chunk that brings the last text, OpenAI in one of its own. Once
            # more is said after it, the old place would be in the middle.
            ends: dict[str, Any] = {name: one.pop(name) for name in ("stop", "usage") if name in one}
            if ends and (part is not reading.parts[-1] or one is not part.entries[-1]):
                choices = (
                    [{**without(reading.choice, "finish_reason"), "delta": {}}] if "stop" in ends else []
                )
                reading.after.insert(0, entry(choices=choices, **ends))
            else:
                one |= ends


def turn_of(reading: StreamReading) -> ModelTurn:
    """What the stream said."""
    _settle(reading)
    extra = without(reading.common, "id", "model", "usage")
    private = entry(
        before=reading.before,
        after=reading.after,
        choice=reading.choice,
        usage_null="usage" in reading.common,
    )
    extra |= {f"${name}": value for name, value in private.items()}
    extra |= {"$first": reading.first} if reading.first is not None else {}
    extra |= {} if reading.done else {"$done": False}
    return ModelTurn(
        tuple(part.part() for part in reading.parts),
        STOPS.neutral(reading.word),
        reading.word,
        read_usage(reading.usage),
        text_of(reading.common.get("id")),
        text_of(reading.common.get("model")),
        reading.word is not None or (reading.done and reading.error is None),
        reading.error,
        True,
        extra,
    )
