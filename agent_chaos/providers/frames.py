"""Rendering that keeps what need not change: JSON bodies, event streams, their bytes and their pace.

Shared by the protocols; knows server-sent events and JSON, and no provider.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

from agent_chaos.providers.json_values import compact, loaded
from agent_chaos.providers.protocol import Delta, ModelTurn
from agent_chaos.stream.exchange import Data, End, Head, Headers, Reply, cut, header, with_body, with_header
from agent_chaos.stream.sse import Frame, frame, frames

Same = Callable[[Frame, Frame], bool]
"""Whether a recorded frame (first) says what a rendered frame (second) says."""

Deltas = Sequence[tuple[int, Delta | None]]
"""What `WireProtocol.delta` returns: per frame, the offset just after it and what it adds."""

_STREAM_START = re.compile(rb"(?:\xef\xbb\xbf)?[\r\n]*(?:data|event|id|retry|:)")


def is_stream(reply: Reply) -> bool:
    """Whether the body is an event stream, by what it holds; by its content type where it holds nothing."""
    body = reply.body
    if _STREAM_START.match(body):
        return True
    return reply.streamed and body.lstrip()[:1] not in (b"{", b"[")


def pieces(text: str, lengths: Sequence[int]) -> tuple[str, ...]:
    """Text cut into deltas of the given lengths in characters; what is left over is one more.

    Always at least one piece, so that a part without text is still announced where the wire does so.
    """
    cut_at, found = 0, []
    for length in lengths:
        if cut_at >= len(text) and length:
            break
        found.append(text[cut_at : cut_at + length])
        cut_at += length
    if cut_at < len(text):
        found.append(text[cut_at:])
    return tuple(found) or ("",)


def json_frame(value: Any, *, event: str = "", newline: str = "\n") -> bytes:
    """One frame that carries a value as compact JSON."""
    return frame(compact(value), event=event, newline=newline)


def silent(one: Frame) -> bool:
    """Whether a client would not notice a frame: a comment, a blank line, an unterminated tail."""
    return not one.has_data or not one.complete


def splice(like: Reply, rendered: bytes, same: Same, silent: Callable[[Frame], bool] = silent) -> Reply:
    """A reply that streams `rendered`, with the frames of `like` that say the same kept byte for byte.

    The leading frames that say the same keep their chunks and times; so do the trailing ones, one chunk per time.
    Frames that `silent` names are kept beside them. New frames in between take the times of those they replace, and
    share the last one where they are more. Status and headers are those of `like`, as an event stream with status 200.
    """
    old = frames(like.body) if is_stream(like) else ()
    new = frames(rendered)
    head, used = _leading(old, new, same, silent)
    if head and not old[head - 1].complete and used < len(new):
        head, used = head - 1, used - (not silent(old[head - 1]))
    tail, ending = _leading(old[head:][::-1], new[used:][::-1], same, silent)
    tail = tail if ending else 0
    kept, dropped, last = old[:head], old[head : len(old) - tail], old[len(old) - tail :]
    times = _arrivals(like, old)
    now = times[head - 1] if head else _first_byte(like)
    middle = _paced(new[used : len(new) - ending], [times[head + i] for i in range(len(dropped))], now)
    rest = [*middle, *zip(last, times[len(old) - tail :], strict=True)]
    return _streamed(like, kept[-1].end if kept else 0, rest)


def with_json(like: Reply, value: Any) -> Reply:
    """A reply whose body is a JSON value, in the key order, spacing and pace of `like`; status 200."""
    before = loaded(like.body)
    ordered = _in_order_of(before, value)
    body = like.body if compact(ordered) == compact(before) else _in_style_of(like.body, ordered)
    wanted = like.header("content-type") if not is_stream(like) else ""
    changed = with_body(like, body)
    return _as_ok(changed, wanted or "application/json")


def unread(reply: Reply) -> ModelTurn:
    """The turn of a body that is not a JSON object: incomplete, with the body kept in `extra`."""
    kept = {"$unread": reply.body.decode("utf-8", "surrogateescape")} if reply.body else {}
    return ModelTurn(complete=False, extra=kept)


def written_back(turn: ModelTurn, like: Reply) -> Reply | None:
    """The reply of a turn that `unread` made; None where the turn says anything of its own."""
    if turn.complete or turn.parts or turn.error is not None:
        return None
    body = str(turn.extra.get("$unread", "")).encode("utf-8", "surrogateescape")
    return _as_ok(with_body(like, body), like.header("content-type") or "application/json")


def answered(status: int, reason: str, headers: Headers, body: bytes, *, at: float = 0.12) -> Reply:
    """A whole reply that arrives `at` virtual seconds after the request."""
    return Reply((Head(status, headers, at, reason), Data(body, at), End(at)))


def cut_in_part(
    reply: Reply, deltas: Deltas, part: int, chars: int, shortened: Callable[[Frame, int], bytes]
) -> Reply:
    """An event stream up to `chars` characters of a part, then a clean end at the time of its last byte.

    `shortened(frame, n)` writes a frame that adds only its first n characters, or nothing where it would then say
    nothing. A part that is shorter ends after its last frame; where there is no such part the reply stays whole.
    """
    left, kept = chars, 0
    for one, (end, delta) in zip(frames(reply.body), deltas, strict=True):
        if delta is None or delta.part != part:
            continue
        if left < len(delta.text):
            return _ending(reply, reply.body[: one.start] + shortened(one, left))
        left, kept = left - len(delta.text), end
    return _ending(reply, reply.body[:kept]) if kept else reply


def _ending(reply: Reply, body: bytes) -> Reply:
    return cut(with_body(reply, body), len(body), End())


def _leading(
    old: Sequence[Frame], new: Sequence[Frame], same: Same, silent: Callable[[Frame], bool]
) -> tuple[int, int]:
    """How many frames of each side agree from the start; silent frames of the old side agree with nothing."""
    i = j = 0
    while i < len(old):
        if not silent(old[i]):
            if j == len(new) or not same(old[i], new[j]):
                break
            j += 1
        i += 1
    return i, j


def _arrivals(reply: Reply, found: Sequence[Frame]) -> list[float]:
    """When the last byte of each frame arrived, in virtual seconds."""
    times: list[float] = []
    got = 0
    for event in reply.events:
        if isinstance(event, Data):
            got += len(event.data)
            while len(times) < len(found) and found[len(times)].end <= got:
                times.append(event.at)
    return times


def _first_byte(reply: Reply) -> float:
    return next((event.at for event in reply.events if isinstance(event, Data)), reply.duration)


def _paced(new: Sequence[Frame], times: Sequence[float], now: float) -> Iterator[tuple[Frame, float]]:
    for i, one in enumerate(new):
        now = times[i] if i < len(times) else now
        yield one, now


def _streamed(like: Reply, body_bytes: int, rest: Iterable[tuple[Frame, float]]) -> Reply:
    begun = cut(like, body_bytes, End())
    chunks = [
        Data(b"".join(one.raw for one, _ in group), at)
        for at, group in groupby(rest, key=lambda pair: pair[1])
    ]
    datas = [event for event in begun.events if isinstance(event, Data)] + chunks
    last = max([like.duration, *(data.at for data in datas)])
    wanted = like.header("content-type") if is_stream(like) else ""
    reply = Reply((like.head or Head(200), *datas, End(last)))
    return _as_ok(with_body(reply, reply.body), wanted or "text/event-stream; charset=utf-8")


def _as_ok(reply: Reply, content_type: str) -> Reply:
    head = reply.head or Head(200)
    headers = head.headers
    if header(headers, "content-type") != content_type:
        headers = with_header(headers, "content-type", content_type)
    if not 200 <= head.status < 300:
        head = replace(head, status=200, reason="OK")
    return Reply((replace(head, headers=headers), *reply.events[1:]))


def _in_order_of(before: Any, value: Any) -> Any:
    """The value with the keys of its objects in the order that another value has them."""
    if isinstance(before, dict) and isinstance(value, dict):
        names = [*(name for name in before if name in value), *(name for name in value if name not in before)]
        return {name: _in_order_of(before.get(name), value[name]) for name in names}
    if isinstance(before, list) and isinstance(value, list):
        return [_in_order_of(before[i] if i < len(before) else None, one) for i, one in enumerate(value)]
    return value


def _in_style_of(body: bytes, value: Any) -> bytes:
    """The value with the indent, spacing and last line end of a JSON body."""
    indent = re.match(rb"\s*[\[{]\r?\n( +)", body)
    if indent:
        text = json.dumps(value, ensure_ascii=False, indent=len(indent[1]))
    elif re.match(rb'\s*\{\s*"[^"]*":\s', body):
        text = json.dumps(value, ensure_ascii=False)
    else:
        text = compact(value)
    return (text + "\n" * body.endswith(b"\n")).encode("utf-8", "backslashreplace")
