"""The contract of a fault: a frozen value with bounded fields that turns one reply, or one tool result, into another.

The bounds are the search space. Whole-number fields (at most two, required, 0 or the lower bound = mildest) are
drawn; the other fields (a boundary, a variant) are chosen from `openings`. Field order is: kind, choices, numbers.

What ranks and groups faults stands on the fault, as class attributes, and nowhere else. A search takes families in the
order of `family.priority`, in a family the faults that are met most (`frequency`), of a fault the choices that
`try_first` names before the others; a shrink prefers a milder `family`; the laws of `tests/faults` hold each fault to its
`changes`, `transparent` and `needs`.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from annotated_types import Ge, Le
from pydantic import BaseModel, ConfigDict

from agent_chaos.cassette.model import ToolEnd
from agent_chaos.errors import HarnessError
from agent_chaos.faults.family import Family, Frequency
from agent_chaos.files import told_with_place
from agent_chaos.providers.plain_http import PLAIN
from agent_chaos.providers.protocol import WireProtocol
from agent_chaos.stream.exchange import Reply, Request
from agent_chaos.stream.framing.framing import Frame, Framing

Level = Literal["transport", "stream", "message", "tool", "conversation"]
"""Where a fault acts; a plan holds at most one fault per site and level, applied message, stream, transport."""

Heard = Literal["turn", "text", "calls", "other_parts", "stop", "usage", "end", "error"]
"""What a client hears of a model's turn: its text, its tool calls with ids, its other parts (reasoning, blocks without a
neutral meaning), why it stopped, the tokens, that it ended, an error in the body; `turn` is all of it."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """The whole numbers that a search draws a field from, where more than those are valid."""

    low: int
    high: int


Seconds = Annotated[int | float, Ge(0), Le(1_000_000)]
"""How long a fault may be asked to wait, in virtual seconds; a search draws whole ones from less (`Drawn`)."""

Choice = Mapping[str, Any]
"""Values for the fields of a fault that are not whole numbers."""


@dataclass(frozen=True, slots=True)
class Target:
    """What a wire fault acts on: the request, the reply as it would be served, and the protocol they speak."""

    request: Request
    reply: Reply
    protocol: WireProtocol

    @property
    def framing(self) -> Framing | None:
        """How the reply is streamed; None where it is whole."""
        return self.protocol.framing(self.reply)

    @property
    def streamed(self) -> bool:
        return self.framing is not None

    @property
    def frames(self) -> tuple[Frame, ...]:
        """The messages of a streamed reply; none where it is whole."""
        return self.framing.frames_of(self.reply) if self.framing else ()


@dataclass(frozen=True, slots=True)
class Given:
    """What a tool gave to another call of the recording, and whether that was before."""

    arguments: Any
    result: Any
    earlier: bool


@dataclass(frozen=True, slots=True)
class ToolTarget:
    """What a tool fault acts on: the call as recorded. `arguments` is a JSON value, `end` how the call ended.

    `others` are the recording's other calls of the tool.
    """

    name: str
    arguments: Any
    end: ToolEnd
    others: tuple[Given, ...] = ()


class Fault(BaseModel, ABC):
    """A fault, of any level. `kind` is its name in plans."""

    # Built when it is first used: of a hundred faults a plan has a few, and a validator for each would cost
    # every command's start.
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    level: ClassVar[Level]
    family: ClassVar[Family]
    """What one sample of it stands for; see `faults.family`, which a new fault may add to by a value of its own."""
    frequency: ClassVar[Frequency]
    """How often it is met in production; of a fault with shapes, the shape that is met most."""
    changes: ClassVar[tuple[Heard, ...]] = ()
    """Its effect: everything in the recorded turn that a client may hear otherwise; nothing by default. For faults of
    replies only, since what a tool fault does stands in its `ToolOutcome`."""
    needs: ClassVar[frozenset[str]] = frozenset()
    """What a protocol must carry for the fault to exist there: names of `WireProtocol.carries`, or the name of the one
    protocol or vendor that sends it; or of what an API of embeddings carries. Empty where every protocol can."""
    try_first: ClassVar[tuple[str, ...]] = ()
    """Values of its choices that found most in real agents, best first; a search begins with them."""
    transparent: ClassVar[bool] = False
    """Whether a correct stack recovers from one occurrence with the same answer."""
    searched: ClassVar[bool] = True
    """Whether a search draws it; what is not searched is for scenarios that name it."""
    endless: ClassVar[bool] = False
    """Whether it goes on by itself for as long as the agent asks: what comes after it is no place for other faults."""

    kind: str

    @classmethod
    def fits(cls, protocol: WireProtocol) -> bool:
        """Whether a protocol carries what the fault needs."""
        # The first framing stands for the protocol: it is that of the API's own host, and a fault of event
        # streams exists there though another host of the same API (Bedrock) frames them otherwise.
        return cls.needs <= protocol.carries | protocol.specifics.named | protocol.framings[0].carries

    @property
    def own_frequency(self) -> Frequency:
        """How often this very fault is met: as often as its kind, unless one of its choices is met less."""
        return self.frequency

    def describe(self) -> str:
        """The fault in words, as a report says it: 'the stream ends inside a number'."""
        return self.kind.replace("_", " ")


class WireFault(Fault):
    """A fault that acts on a reply."""

    @classmethod
    @abstractmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        """The choices that make sense at this target, mildest first; `({},)` where there is nothing to choose.

        Empty where the fault cannot act here. Must agree with `apply`: what an opening allows changes the reply.
        """

    @abstractmethod
    def apply(self, target: Target) -> Reply:
        """The reply to serve instead. Time never runs backwards in it, and the frames before the change are kept.

        Where the fault cannot act on this target it returns `target.reply` itself, and counts as not fired.
        """

    def rest(self, target: Target) -> Reply | None:
        """What a client gets that asks the model to go on, where the fault held back a part of the reply; else None."""
        return None


def fault_failed(kind: str, error: Exception) -> HarnessError:
    """What is raised for a fault whose own code failed: it may be other people's."""
    return HarnessError(
        f"fault {kind} failed: {told_with_place(error)}; mend it, or leave it out: --skip-faults {kind}"
    )


def target_of(
    kind: type[WireFault], request: Request, reply: Reply, protocol: WireProtocol | None
) -> Target | None:
    """What a kind of fault acts on; None where the protocol is not known, and more than the transport would change."""
    if protocol is None and not issubclass(kind, TransportFault):
        return None
    # What status, headers and bytes there are can be changed without knowing what they mean.
    return Target(request=request, reply=reply, protocol=protocol or PLAIN)


class TransportFault(WireFault, ABC):
    """Acts on status, headers, bytes and time."""

    level: ClassVar[Level] = "transport"


class StreamFault(WireFault, ABC):
    """Acts on the events of a stream."""

    level: ClassVar[Level] = "stream"


class MessageFault(WireFault, ABC):
    """Acts on the model turn, re-rendered by its protocol."""

    level: ClassVar[Level] = "message"


@dataclass(frozen=True, slots=True)
class ToolOutcome:
    """What a faulted tool call does: ends as `end` says.

    `performed` says whether the tool's effect landed, whatever the agent is told of it; `delay_s` is virtual time spent
    on top of what the call took when it was recorded.
    """

    end: ToolEnd
    performed: bool = True
    delay_s: float = 0.0


class ToolFault(Fault):
    """A fault at the tool boundary."""

    level: ClassVar[Level] = "tool"

    @classmethod
    @abstractmethod
    def openings(cls, target: ToolTarget) -> tuple[Choice, ...]:
        """As for wire faults."""

    @abstractmethod
    def apply(self, target: ToolTarget) -> ToolOutcome:
        """What the tool does instead."""
