"""The conversations of a recording: which exchanges go on from which."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from agent_chaos.cassette.model import Exchange
from agent_chaos.providers.registry import protocols, recognise
from agent_chaos.replay.keyed_requests import KeyedRequest
from agent_chaos.stream.exchange import Request

# Recordings of this length are of whole services; to read every body of them takes seconds before the first run.
_CHAIN_LIMIT = 2_000


class Lanes:
    """The exchanges of a recording by their conversation, in recorded order.

    Args:
        exchanges: of the recording, read one by one.
        keys: of each, the key that requests of its conversation share.
    """

    def __init__(self, exchanges: Sequence[Exchange], keys: Sequence[str]) -> None:
        self._lane_of_id: dict[str, str] = {}
        # Reads every recorded reply, for its ids; a long recording is opened so as not to.
        lanes = self._chained(exchanges, keys) if len(keys) <= _CHAIN_LIMIT else keys
        self._by_lane = places_by_key(lanes)

    def of(self, asked: KeyedRequest) -> tuple[int, ...]:
        """The exchanges of a request's conversation."""
        previous = _previous(asked.request)
        # What a request continues says more than its text: a turn of the Responses API may hold nothing but
        # a tool's result.
        lane = self._lane_of_id.get(previous, "") if previous else ""
        return self._by_lane.get(lane or asked.lane, ())

    def _chained(self, exchanges: Sequence[Exchange], keys: Sequence[str]) -> list[str]:
        """The keys, but for requests that continue server-side state: they are in the lane of what they continue."""
        lanes: list[str] = []
        for exchange, key in zip(exchanges, keys, strict=True):
            lane = self._lane_of_id.get(_previous(exchange.request), key)
            if protocol := protocols().get(exchange.protocol):
                self._lane_of_id.update(dict.fromkeys(protocol.ids(exchange.reply), lane))
            lanes.append(lane)
        return lanes


def _previous(request: Request) -> str:
    # Hardly any request goes on from what a server keeps, and reading the prompt parses the whole body.
    if b"previous" not in request.body and b"conversation" not in request.body:
        return ""
    protocol = recognise(request)
    return protocol.prompt(request).previous if protocol else ""


def places_by_key(keys: Iterable[str]) -> dict[str, tuple[int, ...]]:
    """The places of each key, in order."""
    found: dict[str, list[int]] = {}
    for index, key in enumerate(keys):
        found.setdefault(key, []).append(index)
    return {key: tuple(indexes) for key, indexes in found.items()}
