"""Chunks of a Chat Completions stream: what they share, and what each has of its own.

A turn keeps what its chunks share once (`extra`, and `$choice` for the choice); each chunk keeps the rest of itself as an
*entry*, so that a stream can be written again from its turn. An entry is a JSON object with any of

- `chunk`, `choice`: fields in which the chunk or its choice differs from what is shared, `$absent` names missing ones
- `delta`: fields of the delta without a neutral meaning; `call`: the same for a fragment of a tool call
- `others`: choices other than the first; `choices`: all choices, where the chunk adds to no part
- `raw`: the whole chunk, where it has no choices; `data`: the data of a frame that is not a JSON object
- `joined`: came in one chunk with what stands before it
- `event`: the event line; `stop`, `usage`, `error`: the chunk carries the finish reason, the usage, the error
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from agent_chaos.providers.json_values import without

ChunkDelta = Mapping[str, Any]

_NOTHING = object()


def shared(objects: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The fields that all objects have with the same value."""
    if not objects:
        return {}
    first, *others = objects
    return {
        key: value for key, value in first.items() if all(one.get(key, _NOTHING) == value for one in others)
    }


def own(one: dict[str, Any], common: Mapping[str, Any]) -> dict[str, Any]:
    """What an object has of its own beside the shared fields."""
    rest = {key: value for key, value in one.items() if common.get(key, _NOTHING) != value}
    absent = [key for key in common if key not in one]
    return {**rest, "$absent": absent} if absent else rest


def merged_object(own: Mapping[str, Any], common: Mapping[str, Any]) -> dict[str, Any]:
    """The object again."""
    return without({**common, **own}, "$absent", *own.get("$absent", ()))


def entry(**values: Any) -> dict[str, Any]:
    """An entry of those values that say anything."""
    return {name: value for name, value in values.items() if value not in ({}, [], "", False, None)}
