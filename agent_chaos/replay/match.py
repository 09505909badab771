"""The immutable index of a cassette, shared by all trials, and the ladder's rungs over it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from agent_chaos.cassette.keys import (
    KEY_VERSION,
    exact_key,
    first_difference,
    keys_of,
    lane_key,
    normalised_key,
)
from agent_chaos.cassette.model import Cassette, Exchange, Keys
from agent_chaos.providers.registry import protocols, recognise
from agent_chaos.replay.tool_names import renamed_tools
from agent_chaos.stream.exchange import Request

_MEMO_SIZE = 4096
_CHAIN_LIMIT = 2_000
_COMPARED = 200
"""How many recorded bodies are read to tell what a request that was not recorded is nearest to."""


@dataclass(slots=True)
class KeyedRequest:
    """A live request with its match keys; the costly ones are computed when a rung needs them."""

    request: Request
    exact: str
    _normalised: str = ""
    _lane: str = ""

    @property
    def normalised(self) -> str:
        if not self._normalised:
            self._normalised = normalised_key(self.request)
        return self._normalised

    @property
    def lane(self) -> str:
        if not self._lane:
            self._lane = lane_key(self.request)
        return self._lane


class ExchangeIndex:
    """Recorded exchanges by match key. Requests are redacted before they are keyed, as when they were recorded.

    Args:
        cassette: what was recorded; its bodies are read only when they are served.
        redact: the redaction that recording used.
    """

    def __init__(
        self, cassette: Cassette, redact: Callable[[Request], Request] = lambda request: request
    ) -> None:
        self.cassette = cassette
        self._redact = redact
        self._memo: dict[tuple[str, str, bytes], KeyedRequest] = {}
        self._keys = _keys(cassette, redact)
        self.by_exact = _grouped(keys.exact for keys in self._keys)
        self.by_normalised = _grouped(keys.normalised for keys in self._keys)
        self._lanes: tuple[str, ...] = ()
        self._by_lane: dict[str, tuple[int, ...]] = {}
        self._lane_of_id: dict[str, str] = {}
        self._hosts: frozenset[str] = frozenset()

    @cached_property
    def model_names(self) -> dict[str, str]:
        """By the name of a boundary, what the model calls its tool, where that differs."""
        return {inner: name for name, inner in renamed_tools(self.cassette).items()}

    def __len__(self) -> int:
        return len(self._keys)

    def exchange(self, index: int) -> Exchange:
        return self.cassette.exchanges[index]

    def asked(self, request: Request) -> KeyedRequest:
        """The request with its keys; equal requests share them."""
        memo_key = (request.method, request.url, request.body)
        found = self._memo.get(memo_key)
        if found is None:
            found = self._keyed(request)
            if len(self._memo) < _MEMO_SIZE:
                self._memo[memo_key] = found
        return found

    def _keyed(self, request: Request) -> KeyedRequest:
        """A request that was recorded as it stands holds nothing to redact, and is found without looking."""
        if (exact := exact_key(request)) in self.by_exact:
            return KeyedRequest(request, exact)
        redacted = self._redact(request)
        return KeyedRequest(redacted, exact_key(redacted))

    def accept(self, request: Request, index: int) -> None:
        """Takes a request for the recorded one from now on: it differs, but does so without any fault."""
        asked = self.asked(request)
        known = self.by_normalised.get(asked.normalised, ())
        self.by_normalised[asked.normalised] = (*known, index)

    def knows_host(self, host: str) -> bool:
        """Whether anything was recorded from this host."""
        if not self._hosts:
            self._hosts = frozenset(exchange.request.host for exchange in self.cassette.exchanges)
        return host in self._hosts

    def lane(self, asked: KeyedRequest) -> tuple[int, ...]:
        """The exchanges of the request's conversation whose replies have the form it asks for, in recorded order."""
        self._build_lanes()
        previous = _previous(asked.request)
        lane = self._lane_of_id.get(previous, "") if previous else ""
        mine, form = self._by_lane.get(lane or asked.lane, ()), _form(asked.request)
        return tuple(index for index in mine if _form(self.exchange(index).request) == form)

    def nearest(self, asked: KeyedRequest, candidates: Sequence[int]) -> str:
        """The first difference to the first of some exchanges, in words.

        Without candidates to the one of the same method and path whose body shares most with the request; empty where
        there is none.
        """
        if candidates:
            return first_difference(self.exchange(candidates[0]).request, asked.request)
        wanted = asked.request
        recorded = (exchange.request for exchange in self.cassette.exchanges[:_COMPARED])
        same_place = [one for one in recorded if (one.method, one.path) == (wanted.method, wanted.path)]
        closest = max(same_place, key=lambda one: _shared(one.body, wanted.body), default=None)
        return first_difference(closest, wanted) if closest is not None else ""

    def _build_lanes(self) -> None:
        if self._lanes or not len(self):
            return
        lanes = [keys.lane for keys in self._keys]
        if len(lanes) <= _CHAIN_LIMIT:
            self._chain(lanes)
        self._by_lane = _grouped(lanes)
        self._lanes = tuple(lanes)

    def _chain(self, lanes: list[str]) -> None:
        """Puts requests that continue server-side state into the lane of what they continue."""
        for i, exchange in enumerate(self.cassette.exchanges):
            previous = _previous(exchange.request)
            if previous in self._lane_of_id:
                lanes[i] = self._lane_of_id[previous]
            if protocol := protocols().get(exchange.protocol):
                self._lane_of_id.update(dict.fromkeys(protocol.ids(exchange.reply), lanes[i]))


def _keys(cassette: Cassette, redact: Callable[[Request], Request]) -> Sequence[Keys]:
    """The match keys as stored; computed afresh where another version of the key functions, or of redaction, made them."""
    if cassette.header.key_version == KEY_VERSION:
        return cassette.keys
    return [keys_of(redact(exchange.request)) for exchange in cassette.exchanges]


def _shared(one: bytes, other: bytes) -> int:
    """How many bytes two bodies share at their start and at their end."""
    return _same_start(one, other) + _same_start(one[::-1], other[::-1])


def _same_start(one: bytes, other: bytes) -> int:
    same, differing = 0, min(len(one), len(other)) + 1
    while same + 1 < differing:
        middle = (same + differing) // 2
        if one[:middle] == other[:middle]:
            same = middle
        else:
            differing = middle
    return same


def _form(request: Request) -> list[str]:
    """The form that a request asks its reply in; Gemini streams events with `alt=sse`, and a JSON array without."""
    return [value for name, value in request.query if name == "alt"]


def _previous(request: Request) -> str:
    if b"previous" not in request.body and b"conversation" not in request.body:
        return ""
    protocol = recognise(request)
    return protocol.prompt(request).previous if protocol else ""


def _grouped(keys: Iterable[str]) -> dict[str, tuple[int, ...]]:
    found: dict[str, list[int]] = {}
    for index, key in enumerate(keys):
        found.setdefault(key, []).append(index)
    return {key: tuple(indexes) for key, indexes in found.items()}


def with_replaced(request: Request, words: dict[str, str]) -> Request:
    """The request with every key of `words` replaced by its value, in body and URL."""
    body, url = request.body, request.url
    for old, new in words.items():
        if old.encode() in body:
            body = body.replace(old.encode(), new.encode())
        url = url.replace(old, new)
    unchanged = body is request.body and url == request.url
    return request if unchanged else replace(request, body=body, url=url)
