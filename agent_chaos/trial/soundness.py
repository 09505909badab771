"""Whether runs without faults can stand for an agent: they end, keep to the recording, and are equal to each other."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable

from agent_chaos.errors import HarnessError, UnstableError
from agent_chaos.replay.match import ExchangeIndex
from agent_chaos.stream.exchange import Request
from agent_chaos.trace.trace import Trace
from agent_chaos.trial.determinism import difference_of_runs, left_recording, state_survives

_KEY = re.compile(r"api[_ ]?key|credential|authentication", re.IGNORECASE)


class Soundness:
    """What clean runs of one scenario are held to. Made before the first of them.

    Args:
        name: the scenario, as errors name it.
        again: what records it again, in words.
        redact: takes secrets out of requests before they are compared and shown.
    """

    def __init__(
        self, name: str, again: str, index: ExchangeIndex, redact: Callable[[Request], Request]
    ) -> None:
        self._name = name
        self._again = again
        self._index = index
        self._redact = redact
        self._variables, self._path = frozenset(os.environ), tuple(sys.path)

    def check(self, trace: Trace) -> None:
        # The cause before what follows from it: a refused connection makes a run leave its recording, or
        # fail.
        if refused := trace.incidents_of("refused"):
            raise HarnessError(f"{self._name}: {self._reached({incident.detail for incident in refused})}")
        if difference := left_recording(trace) if trace.incidents_of("miss") else "":
            raise HarnessError(f"{self._name}: the recording is stale: {difference}; {self._again}")
        if broken := trace.incidents_of("harness"):
            raise HarnessError(f"{self._name}: {broken[0].detail}")
        if stopped := trace.incidents_of("timeout", "budget"):
            raise HarnessError(f"{self._name}: the run without faults did not end: {stopped[0].detail}")
        if trace.raised:
            raised = trace.raised[0]
            raise HarnessError(
                f"{self._name}: the agent fails without any fault, in turn {raised.turn}: {raised.type}: "
                f"{raised.message[:200]}{_key_wanted(trace)}"
            )
        self._intercepted(trace)

    def _reached(self, hosts: set[str]) -> str:
        """What to do about hosts that the agent tried to reach."""
        names = ", ".join(sorted(hosts))
        # A host that was recorded and is now asked by a socket: the library changed, not the host.
        if any(self._index.knows_host(host.partition(":")[0]) for host in hosts):
            return (
                f"offline, the agent tried to reach {names} past the libraries that replay answers; send it with httpx, "
                "aiohttp, requests, urllib3, boto3 or http.client instead of a socket of its own"
            )
        if all(host.startswith(("/", "\0")) for host in hosts):
            return (
                f"offline, the agent tried to reach {names}, a socket of this machine; wrap the tool that does with "
                "@agent_chaos.tool"
            )
        return (
            f"offline, the agent tried to reach {names}; wrap the tool that does with @agent_chaos.tool, or name the "
            f"host in the scenario's hosts= and {self._again}"
        )

    def _intercepted(self, trace: Trace) -> None:
        recorded = {exchange.transport for exchange in self._index.cassette.exchanges if exchange.transport}
        # Last: a run that failed or was stopped made no request either, and its own reason says more.
        if recorded and not trace.calls:
            raise HarnessError(
                f"{self._name}: nothing was intercepted: the recording has {', '.join(sorted(recorded))} traffic, "
                "and this run made no request; does the agent answer from a cache of its own?"
            )

    def check_steady(self, warm_up: Trace, first: Trace, second: Trace) -> None:
        difference = difference_of_runs(first, second, self._redact)
        if difference or left_recording(first):
            advice = state_survives(warm_up, first) or state_survives(first, second)
            found = difference or left_recording(first)
            if difference or advice:
                raise UnstableError(
                    f"{self._name}: UNSTABLE: two runs without faults differ: {found}"
                    + (f"; {advice}" if advice else "")
                    + self._added()
                )

    def _added(self) -> str:
        """What the runs added to the process and no end of a run takes back, without the values of variables."""
        variables = sorted(os.environ.keys() - self._variables)
        places = [place for place in dict.fromkeys(sys.path) if place not in self._path]
        told = [
            *([f"set {', '.join(variables)} in os.environ"] if variables else []),
            *([f"added {', '.join(places)} to sys.path"] if places else []),
        ]
        return f"; the runs {' and '.join(told)}, which stays from run to run" if told else ""


def _key_wanted(trace: Trace) -> str:
    """What to do where a client was made before this process was offline, and found no key."""
    asked = _KEY.search(trace.raised[0].message)
    if trace.calls or asked is None:
        return ""
    return (
        ". A client that is made while its module is imported wants a key then: offline any value does, as in "
        "OPENAI_API_KEY=offline"
    )
