"""Answers from an earlier cassette while recording, each exchange once, in recorded order."""

from __future__ import annotations

from agent_chaos.cassette.keys import exact_key, normalised_key
from agent_chaos.cassette.model import Cassette
from agent_chaos.stream.exchange import Reply, Request


class Earlier:
    """Exchanges by exact, then by normalised key; those that broke are not answers."""

    def __init__(self, cassette: Cassette | None) -> None:
        self._cassette = cassette
        self._used: set[int] = set()

    def find(self, request: Request) -> int | None:
        """The index of the first unused exchange that answers a redacted request, or None."""
        if self._cassette is None:
            return None
        exact, normalised = exact_key(request), normalised_key(request)
        matches = [i for i, keys in enumerate(self._cassette.keys) if keys.exact == exact]
        # Behind the exact ones, of which each is among these, too.
        matches += [i for i, keys in enumerate(self._cassette.keys) if keys.normalised == normalised]
        return next((i for i in matches if self._answers(i)), None)

    def take(self, request: Request) -> Reply | None:
        """The reply to serve, which is not served again; None where there is none."""
        index = self.find(request)
        if index is None or self._cassette is None:
            return None
        self._used.add(index)
        return self._cassette.exchanges[index].reply

    def _answers(self, index: int) -> bool:
        assert self._cassette is not None
        return index not in self._used and self._cassette.exchanges[index].reply.ended
