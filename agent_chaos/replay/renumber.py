"""Fresh ids for replies that are served again: like the recorded ones, a function of (exchange, serving) alone.

Ids are replaced where they stand as ids, never in text: the id "1" must not turn an amount of 1500 into another.
"""

from __future__ import annotations

from collections.abc import Mapping

from agent_chaos.providers.fresh_ids import fresh_id
from agent_chaos.providers.protocol import WireProtocol
from agent_chaos.providers.registry import framing_of
from agent_chaos.stream.edits import Edit, applied, in_bytes, rebodied
from agent_chaos.stream.exchange import Reply, rechunked
from agent_chaos.stream.framing.framing import Framing
from agent_chaos.stream.json_strings import quoted, strings


def renumber_ids(reply: Reply, protocol: WireProtocol, salt: str) -> tuple[Reply, dict[str, str]]:
    """The reply with every id the provider minted replaced, and the map from new ids to recorded ones."""
    fresh = {old: fresh_id(old, salt) for old in protocol.ids(reply) if old}
    renamed = rebodied(reply, _edits(reply, framing_of(reply, protocol), fresh))
    same_length = len(renamed.body) == len(reply.body)
    # Fresh ids have the length of the old ones wherever their form allows it, so that every chunk boundary
    # stays in its place.
    served = rechunked(reply, renamed.body) if same_length else renamed
    return served, {new: old for old, new in fresh.items() if new != old}


def _edits(reply: Reply, framing: Framing | None, fresh: Mapping[str, str]) -> list[Edit]:
    """Edits of a body, counted in bytes: in a stream each changed message is written anew, spelled as it was."""
    if framing is None:
        text = reply.body.decode("utf-8", "surrogateescape")
        return in_bytes(text, _renaming(text, fresh))
    told = ((one, applied(one.data, _renaming(one.data, fresh))) for one in framing.frames_of(reply))
    return [
        Edit(one.start, one.end, framing.with_data(one, data).decode("utf-8", "surrogateescape"))
        for one, data in told
        if data != one.data
    ]


def _renaming(text: str, fresh: Mapping[str, str]) -> list[Edit]:
    """Edits of a JSON document: other ids in the fields that hold ids."""
    return [
        Edit(one.start, one.start + len(one.raw), quoted(fresh[one.text], one.raw))
        for one in strings(text) or ()
        if one.name.lower().endswith(("id", "ids")) and one.text in fresh
    ]
