"""Which requests belong into a cassette: everything that goes to a host which answers for a model, and hosts that are named.

Whether a host answers for a model may be known only later: an embedding comes before the question that it serves.
"""

from __future__ import annotations

from collections.abc import Sequence

from agent_chaos.patch.guard import is_telemetry
from agent_chaos.providers.hosts import is_model_host
from agent_chaos.providers.registry import recognise
from agent_chaos.stream.exchange import Request


class RecordedHosts:
    """What is known of the hosts of one recording. Not thread-safe.

    Args:
        hosts: names to record besides the providers'.
        ignored: names never to record; they win over `hosts` and over protocols.
    """

    def __init__(self, hosts: Sequence[str], ignored: Sequence[str]) -> None:
        self._named = tuple(host.lower() for host in hosts)
        self._ignored = tuple(host.lower() for host in ignored)
        self._known: set[str] = set()

    def hears(self, request: Request) -> bool:
        """Whether a request may belong into the cassette: neither ignored nor telemetry."""
        return not (_among(request, self._ignored) or is_telemetry(request.host, request.path))

    def holds(self, request: Request) -> bool:
        """Whether a request belongs into the cassette, by what is known so far."""
        if not self.hears(request):
            return False
        return self._answers_for_a_model(request) or request.address in self._known

    def learn(self, request: Request) -> bool:
        """Notes a request that goes out; says whether its place was found to belong into the cassette just now."""
        if request.address in self._known or not (self.hears(request) and self._answers_for_a_model(request)):
            return False
        self._known.add(request.address)
        return True

    def _answers_for_a_model(self, request: Request) -> bool:
        # The cheapest question first: `recognise` may parse the body.
        return _among(request, self._named) or is_model_host(request.host) or recognise(request) is not None


def _among(request: Request, names: Sequence[str]) -> bool:
    """Whether a host is one of some names: `host`, `host:port` or `*.host`."""
    host = request.host
    for name in names:
        if name == host or (name.startswith("*.") and host.endswith(name[1:])):
            return True
        # Between slashes, so that `localhost:80` is not found in `localhost:8080`.
        if ":" in name and f"//{name}/" in f"{request.url.lower()}/":
            return True
    return False
