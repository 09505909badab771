"""Answers a replayed run: requests from the player, tools from the toolbox, everything onto the tape."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from agent_chaos.cassette.model import ToolEnd
from agent_chaos.chaos.trigger import CallContext
from agent_chaos.errors import BudgetStop, ReplayMiss
from agent_chaos.faults.fault import Fault, ToolOutcome, ToolTarget
from agent_chaos.faults.plan import Site
from agent_chaos.patch import guard
from agent_chaos.providers.protocol import WireProtocol
from agent_chaos.providers.registry import recognise
from agent_chaos.replay.match import ExchangeIndex
from agent_chaos.replay.player import Player, ServedReply
from agent_chaos.replay.toolbox import Toolbox, ToolServed
from agent_chaos.runtime.session import Answered, Session, ToolAnswer
from agent_chaos.runtime.user_code import calling_frame
from agent_chaos.stream.exchange import Reply, Request
from agent_chaos.trace.fidelity import Fidelity
from agent_chaos.trace.trace import Call, ToolRun
from agent_chaos.trial.injector import ChaosInjector
from agent_chaos.trial.online import Online
from agent_chaos.trial.unobserved_tools import unwrapped_tools


@dataclass(slots=True)
class _Logical:
    """A logical call: its number, its latest attempt, and whether that attempt got a usable reply."""

    number: int
    attempt: int
    answered: bool


@dataclass(eq=False)
class Answerer:
    """Serves one trial. Thread-safe.

    Args:
        max_requests: HTTP requests after which the trial is stopped.
        injector: names faults besides the plan's, where a scenario configures some.
        online: answers what the recording does not, where the run may go online.
        ignore_hosts: hosts that are refused quietly.
        held: names of structured outputs; once one is served, nothing outside of this process may come of it.
    """

    session: Session
    index: ExchangeIndex
    player: Player
    toolbox: Toolbox
    max_requests: int
    ignore_hosts: Collection[str] = ()
    injector: ChaosInjector | None = None
    online: Online | None = None
    held: Collection[str] = ()
    # Re-entrant: a mutator runs under it, and is the user's code, which may call a tool.
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _calls: dict[str, _Logical] = field(default_factory=dict)
    _made: int = 0
    _unrecorded: dict[str, int] = field(default_factory=dict)
    _sent: Counter[str] = field(default_factory=Counter)
    _unseen: frozenset[str] | None = None
    _requests: int = 0
    _pending: dict[int, ToolServed] = field(default_factory=dict)
    _first_of_turn: dict[int, int] = field(default_factory=dict)
    _tool_calls: Counter[tuple[str, int]] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        if self.injector is not None:
            self._moment = CallContext(0, 0, 0)
            self.player.extra = self._reply_faults
            self.toolbox.extra = self._tool_faults

    def _reply_faults(self, exact: str, site: Site) -> Sequence[Fault]:
        assert self.injector is not None
        return self.injector.for_reply(replace(self._moment, site=site))

    def _tool_faults(self, name: str, site: Site) -> Sequence[Fault]:
        assert self.injector is not None
        return self.injector.for_tool(replace(self._moment, site=site))

    def http(self, request: Request, transport: str) -> Answered:
        """The reply to play. Raises ReplayMiss, BudgetStop or GuardRefused; each is also on the tape."""
        with self._lock:
            self._still_in_recording()
            protocol = recognise(request)
            # Before the request is counted, so that telemetry does not use up the agent's budget.
            self._refuse_strangers(request, protocol)
            self._count_request()
            logical = self._logical(request)
            if self.injector is not None:
                request = self._at_moment(request, protocol, logical)
            served = self._served(request, protocol.name if protocol else "", transport)
            logical.answered = served.reply is not None and served.reply.ok
            if self.injector is not None:
                self.injector.fired(served.fired, self._moment)
            call = self._write_call(request, transport, served, logical)
            self._hold_effects(served.reply, protocol)
            if served.reply is None:
                raise self._missed(
                    f"call {call.call}: {request.method} {request.path} was not recorded", served
                )
            return Answered(served.reply, call.seq)

    def _hold_effects(self, reply: Reply | None, protocol: WireProtocol | None) -> None:
        """From structured output on, what the agent's own code does may be what a tool would have done."""
        if self.held and reply is not None and protocol is not None:
            given = next((one.name for one in protocol.parse(reply).tool_calls if one.name in self.held), "")
            # Never cleared: what the agent writes with the output may come several calls later.
            self.session.acted_on = given or self.session.acted_on

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
        watches = guard.is_telemetry(request.host, request.path) or request.host in self.ignore_hosts
        stranger = self.online is None and not self.index.knows_host(request.host)
        if protocol is None and (watches or stranger):
            raise guard.refuse(self.session, request.host, telemetry=watches)

    def _at_moment(self, request: Request, protocol: WireProtocol | None, logical: _Logical) -> Request:
        """Notes the moment for the faults of the reply, and lets mutators at the request."""
        assert self.injector is not None
        turn = self.session.turn
        first = self._first_of_turn.setdefault(turn, logical.number)
        name = protocol.name if protocol else ""
        of_turn, now = logical.number - first, self.session.clock.now()
        self._moment = CallContext(turn, logical.number, of_turn, logical.attempt, name, at=now)
        return self.injector.request(self._moment, request)

    def _still_in_recording(self) -> None:
        # ReplayMiss may have been swallowed, by a task group or a bare `except:`. What an agent does after it
        # says nothing.
        if self.session.tape.has("miss"):
            raise ReplayMiss("the trial has left the recording")

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

    def _write_call(self, request: Request, transport: str, served: ServedReply, logical: _Logical) -> Call:
        number, attempt = self._numbered(served)
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
                frame=calling_frame(self.session.scheduler.main.ident) or self.session.agent,
            )
        )

    def _numbered(self, served: ServedReply) -> tuple[int, int]:
        """The recording's number of a call, and how often it was sent before; others are numbered on from there."""
        known = served.fidelity.answered or served.fidelity is Fidelity.DRIFT
        if known and served.site is not None:
            return served.site.index, served.site.serving
        number = self._unrecorded.setdefault(served.exact, len(self.index) + len(self._unrecorded))
        self._sent[served.exact] += 1
        return number, self._sent[served.exact] - 1

    def _logical(self, request: Request) -> _Logical:
        """The logical call an attempt belongs to.

        SDKs that number their attempts say which request is a retry of theirs, so that one of the agent's own is a call
        of its own; elsewhere an identical request whose last reply was of no use is taken for a retry.
        """
        exact = self.index.as_sent(request)
        known = self._calls.get(exact)
        # The header of SDKs that Stainless generates (OpenAI, Anthropic): 0 for the first attempt.
        numbered = request.header("x-stainless-retry-count", "")
        if known is not None and (numbered != "0" if numbered else not known.answered):
            known.attempt += 1
        else:
            known = self._calls[exact] = _Logical(self._made, 0, False)
            self._made += 1
        return known

    def tool(self, name: str, arguments: Any, *, pure: bool) -> ToolAnswer:
        """What a wrapped tool does. Raises ReplayMiss for a tool that was never recorded."""
        with self._lock:
            self._still_in_recording()
            moment = self._tool_moment(name)
            served = self.toolbox.serve(name, arguments)
            unseen = self.online is not None and not served.same_arguments
            if unseen or (pure and served.outcome is None):
                answer = ToolAnswer(name, arguments, run=True)
                # By identity: arguments may be unhashable, and two calls under way may be equal. The boundary
                # holds the answer until the tool has ended, so its id is not given out again.
                self._pending[id(answer)] = served
                return answer
            if served.record is None:
                detail = f"tool {name} was called but never recorded"
                self.session.tape.incident(self.session.clock.now(), "miss", detail)
                raise ReplayMiss(detail)
            answer = _tool_answer(name, arguments, served)
            if self.injector is not None:
                self.injector.fired(served.fired, moment)
                answer = self._rewritten(answer, moment)
            self._write_tool(answer, served, "recorded" if served.same_arguments else "nearest")
            return answer

    def runs_for_real(self, name: str) -> bool:
        """Whether the model calls the tool in the recording, and no boundary saw that."""
        if self._unseen is None:
            self._unseen = frozenset(unwrapped_tools(self.index.cassette, ()))
        return name in self._unseen

    def _tool_moment(self, name: str) -> CallContext:
        turn = self.session.turn
        earlier = sum(number for (tool, _), number in self._tool_calls.items() if tool == name)
        of_turn, now = self._tool_calls[name, turn], self.session.clock.now()
        moment = CallContext(turn, earlier, of_turn, tool=name, at=now)
        self._tool_calls[name, turn] += 1
        if self.injector is not None:
            self._moment = moment
        return moment

    def tool_ran(self, answer: ToolAnswer, end: ToolEnd) -> ToolAnswer | None:
        """Notes how a tool that ran ended; what the agent gets instead, where a fault strikes."""
        ended = replace(answer, run=False, end=end)
        with self._lock:
            served = self._pending.pop(id(answer))
            if self.online is None or served.same_arguments:
                self._write_tool(ended, served, "pure")
                return None
            return self._really_ran(ended)

    def _really_ran(self, ended: ToolAnswer) -> ToolAnswer | None:
        assert self.online is not None
        now, turn = self.session.clock.now(), self.session.turn
        index = self.online.ran(ended.name, ended.arguments, turn=turn, at=now, end=ended.end)
        # Numbered on from the recording, where the new call will stand once the branch is written.
        site = Site(of="tool", index=len(self.index.cassette.tools) + index)
        instead, fired = self.toolbox.faulted(site, ToolTarget(ended.name, ended.arguments, ended.end))
        answer = ended if instead is None else _answering(ended.name, ended.arguments, instead)
        if self.injector is not None:
            self.injector.fired(fired, self._moment)
            answer = self._rewritten(answer, self._moment)
        self._write_tool(answer, ToolServed(None, site, False, instead, fired), "real")
        return None if answer == ended else answer

    def _rewritten(self, answer: ToolAnswer, moment: CallContext) -> ToolAnswer:
        """The answer with what the scenario's own chaos makes of its result."""
        assert self.injector is not None
        result = self.injector.tool_result(moment, answer.end.result)
        return replace(answer, end=replace(answer.end, result=result))

    def _write_tool(
        self, answer: ToolAnswer, served: ToolServed, effect: Literal["recorded", "nearest", "pure", "real"]
    ) -> None:
        self.session.tape.write(
            lambda seq: ToolRun(
                seq=seq,
                turn=self.session.turn,
                at=self.session.clock.now(),
                site=served.site,
                name=self.index.model_names.get(answer.name, answer.name),
                arguments=answer.arguments,
                end=answer.end,
                effect=effect,
                fired=served.fired,
                after=self.session.tape.last_call_seq(),
                recorded=served.record.end.result if served.record is not None else None,
                duration_s=answer.delay_s,
                others=served.others,
                landed=served.outcome is None or served.outcome.performed,
                frame=calling_frame(self.session.scheduler.main.ident) or self.session.agent,
            )
        )


def _tool_answer(name: str, arguments: Any, served: ToolServed) -> ToolAnswer:
    assert served.record is not None
    record = served.record
    outcome = served.outcome or ToolOutcome(record.end, delay_s=record.duration_s)
    # A fault's delay comes on top of the recorded time; without a fault that time is the delay.
    return _answering(name, arguments, outcome, took_s=record.duration_s if served.outcome else 0.0)


def _answering(name: str, arguments: Any, outcome: ToolOutcome, *, took_s: float = 0.0) -> ToolAnswer:
    return ToolAnswer(name, arguments, end=outcome.end, delay_s=outcome.delay_s + took_s)
