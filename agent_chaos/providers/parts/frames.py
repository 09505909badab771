"""Bodies that keep what need not change: JSON as it was spelled, streams cut where a provider could have cut them.

Shared by the protocols; knows framings and JSON, and no provider.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from agent_chaos.providers.json_values import compact, loaded
from agent_chaos.providers.parts.json_edit import rewritten
from agent_chaos.providers.parts.json_merge import agrees, merged_json
from agent_chaos.providers.turn import Delta, ModelTurn
from agent_chaos.stream.exchange import Data, End, Head, Headers, Reply, cut, header, with_body, with_header
from agent_chaos.stream.framing.framing import Frame, Framing
from agent_chaos.stream.framing.sse import SSE

_BOM = b"\xef\xbb\xbf"


def pieces(text: str, lengths: Sequence[int]) -> tuple[str, ...]:
    """Text cut into deltas of the given lengths in characters; what is left over is one more.

    Always at least one piece, so that a part without text is still announced where the wire does so.
    """
    cut_at, found = 0, []
    for length in lengths:
        # A piece of no length is one all the same: providers send empty deltas, also behind the last word.
        if cut_at >= len(text) and length:
            break
        found.append(text[cut_at : cut_at + length])
        cut_at += length
    if cut_at < len(text):
        found.append(text[cut_at:])
    return tuple(found) or ("",)


def json_frame(value: Any, *, event: str = "", newline: str = "\n", framing: Framing = SSE) -> bytes:
    """One frame that carries a value as compact JSON."""
    return framing.frame(compact(value), event=event, newline=newline)


def with_json(like: Reply, value: Any, unchanged: Any = None) -> Reply:
    """A reply whose body is a JSON value, in the spelling and pace of `like` as far as it says the same; status 200.

    `unchanged` is what the protocol writes of the turn of `like` itself: what it leaves out of the body, it did not read, and
    that stays.
    """
    text = like.body.decode("utf-8-sig", "replace")
    recorded = loaded(text)
    kept = recorded is not None
    changed = merged_json(recorded, unchanged, value) if agrees(recorded, unchanged) else value
    written = rewritten(text, changed) if kept else compact(value)
    # `loaded` reads past a byte order mark, which must not get lost by a change elsewhere in the body.
    mark = _BOM if kept and like.body.startswith(_BOM) else b""
    body = like.body if written == text else mark + written.encode("utf-8", "backslashreplace")
    return as_ok(with_body(like, body), (like.header("content-type") if kept else "") or "application/json")


def unread(reply: Reply) -> ModelTurn:
    """The turn of a body that is not a JSON object: incomplete, with the body kept in `extra`."""
    kept = {"$unread": reply.body.decode("utf-8", "surrogateescape")} if reply.body else {}
    return ModelTurn(complete=False, extra=kept)


def written_back(turn: ModelTurn, like: Reply) -> Reply | None:
    """The reply of a turn that `unread` made; None where the turn says anything of its own."""
    if turn.complete or turn.parts or turn.error is not None:
        return None
    body = str(turn.extra.get("$unread", "")).encode("utf-8", "surrogateescape")
    return as_ok(with_body(like, body), like.header("content-type") or "application/json")


def whole_reply(status: int, reason: str, headers: Headers, body: bytes, *, at: float = 0.12) -> Reply:
    """A whole reply that arrives `at` virtual seconds after the request."""
    return Reply((Head(status, headers, at, reason), Data(body, at), End(at)))


def cut_in_part(
    reply: Reply,
    framing: Framing,
    deltas: Sequence[tuple[int, Delta | None]],
    part: int,
    chars: int,
    shortened: Callable[[Frame, int], Any],
) -> Reply:
    """A stream up to `chars` characters of a part, then a clean end at the time of its last byte.

    `shortened(frame, n)` is the JSON of a frame that adds only its first n characters, or None where it would then say
    nothing. A part that is shorter ends after its last frame; where there is no such part the reply stays whole.
    """
    left, kept = chars, 0
    for one, (end, delta) in zip(framing.frames_of(reply), deltas, strict=True):
        if delta is None or delta.part != part:
            continue
        if left < len(delta.text):
            value = shortened(one, left)
            last = framing.with_data(one, rewritten(one.data, value)) if value is not None else b""
            return _ending(reply, reply.body[: one.start] + last)
        left, kept = left - len(delta.text), end
    return _ending(reply, reply.body[:kept]) if kept else reply


def as_ok(reply: Reply, content_type: str) -> Reply:
    """The reply with status 200, where it had none below 300, and a content type."""
    head = reply.head or Head(200)
    headers = head.headers
    if header(headers, "content-type") != content_type:
        headers = with_header(headers, "content-type", content_type)
    # A turn may be put in the place of an error reply; SDKs raise by the status, whatever the body says.
    if not 200 <= head.status < 300:
        head = replace(head, status=200, reason="OK")
    return Reply((replace(head, headers=headers), *reply.events[1:]))


def _ending(reply: Reply, body: bytes) -> Reply:
    return cut(with_body(reply, body), len(body), End())
