"""What happened in a trial, in order, on the virtual clock. Times are virtual seconds since the trial started.

Same cassette, plan and agent: same trace, byte for byte (`Trace.digest`).
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from agent_chaos.cassette.model import RETURNED_NONE, ToolEnd
from agent_chaos.faults.fault import Fault, Given
from agent_chaos.faults.plan import Plan, Site
from agent_chaos.providers.protocol import WireProtocol
from agent_chaos.providers.registry import protocols
from agent_chaos.stream.deriving import Deriving
from agent_chaos.stream.exchange import Reply, Request
from agent_chaos.trace.fidelity import Fidelity
from agent_chaos.trace.stack_frame import StackFrame

IMPORTED_AS = "agent_chaos_target_"
"""What the module names of files that are imported by path begin with, before a digest of the path."""
# Six digits and more: an order number or a colour such as 0xFF in an agent's message is left alone.
_ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{6,}\b")
_DIGEST = re.compile(rf"\b{IMPORTED_AS}[0-9a-f]{{8}}_")


def portable(text: str) -> str:
    """The text without what differs from run to run, and from machine to machine: `0x…` for the addresses of objects, and
    `refund.Down` for a class of a file that was imported by its path."""
    return _DIGEST.sub("", _ADDRESS.sub("0x…", text))


@dataclass(frozen=True, slots=True)
class Call:
    """One HTTP attempt, as the player answered it.

    `turn` is the scenario turn; `call` the recording's number of the call, which plans and reasons use, and `attempt` how
    often it was sent before; what was never recorded is numbered on from there. `logical` counts the calls as the run made
    them, where an SDK's retries are one call and the agent's own are several. All count from 0. `reply` is what was
    served (None on a miss), `recorded` the same serving without faults. `difference` is the first
    difference to the nearest recording where the match was not exact.
    """

    seq: int
    turn: int
    call: int
    attempt: int
    logical: int
    at: float
    site: Site | None
    fidelity: Fidelity
    protocol: str
    transport: str
    request: Request
    reply: Reply | None
    recorded: Reply | None
    fired: tuple[Fault, ...] = ()
    difference: str = ""
    by_sdk: bool = False
    """Whether an SDK sent it again by itself, as the attempt that it is of its call."""
    # `repr=False` keeps it out of the digest, which is taken of the representation; a moved line is no other
    # behaviour.
    frame: StackFrame | None = field(default=None, compare=False, repr=False)
    """The line of the agent that asked; no part of what the run did, so it is left out of `Trace.digest`."""

    @property
    def wire(self) -> WireProtocol | None:
        """The protocol spoken, or None for a host without one."""
        return protocols().get(self.protocol)


@dataclass(frozen=True, slots=True)
class Delivered:
    """How the transfer of a call's reply went from the client's side.

    `outcome`: complete (read to its end), closed (the client closed it before the end), aborted (the transfer broke),
    timeout (the client's own timeout), open (still open when the trial ended). `error` names the exception raised.
    """

    seq: int
    call_seq: int
    at: float
    outcome: Literal["complete", "closed", "aborted", "timeout", "open"]
    bytes_read: int = 0
    error: str = ""


@dataclass(frozen=True, slots=True)
class ToolRun:
    """One call of a wrapped tool. `arguments` is a JSON object by parameter name; `end` how the call ended for the agent.

    `effect`: recorded (answered from the cassette, same arguments), nearest (other arguments: the nearest recorded
    result was given, nothing was performed), pure or real (the function ran). `after` is the `seq` of the last call
    before it; `recorded` the result without faults. It took `duration_s`. `landed` says whether the tool's effect counts as
    done, whatever the agent was told: not where a fault struck before it, but where only the acknowledgement was lost.
    """

    seq: int
    turn: int
    at: float
    site: Site | None
    name: str
    arguments: Any
    end: ToolEnd = RETURNED_NONE
    effect: Literal["recorded", "nearest", "pure", "real"] = "recorded"
    fired: tuple[Fault, ...] = ()
    after: int = -1
    recorded: Any = None
    duration_s: float = 0.0
    landed: bool = True
    others: tuple[Given, ...] = field(default=(), compare=False, repr=False)
    """What the tool gave to the recording's other calls of it."""
    frame: StackFrame | None = field(default=None, compare=False, repr=False)
    """The line of the agent that called it."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Virtual time that passed while nothing else could happen. `why`: sleep, timer, transfer or timeout."""

    seq: int
    at: float
    seconds: float
    why: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What the agent returned for a turn; `text` is what the user would read, `value` its JSON form."""

    seq: int
    turn: int
    at: float
    input: str
    text: str
    value: Any = None


@dataclass(frozen=True, slots=True)
class Raised:
    """The agent's turn ended in an exception.

    `type` is the qualified class name (`anthropic.RateLimitError`), `bases` the qualified names of its MRO, `where` the
    innermost function of the user's code (`agent.py:refund`), `traceback` the formatted text.
    """

    seq: int
    turn: int
    at: float
    input: str
    type: str
    message: str
    bases: tuple[str, ...]
    where: str
    traceback: str
    frame: StackFrame | None = field(default=None, compare=False, repr=False)
    """The innermost line of the agent that the exception passed through."""
    origin: StackFrame | None = field(default=None, compare=False, repr=False)
    """The line that raised it, whosever that is."""


@dataclass(frozen=True, slots=True)
class Incident:
    """Something the harness saw that is not the agent's own doing or judgement.

    `kind`: miss (left the recording), refused (guard refused a connection), effect (guard refused what would change more
    than a throw-away copy), telemetry (a known telemetry host was refused), subprocess, sqlite, file (written), copied
    (changed in a throw-away copy), thread (outlived the trial), task (of asyncio, the agent's own, not over when its last
    turn was), budget, timeout, degraded (clock not exact), harness (agent-chaos itself failed). Only miss, budget and
    timeout end a trial by themselves; refused, effect and harness make it an ERROR.
    """

    seq: int
    at: float
    kind: Literal[
        "miss",
        "refused",
        "effect",
        "telemetry",
        "subprocess",
        "sqlite",
        "file",
        "copied",
        "thread",
        "task",
        "budget",
        "timeout",
        "degraded",
        "harness",
    ]
    detail: str


TraceEvent = Call | Delivered | ToolRun | Wait | Answer | Raised | Incident


@dataclass(frozen=True)
class Trace(Deriving):
    """All entries of a trial, in order of `seq`, which counts from 0 and has no gaps.

    `probed` is no entry: the request with which the agent would have begun one turn more, where it was asked to.
    """

    plan: Plan
    entries: tuple[TraceEvent, ...]
    virtual_s: float
    transports: tuple[str, ...] = ()
    probed: tuple[Call, ...] = ()

    @cached_property
    def calls(self) -> tuple[Call, ...]:
        return tuple(entry for entry in self.entries if isinstance(entry, Call))

    @cached_property
    def deliveries(self) -> dict[int, Delivered]:
        """The delivery of each call, by the call's `seq`."""
        # One each: a transfer is noted once, as it ends.
        return {entry.call_seq: entry for entry in self.entries if isinstance(entry, Delivered)}

    @cached_property
    def tools(self) -> tuple[ToolRun, ...]:
        return tuple(entry for entry in self.entries if isinstance(entry, ToolRun))

    @cached_property
    def answers(self) -> tuple[Answer, ...]:
        return tuple(entry for entry in self.entries if isinstance(entry, Answer))

    @cached_property
    def raised(self) -> tuple[Raised, ...]:
        return tuple(entry for entry in self.entries if isinstance(entry, Raised))

    @cached_property
    def incidents(self) -> tuple[Incident, ...]:
        return tuple(entry for entry in self.entries if isinstance(entry, Incident))

    @cached_property
    def fired(self) -> tuple[tuple[Site, Fault], ...]:
        """The faults that changed something, with their sites, in the order they fired."""
        out: list[tuple[Site, Fault]] = []
        for entry in self.entries:
            # What was never recorded has no site, and no fault can be placed there.
            if isinstance(entry, (Call, ToolRun)) and entry.site is not None:
                out += [(entry.site, fault) for fault in entry.fired]
        return tuple(out)

    @cached_property
    def left_at(self) -> int | None:
        """`seq` of the first entry where replay was no longer at full fidelity, or None if it always was."""
        for entry in self.entries:
            # A reply that stands in for another counts as leaving, as a miss does: findings beyond it need
            # a judgement of their own.
            if isinstance(entry, Call) and not entry.fidelity.full:
                return entry.seq
            if isinstance(entry, Incident) and entry.kind == "miss":
                return entry.seq
        return None

    def incidents_of(self, *kinds: str) -> tuple[Incident, ...]:
        return tuple(incident for incident in self.incidents if incident.kind in kinds)

    @cached_property
    def digest(self) -> str:
        """A digest of everything in the trace; equal for equal runs."""
        # Of the representation, which nested dataclasses give for nothing; what is no behaviour is kept out
        # of it by `repr=False`.
        text = portable(repr(self.entries))
        return hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=16).hexdigest()
