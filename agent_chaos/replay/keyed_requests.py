"""Live requests with the keys that they are matched by, worked out once for all runs."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, replace

from agent_chaos.cassette.keys import exact_key, lane_key, normalised_key
from agent_chaos.cassette.redaction.redactor import Redactor
from agent_chaos.replay.questions import Question, question_of
from agent_chaos.stream.exchange import Request

_MEMO_SIZE = 4096
_SHARED_BYTES = 4 * 1024 * 1024
"""Of how many bytes of bodies the requests are kept that runs have in common; what is worked out of one takes many times as much."""


@dataclass(slots=True)
class KeyedRequest:
    """A live request with its match keys; the costly ones are computed when a rung needs them."""

    request: Request
    exact: str
    _normalised: str = ""
    _lane: str = ""
    # Not `cached_property`, which needs a `__dict__`: there are thousands of these.
    _question: Question | None = None
    _questioned: bool = False

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

    @property
    def question(self) -> Question | None:
        if not self._questioned:
            self._question, self._questioned = question_of(self.request), True
        return self._question


class KeyedRequests:
    """What runs ask, redacted as it was recorded.

    Args:
        redactor: knows the secrets that recording knew.
        recorded: the exact keys of the recording.
    """

    def __init__(self, redactor: Redactor, recorded: Container[str]) -> None:
        self._redactor = redactor
        self._recorded = recorded
        self._memo: dict[tuple[str, str, bytes], KeyedRequest] = {}
        self._sent: dict[tuple[str, str, bytes], str] = {}
        self._shared: dict[Request, Request] = {}
        self._shared_bytes = 0

    def keyed(self, request: Request) -> KeyedRequest:
        """The request with its keys; equal requests share them."""
        memo_key = (request.method, request.url, request.body)
        found = self._memo.get(memo_key)
        if found is None:
            found = self._keyed(request)
            # Full is full: an agent whose every request differs (a time in the prompt) would only push out
            # what repeats.
            if len(self._memo) < _MEMO_SIZE:
                self._memo[memo_key] = found
        return found

    def shared(self, request: Request) -> Request:
        """The request, as the object that an earlier run asked by: what is worked out of it is worked out once for all runs."""
        found = self._shared.get(request)
        if found is None:
            found = request
            # The first ones, which are those of the run without faults, of which most others begin with some.
            if self._shared_bytes + len(request.body) <= _SHARED_BYTES:
                self._shared[request] = request
                self._shared_bytes += len(request.body)
        return found

    def as_sent(self, request: Request) -> str:
        """A key that a request and its retry share; it is no key of the recording, as nothing is redacted for it."""
        memo_key = (request.method, request.url, request.body)
        found = self._sent.get(memo_key)
        if found is None:
            found = exact_key(request)
            if len(self._sent) < _MEMO_SIZE:
                self._sent[memo_key] = found
        return found

    def _keyed(self, request: Request) -> KeyedRequest:
        """A request that was recorded as it stands holds nothing to redact, and is found without looking."""
        # The usual case, and the cheap one: to look through a body for every secret takes longer than to
        # hash it.
        if (exact := exact_key(request)) in self._recorded:
            return KeyedRequest(request, exact)
        redacted = self._redactor.request(request)
        unchanged = redacted.body == request.body and redacted.url == request.url
        return KeyedRequest(redacted, exact if unchanged else exact_key(redacted))


def with_replaced(request: Request, words: dict[str, str]) -> Request:
    """The request with every key of `words` replaced by its value, in body and URL."""
    body, url = request.body, request.url
    for old, new in words.items():
        if old.encode() in body:
            body = body.replace(old.encode(), new.encode())
        url = url.replace(old, new)
    unchanged = body is request.body and url == request.url
    return request if unchanged else replace(request, body=body, url=url)
