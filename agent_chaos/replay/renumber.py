"""Fresh ids for replies that are served again: like the recorded ones, a function of (exchange, serving) alone.

Ids are replaced where they stand as ids, never in text: the id "1" must not turn an amount of 1500 into another.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from agent_chaos.providers.parts.fresh_ids import fresh_id
from agent_chaos.providers.protocol import WireProtocol
from agent_chaos.providers.registry import framing_of
from agent_chaos.stream.edits import Edit, applied, in_bytes, rebodied
from agent_chaos.stream.exchange import Reply, rechunked
from agent_chaos.stream.json_strings import String, quoted, strings


def renumber_ids(reply: Reply, protocol: WireProtocol, salt: str) -> tuple[Reply, dict[str, str]]:
    """The reply with every id the provider minted replaced, and the map from new ids to recorded ones."""
    old_ids = reply.derived((__name__, "ids", protocol.name), lambda: list(filter(None, protocol.ids(reply))))
    fresh = {old: fresh_id(old, salt) for old in old_ids}
    renamed = rebodied(reply, _edits(reply, protocol, fresh))
    same_length = len(renamed.body) == len(reply.body)
    # Fresh ids have the length of the old ones wherever their form allows it, so that every chunk boundary
    # stays in its place.
    served = rechunked(reply, renamed.body) if same_length else renamed
    return served, {new: old for old, new in fresh.items() if new != old}


def _edits(reply: Reply, protocol: WireProtocol, fresh: Mapping[str, str]) -> list[Edit]:
    """Edits of a body, counted in bytes: in a stream each changed message is written anew, spelled as it was."""
    framing = framing_of(reply, protocol)
    if framing is None:
        text = reply.body.decode("utf-8", "surrogateescape")
        found = reply.derived((__name__, protocol.name), lambda: _ids_in(text, fresh))
        return in_bytes(text, _renaming(found, fresh))
    frames = framing.frames_of(reply)
    held = reply.derived((__name__, protocol.name), lambda: [_ids_in(one.data, fresh) for one in frames])
    told = (
        (one, applied(one.data, _renaming(ids, fresh))) for one, ids in zip(frames, held, strict=True) if ids
    )
    return [
        Edit(one.start, one.end, framing.with_data(one, data).decode("utf-8", "surrogateescape"))
        for one, data in told
        if data != one.data
    ]


def _ids_in(text: str, ids: Collection[str]) -> list[String]:
    """Where a JSON document holds one of these ids, in the fields that hold ids."""
    return [
        # `tool_use_id`, `call_id`, `responseId`, `toolUseId`: every protocol here ends the names of its ids
        # so.
        one
        for one in strings(text) or ()
        if one.name.lower().endswith(("id", "ids")) and one.text in ids
    ]


def _renaming(found: Iterable[String], fresh: Mapping[str, str]) -> list[Edit]:
    return [Edit(one.start, one.start + len(one.raw), quoted(fresh[one.text], one.raw)) for one in found]
