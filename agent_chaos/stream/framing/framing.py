"""The contract of a framing: how a stream of messages is cut out of a body, and how a message is written into one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agent_chaos.stream.exchange import Reply


@dataclass(frozen=True, slots=True)
class Frame:
    """One message of a stream and the bytes it came from.

    `raw` includes what ends the message, or lacks it in an unterminated tail (`complete` is False). `data` is what the
    message carries, as text, and `event` its name; both are empty where it has none, and `has_data` tells a message
    without data from one whose data is empty. `start` and `end` are offsets into the body.
    """

    raw: bytes
    event: str
    data: str
    start: int
    end: int
    has_data: bool = True
    complete: bool = True


class Framing(ABC):
    """One framing. Instances hold no state."""

    name: str
    content_type: str
    """What a stream of this framing is sent as."""

    # By names and not by methods that may be missing: a fault asks before it is placed, not as it strikes.
    carries: frozenset[str] = frozenset()
    """What streams of it have besides messages; faults name what they need of it: `control_frames` say nothing, `frame_ends`
    are what a message is not one without, `keep_alives` may stand between messages, `optional_names` may be missing from a
    message, `respellings` say the same in other bytes.
    """

    self_evident: bool = True
    """Whether a stream of this framing can be told from a whole body without knowing the protocol."""

    sealed: bool = False
    """Whether lengths and checksums stand around the data, so that only `with_data` can change a message and leave it one."""

    @abstractmethod
    def holds(self, reply: Reply) -> bool:
        """Whether a body is a stream of this framing: by its first bytes, or by its content type where they do not tell."""

    @abstractmethod
    def frames(self, body: bytes) -> tuple[Frame, ...]:
        """Every message of a body; their `raw` values joined are the body. Linear in the length of the body."""

    @abstractmethod
    def frame(self, data: str, *, event: str = "", newline: str = "\n") -> bytes:
        """The bytes of one message; what a framing has no names or line ends for is left out."""

    @abstractmethod
    def with_data(self, one: Frame, data: str) -> bytes:
        """The bytes of a message with other data, and all else as it was."""

    def frames_of(self, reply: Reply) -> tuple[Frame, ...]:
        """The messages of a reply, cut out once for as long as it lives."""
        return reply.derived(("frames", self.name), lambda: self.frames(reply.body))

    def joined(self, raws: Sequence[bytes]) -> list[bytes]:
        """Frames as they stand one behind the other, also where the first or last of them came from elsewhere."""
        return list(raws)

    def newline_of(self, body: bytes) -> str:
        """The line end that a body uses first; a line feed where it has none."""
        at = body.find(b"\n")
        return "\r\n" if at > 0 and body[at - 1 : at] == b"\r" else "\n"

    def respellings(self, raw: bytes) -> Mapping[str, bytes]:
        """Other bytes that say what a frame says, by name; a spelling that changes nothing may be among them."""
        return {}

    def control_frames(self, newline: str) -> Mapping[str, bytes]:
        """Frames that carry nothing and that a client must pass over, by name."""
        return {}

    def without_name(self, raw: bytes) -> bytes:
        """A frame without the name of its event."""
        return raw

    def without_end(self, raw: bytes) -> bytes:
        """A frame without the bytes that end it; the same where a client can do without them."""
        return raw
