"""The results in a campaign's file, by their tasks.

    preamble   16 bytes that say what the file is
    frame      as in a cassette: length, kind, checksum, zstd(content)
    content    of the first: what the results depend on; of each result: a digest of its task, the real seconds since the
               campaign began, the result; at the end of a campaign: the same without a task, and how it ended. As JSON

What stands behind a frame that is not whole, as where the process was killed, is not used.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from agent_chaos.cassette.storage.frames import BrokenRecord, framed, read_frame, unpacked
from agent_chaos.errors import AgentChaosError, HarnessError, UsageError
from agent_chaos.search.campaign import ShrinkStep
from agent_chaos.search.checkpoints.beginning import Beginning
from agent_chaos.search.example import Example
from agent_chaos.search.failure import PlanField
from agent_chaos.search.shrink import ShrinkResult, ShrinkTask

PREAMBLE: Final = b"agent-chaos 1.0\n"
BEGINNING, EXAMPLE, SHRUNK, END = 1, 2, 3, 4
_STARTS = struct.Struct("<16sd")
_EXAMPLES: TypeAdapter[Example] = TypeAdapter(Example)


class KeptShrink(BaseModel):
    """The result of shrinking, without the run that shows it, which is run again where it is asked for."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    fingerprint: str
    plan: PlanField
    smallest: bool
    checks: int
    runs: int
    reproduced: bool
    others: dict[str, PlanField]
    steps: tuple[ShrinkStep, ...] = ()
    came_back: bool = True

    @classmethod
    def of(cls, task: ShrinkTask, result: ShrinkResult) -> KeptShrink:
        return cls(
            fingerprint=task.fingerprint,
            plan=result.plan,
            smallest=result.smallest,
            checks=result.checks,
            runs=result.runs,
            reproduced=result.reproduced,
            others=result.others,
            steps=result.steps,
            came_back=result.came_back,
        )


class CampaignEnd(BaseModel):
    """That a campaign came to its end, or was ended by Ctrl-C."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    interrupted: bool


@dataclass
class _Index:
    """Where each result stands in the file, and the end of what is whole."""

    examples: dict[bytes, int] = field(default_factory=dict)
    shrinks: dict[bytes, int] = field(default_factory=dict)
    end: int = 0
    seconds: float = 0.0
    interrupted: bool = True


class KeptResults:
    """The results of one campaign, or of one shard of it, as its file has them.

    `seconds` is how long it took until its last result; `interrupted` says that it did not come to its end. `end` counts
    the bytes that are whole.

    Raises:
        UsageError: the file is not there, or is none of these, or one of a newer version.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            with path.open("rb") as file:
                # Mapped: of ten thousand results a campaign that goes on needs each once, and never all of
                # them.
                self._data = mmap(file.fileno(), 0, access=ACCESS_READ)
        except (OSError, ValueError) as exc:
            raise UsageError(f"{path}: cannot be read ({exc})") from None
        self.beginning, start = self._begins()
        index = self._indexed(start)
        self._examples, self._shrinks = index.examples, index.shrinks
        self.end, self.seconds, self.interrupted = index.end, index.seconds, index.interrupted
        # `merge` walks through the examples, and then asks for each by its plan.
        self._latest: tuple[int, Example | None] = (0, None)

    def close(self) -> None:
        self._data.close()

    def example(self, task: bytes) -> Example | None:
        """The example of a plan's `key`, where it was run."""
        at = self._examples.get(task)
        return None if at is None else self._example_at(at)

    def examples(self) -> Iterator[Example]:
        """Every example, in the order in which they were told."""
        return map(self._example_at, self._examples.values())

    def shrunk(self, task: ShrinkTask) -> KeptShrink | None:
        """What a failure was made into, where the same was asked for."""
        at = self._shrinks.get(key_of_shrink(task))
        return None if at is None else KeptShrink.model_validate(self._value(at))

    def shrinks(self) -> Iterator[KeptShrink]:
        """Everything that was made small."""
        return (KeptShrink.model_validate(self._value(at)) for at in self._shrinks.values())

    def _begins(self) -> tuple[Beginning, int]:
        if self._data[: len(PREAMBLE)] != PREAMBLE:
            raise UsageError(f"{self.path}: expected what 'agent-chaos fuzz' left, of this version")
        try:
            first = read_frame(self._data, len(PREAMBLE))
            return Beginning.model_validate(json.loads(unpacked(first))), first.end
        except (BrokenRecord, ValueError, ValidationError, AgentChaosError) as exc:
            raise UsageError(f"{self.path}: its first record cannot be read ({exc})") from None

    def _indexed(self, start: int) -> _Index:
        index = _Index(end=start)
        while index.end < len(self._data):
            try:
                frame = read_frame(self._data, index.end)
                task, index.seconds = _STARTS.unpack_from(content := unpacked(frame))
            # A killed process leaves half a record at the end; what is before it is whole, and the next one
            # is written over it.
            except (BrokenRecord, struct.error):
                break
            index.interrupted = True  # until an end comes that says otherwise
            if frame.kind == EXAMPLE:
                # The first one counts, since that is what the strategy was told.
                index.examples.setdefault(task, frame.offset)
            elif frame.kind == SHRUNK:
                index.shrinks.setdefault(task, frame.offset)
            elif frame.kind == END:
                index.interrupted = CampaignEnd.model_validate(_json(content)).interrupted
            index.end = frame.end
        return index

    def _example_at(self, offset: int) -> Example:
        at, example = self._latest
        if example is None or at != offset:
            try:
                example = _EXAMPLES.validate_python(self._value(offset))
            except (ValidationError, AgentChaosError) as exc:
                raise HarnessError(f"{self.path}: offset {offset}: not a result ({exc})") from None
            self._latest = offset, example
        return example

    def _value(self, offset: int) -> Any:
        return _json(unpacked(read_frame(self._data, offset)))


def _json(content: bytes) -> Any:
    return json.loads(content[_STARTS.size :])


def key_of_shrink(task: ShrinkTask) -> bytes:
    """A digest of what is to be made small, and with how many runs."""
    text = f"{task.max_runs} {task.fingerprint} {task.plan.to_json()}"
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def frame_of_beginning(beginning: Beginning) -> bytes:
    return framed(BEGINNING, _text(beginning.model_dump(mode="json")))


def frame_of_example(example: Example, seconds: float) -> bytes:
    value = _EXAMPLES.dump_python(example, mode="json")
    return framed(EXAMPLE, _STARTS.pack(example.plan.key, seconds) + _text(value))


def frame_of_shrink(task: ShrinkTask, result: ShrinkResult, seconds: float) -> bytes:
    value = KeptShrink.of(task, result).model_dump(mode="json")
    return framed(SHRUNK, _STARTS.pack(key_of_shrink(task), seconds) + _text(value))


def frame_of_end(end: CampaignEnd, seconds: float) -> bytes:
    return framed(END, _STARTS.pack(bytes(16), seconds) + _text(end.model_dump(mode="json")))


def _text(value: Any) -> bytes:
    # not pydantic's own JSON, which has no lone surrogates; agents and models do
    return json.dumps(value, separators=(",", ":")).encode()
