"""Decides which requests belong into a cassette, and hands each to the scribe when its reply has ended."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import RLock

from agent_chaos.cassette.interchange.encoding import without_content_encoding
from agent_chaos.cassette.model import Scribe
from agent_chaos.cassette.redaction.redactor import Redactor
from agent_chaos.containment import Contained
from agent_chaos.errors import BudgetStop, ReplayMiss
from agent_chaos.patch.frameworks.seam import model_asked
from agent_chaos.patch.guard import is_telemetry
from agent_chaos.patch.recording.earlier_recording import Earlier
from agent_chaos.patch.recording.scope import RecordedHosts
from agent_chaos.patch.recording.tee import Taken, Tee
from agent_chaos.patch.recording.unseen_traffic import Unseen
from agent_chaos.providers.protocol import WireProtocol
from agent_chaos.providers.registry import recognise
from agent_chaos.stream.exchange import Data, End, Reply, Request


@dataclass
class CaptureStats:
    """What a recording kept so far. `hosts` and `passed` count requests by host, kept ones and unseen ones.

    `broken` counts transfers that broke or were closed early, `played` answers from the earlier cassette, `dropped`
    exchanges that a hook refused. `refused` lists requests that the record mode did not let out; `unseen` is what went past.
    """

    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    broken: int = 0
    played: int = 0
    dropped: int = 0
    hosts: Counter[str] = field(default_factory=Counter)
    passed: Counter[str] = field(default_factory=Counter)
    transports: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    unseen: Unseen = field(default_factory=Unseen)


MAX_REQUESTS = 1_000
"""Of one recording: an agent whose loop never ends costs money with every request."""

_MOST_ASIDE = 64 << 20
"""Bytes of replies that wait until their host turns out to answer for a model."""


class Capture:
    """Decides what is kept and keeps it. Thread-safe."""

    def __init__(
        self,
        scribe: Scribe,
        scope: RecordedHosts,
        before_request: Callable[[Request], Request | None] | None,
        before_response: Callable[[Reply], Reply | None] | None,
        clock: Callable[[], float],
    ) -> None:
        self.recorded = CaptureStats()
        self.failure: Exception | None = None
        self.clock = clock
        self._scribe = scribe
        self._scope = scope
        self._before_request = before_request
        self._before_response = before_response
        self._redactor = Redactor.from_environ(os.environ)
        self._earlier = Earlier(None)
        self._protected = False
        # Re-entrant: `tee` keeps what had been put aside while it holds it.
        self._lock = RLock()
        self._open: set[Tee] = set()
        self._aside: list[Taken] = []
        self._aside_bytes = 0

    def answer_from(self, earlier: Earlier, *, protected: bool) -> None:
        """Answers from an earlier cassette; `protected` lets nothing else out."""
        self._earlier, self._protected = earlier, protected

    def hears(self, request: Request) -> bool:
        """Whether the request may belong into the cassette. One that may not is counted, and goes out as it is."""
        with self._lock:
            heard = self._scope.hears(request)
            if not heard and not is_telemetry(request.host, request.path):
                self.recorded.passed[request.address] += 1
            return heard

    def wants_plain(self, request: Request) -> bool:
        """Whether an uncompressed reply is to be asked for: the request belongs into the cassette, and may be changed."""
        # AWS signs a list of headers (SigV4's `SignedHeaders`), and refuses a request of which one was changed.
        signed = "accept-encoding" in request.header("authorization").lower()
        with self._lock:
            return self._scope.holds(request) and not signed

    def played(self, request: Request) -> Reply | None:
        """The earlier cassette's answer, used up; None lets the request out. Raises ReplayMiss where it may not go."""
        with self._lock:
            reply = self._earlier.take(self._redactor.request(request))
            if reply is not None:
                self.recorded.played += 1
            elif self._protected and self._scope.holds(request):
                self.recorded.refused.append(f"{request.method} {request.host}{request.path}")
                raise ReplayMiss(
                    f"the cassette has no answer for {request.method} {request.host}{request.path}, and the record "
                    "mode adds none; record with 'new_episodes' or 'all'"
                )
            return reply

    def tee(self, request: Request, transport: str) -> Tee:
        """A tee for a request that is about to go out. Raises BudgetStop for one too many."""
        # With those under way: an agent may ask a thousand times before the first reply has ended.
        if self.recorded.calls + len(self._open) >= MAX_REQUESTS:
            raise BudgetStop(
                f"the agent made {MAX_REQUESTS:,} requests and asked on; does its loop ever end?"
            )
        # The tool that is running meanwhile, if any, cannot be answered from its result: a replay would never
        # see this call.
        if recognise(request) is not None:
            model_asked()
        made = Tee(request, transport, self.clock, lambda taken: self._finished(made, taken))
        with self._lock:
            self._open.add(made)
            if self._scope.learn(request):
                self._keep_from_aside()
        return made

    def flush(self) -> None:
        """Keeps what is still open as closed by the client, and counts by host what belongs to nothing."""
        # In the order in which they were asked, since the scribe numbers exchanges as it gets them.
        with self._lock:
            left = sorted(self._open, key=lambda tee: tee.at)
        # Without the lock, which a thread needs that is about to hand on what it has.
        for tee in left:
            tee.closed()
        for taken in self._aside:
            self.recorded.passed[taken.request.address] += 1
        self._aside = []

    def keep(self, taken: Taken) -> None:
        """Hands a finished exchange to the scribe."""
        # Some servers compress whatever they were asked for.
        reply = without_content_encoding(Reply(taken.events))
        protocol = recognise(taken.request)
        # OpenAI's client closes at `[DONE]`, before the connection has said that the body is over.
        if taken.closed and _whole(reply, protocol):
            reply = Reply((*reply.events[:-1], End(reply.duration)))
        with self._lock:
            kept = self._rewritten(taken.request, reply)
            if kept is None:
                self.recorded.dropped += 1
                return
            self._count(taken, reply, protocol)
            self._scribe.exchange(*kept, at=taken.at, transport=taken.transport)

    def _finished(self, tee: Tee, taken: Taken) -> None:
        with self._lock:
            self._open.discard(tee)
            if self._scope.holds(taken.request):
                self.keep(taken)
            else:
                self._put_aside(taken)

    def _put_aside(self, taken: Taken) -> None:
        size = sum(len(event.data) for event in taken.events if isinstance(event, Data))
        # Counted as passed by: a download of gigabytes must not be held in memory for a question that may
        # never come.
        if self._aside_bytes + size > _MOST_ASIDE:
            self.recorded.passed[taken.request.address] += 1
            return
        self._aside_bytes += size
        self._aside.append(taken)

    def _keep_from_aside(self) -> None:
        """Keeps what waited for a host that now turned out to answer for a model."""
        waited, self._aside = self._aside, []
        for taken in waited:
            if self._scope.holds(taken.request):
                self.keep(taken)
            else:
                self._aside.append(taken)

    def _rewritten(self, request: Request, reply: Reply) -> tuple[Request, Reply] | None:
        """What the scenario's hooks make of an exchange. A hook's failure is the recording's, not the agent's."""
        with Contained() as contained:
            asked = self._before_request(request) if self._before_request else request
            answer = self._before_response(reply) if self._before_response else reply
        if contained.error is not None:
            # Told at the end: raised here, it would reach the agent as an error of its request.
            self.failure = self.failure or contained.error
            return None
        return None if asked is None or answer is None else (asked, answer)

    def _count(self, taken: Taken, reply: Reply, protocol: WireProtocol | None) -> None:
        recorded = self.recorded
        recorded.calls += 1
        recorded.hosts[taken.request.address] += 1
        recorded.transports[taken.transport] += 1
        recorded.statuses[reply.status] += 1
        if not reply.ended:
            recorded.broken += 1
            recorded.failures.append(f"{taken.request.host}: {reply.events[-1]!r}")
        usage = protocol.parse(reply).usage if protocol and reply.head else None
        if usage is not None:
            recorded.input_tokens += usage.input_tokens
            recorded.output_tokens += usage.output_tokens


def _whole(reply: Reply, protocol: WireProtocol | None) -> bool:
    """Whether everything that matters had arrived when the client closed the reply."""
    if reply.head is None:
        return False
    length = reply.header("content-length")
    if length.isdigit():
        return len(reply.body) >= int(length)
    return protocol is not None and protocol.parse(reply).complete
