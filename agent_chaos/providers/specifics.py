"""What only some providers do, as data on their protocols: faults that exist for one provider ask here, not for its name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from dataclasses import fields as dataclass_fields

from agent_chaos.providers.turn import ErrorKind, Opaque, Part, RawFields, StopReason

REFUSING = "I'm sorry, but I can't help with that request."
"""What models say that refuse."""


@dataclass(frozen=True, slots=True)
class Refused:
    """An error for one request: its kind, and the fields of the error object that differ from the ordinary ones."""

    kind: ErrorKind
    fields: RawFields


@dataclass(frozen=True, slots=True)
class WordedRefusal:
    """How a reply refuses in words: the part that holds them, and why it stopped, in the API's own word.

    `apart` says that they stand in a field of their own, which clients do not take for an answer's text.
    """

    part: Part
    stop: StopReason
    stop_raw: str
    apart: bool = False


@dataclass(frozen=True, slots=True)
class ChunkPlaces:
    """Where a chunk of a stream lists its choices, and what a choice calls its content and its reason to stop.

    `named_always` says that a choice names both in every chunk, empty or null where it has none.
    """

    choices: str
    content: str
    stop: str
    named_always: bool


@dataclass(frozen=True, slots=True)
class Specifics:
    """Each field is empty where the provider has no such thing.

    Attributes:
        answer: the key of a whole body that holds a list of what the model said.
        null_places: by what it says, where a reply may hold `null`: the `type` of an object or the key that it stands under
            (empty for any), and the key of the value.
        unknown_part: a block of a type that clients do not know, as the API would write it.
        signed_reasoning: `extra` of reasoning that carries a signature, which the client must send back as it is.
        lost_state: by reason, how a request is refused that goes on from state the server does not have or cannot go on
            from; `{previous}` stands for what the request names.
        empty_stops: stop reasons of its own with which a reply without content ends, and what they mean.
        worded_refusal: how a reply refuses in words that stand in it as an answer would.
        blocked_prompt: `extra` of the turn that says that the prompt itself was blocked.
        flat_error: an error event of a running stream with its fields at the top, as some servers send it.
        spend_limits: by error code, what is said of an account that has spent what it may, in the status of a rate limit.
        ramp_limit: what is said of an account whose use grows too fast, in the status of a rate limit.
        early_stops: stop reasons with which a reply breaks off after a part of its content, and what they mean.
        chunks: how a stream is divided, where each of its frames is a reply of its own with a part of the content.
        failures: by code, what a reply says that reports in its own status that it failed.
    """

    answer: str = ""
    null_places: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    unknown_part: Opaque | None = None
    signed_reasoning: RawFields = field(default_factory=dict)
    lost_state: Mapping[str, Refused] = field(default_factory=dict)
    empty_stops: Mapping[str, StopReason] = field(default_factory=dict)
    worded_refusal: WordedRefusal | None = None
    blocked_prompt: RawFields = field(default_factory=dict)
    flat_error: bytes = b""
    spend_limits: Mapping[str, str] = field(default_factory=dict)
    ramp_limit: str = ""
    early_stops: Mapping[str, StopReason] = field(default_factory=dict)
    chunks: ChunkPlaces | None = None
    failures: Mapping[str, str] = field(default_factory=dict)

    @property
    def named(self) -> frozenset[str]:
        """The fields that are not empty."""
        return frozenset(one.name for one in dataclass_fields(self) if getattr(self, one.name))
