"""Answers the requests of a replayed run from its player, and writes each call onto the tape."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from agent_chaos.chaos.trigger import CallContext
from agent_chaos.errors import BudgetStop, ReplayMiss
from agent_chaos.faults.fault import Fault
from agent_chaos.faults.plan import Site
from agent_chaos.patch import guard
from agent_chaos.providers.protocol import WireProtocol
from agent_chaos.providers.registry import recognise
from agent_chaos.replay.match import ExchangeIndex
from agent_chaos.replay.player import Player, ServedReply
from agent_chaos.runtime.answer import Answered
from agent_chaos.runtime.session import Session
from agent_chaos.runtime.user_code import retried_by_genai
from agent_chaos.stream.exchange import Reply, Request
from agent_chaos.stream.json_strings import strings
from agent_chaos.trace.trace import Call
from agent_chaos.trial.call_numbers import CallNumbers, LogicalCall, numbered_attempt
from agent_chaos.trial.injector import ChaosInjector
from agent_chaos.trial.online import Online

_TELLING = 3
"""Letters of a text that is not met by chance."""


@dataclass(eq=False)
class HttpAnswers:
    """Serves the requests of one trial, one at a time.

    Args:
        max_requests: HTTP requests after which the trial is stopped.
        ignore_hosts: hosts that are refused quietly.
        injector: names faults besides the plan's, where a scenario configures some.
        online: answers what the recording does not, where the run may go online.
        at_boundary: tools of which it is noted that the model asked for them, until their boundary is met.
        held: calls of the model, by name, with what it does by them in words; once one is served, nothing outside of this process
            may come of it.
    """

    session: Session
    index: ExchangeIndex
    player: Player
    max_requests: int
    ignore_hosts: Collection[str] = ()
    injector: ChaosInjector | None = None
    online: Online | None = None
    held: Mapping[str, str] = field(default_factory=dict)
    at_boundary: Collection[str] = ()
    _numbers: CallNumbers = field(init=False)
    _requests: int = 0
    _first_of_turn: dict[int, int] = field(default_factory=dict)
    _moment: CallContext = field(default_factory=lambda: CallContext(0, 0, 0))

    def __post_init__(self) -> None:
        self._numbers = CallNumbers(len(self.index))
        if self.injector is not None:
            # Set here, since the player is made before the moment that the faults depend on is known.
            self.player.extra = self._faults

    def _faults(self, exact: str, site: Site) -> Sequence[Fault]:
        assert self.injector is not None
        return self.injector.for_reply(replace(self._moment, site=site))

    def answer(self, request: Request, transport: str) -> Answered:
        """The reply to play. Raises ReplayMiss, BudgetStop or GuardRefused; each is also on the tape."""
        # First of all, so that what is worked out of this request is kept with the one object that all runs
        # have of it.
        request = self.index.requests.shared(request)
        protocol = recognise(request)
        # Before the request is counted, so that telemetry does not use up the agent's budget.
        self._refuse_strangers(request, protocol)
        self._count_request()
        logical = self._numbers.logical(self.index.requests.as_sent(request), request)
        if self.injector is not None:
            # Before it is matched: what a mutator made of it is what the agent asks.
            request = self._at_moment(request, protocol, logical)
        served = self._served(request, protocol.name if protocol else "", transport)
        logical.answered = served.reply is not None and served.reply.ok
        if self.injector is not None:
            self.injector.fired(served.fired, self._moment)
        # Also of a miss, before it is raised: oracles read from the tape what was asked.
        call = self._write_call(request, transport, served, logical)
        self._hold_effects(served.reply, protocol)
        if served.reply is None:
            raise self._missed(f"call {call.call}: {request.method} {request.path} was not recorded", served)
        return Answered(served.reply, call.seq)

    def _hold_effects(self, reply: Reply | None, protocol: WireProtocol | None) -> None:
        """From structured output on, what the agent's own code does may be what a tool would have done."""
        if (self.held or self.at_boundary) and reply is not None and protocol is not None:
            calls = protocol.parse(reply).tool_calls
            self.session.asked_for.update(
                {one.name: _texts(one.arguments) for one in calls if one.name in self.at_boundary}
            )
            given = next((one.name for one in calls if one.name in self.held), "")
            # Never cleared: what the agent writes with the output may come several calls later.
            if given:
                self.session.acted_on = f"{self.held[given]} {given}"

    def _served(self, request: Request, protocol: str, transport: str) -> ServedReply:
        """The player's answer; where it has none and the run is online, the real provider's."""
        at, turn = self.session.clock.now(), self.session.turn
        served = self.player.serve(request, protocol, turn)
        if served.reply is not None or self.online is None:
            return served
        # What speaks no protocol, and goes to a host the recording does not know, is answered but not kept.
        keep = bool(protocol) or self.index.knows_host(request.host)
        with self.session.scheduler.excused():
            index, reply = self.online.ask(request, turn=turn, at=at, transport=transport, keep=keep)
        # Learnt and then served like a recorded reply, so that faults of the plan can strike it.
        self.player.learn(request, reply, protocol, index)
        return self.player.serve(request, protocol, turn)

    def _refuse_strangers(self, request: Request, protocol: WireProtocol | None) -> None:
        """Refuses what only watches, and hosts that nothing was recorded from."""
        if protocol is not None:
            return
        watches = guard.is_telemetry(request.host, request.path) or request.host in self.ignore_hosts
        stranger = self.online is None and not self.index.knows_host(request.host)
        if watches or stranger:
            raise guard.refuse(self.session, request.host, telemetry=watches)

    def _at_moment(self, request: Request, protocol: WireProtocol | None, logical: LogicalCall) -> Request:
        """Notes the moment for the faults of the reply, and lets mutators at the request."""
        assert self.injector is not None
        turn = self.session.turn
        first = self._first_of_turn.setdefault(turn, logical.number)
        name = protocol.name if protocol else ""
        of_turn, now = logical.number - first, self.session.clock.now()
        self._moment = CallContext(turn, logical.number, of_turn, logical.attempt, name, at=now)
        return self.injector.request(self._moment, request)

    def _count_request(self) -> None:
        self._requests += 1
        if self._requests > self.max_requests:
            detail = f"more than {self.max_requests} requests"
            self.session.tape.incident(self.session.clock.now(), "budget", detail)
            raise BudgetStop(detail)

    def _missed(self, what: str, served: ServedReply) -> ReplayMiss:
        detail = f"{what}; nearest differs at {served.difference}" if served.difference else what
        self.session.tape.incident(self.session.clock.now(), "miss", detail)
        return ReplayMiss(detail)

    def _write_call(
        self, request: Request, transport: str, served: ServedReply, logical: LogicalCall
    ) -> Call:
        number, attempt = self._numbers.recorded(served)
        return self.session.tape.write(
            lambda seq: Call(
                seq=seq,
                turn=self.session.turn,
                call=number,
                attempt=attempt,
                logical=logical.number,
                at=self.session.clock.now(),
                site=served.site,
                fidelity=served.fidelity,
                protocol=served.protocol,
                transport=transport,
                request=request,
                reply=served.reply,
                recorded=served.recorded,
                fired=served.fired,
                difference=served.difference,
                by_sdk=_is_by_sdk(request, logical),
                frame=self.session.calling_line(),
            )
        )


def _is_by_sdk(request: Request, logical: LogicalCall) -> bool:
    numbered = numbered_attempt(request)
    # The stack is walked only for what is sent again without a number: most requests are neither.
    return numbered > 0 or (numbered < 0 and logical.attempt > 0 and retried_by_genai())


def _texts(arguments: str) -> tuple[str, ...]:
    """The texts in a call's arguments by which what it does would be known."""
    return tuple(one.text for one in strings(arguments) or () if one.name and len(one.text) >= _TELLING)
