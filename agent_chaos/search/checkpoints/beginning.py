"""What the results of a campaign depend on. Two campaigns of which all of it is equal have equal results for equal plans."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from hashlib import blake2b
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from agent_chaos.files import relative
from agent_chaos.runtime.user_code import is_agents
from agent_chaos.search.corpus.failure_files import versions_of
from agent_chaos.search.failure import Failure
from agent_chaos.search.selection import Selection
from agent_chaos.search.subject import Subject


class CampaignSelection(Selection):
    """What was to be searched, as it was asked for."""

    exhaustive: bool = False
    until_covered: bool = False
    allow_real_tools: bool = False


class Beginning(BaseModel):
    """The first record of a checkpoint.

    `code` holds a digest of each file of the agent's own code, `stored` the failures that were stored before it began,
    which are run first, and `shard` which part of the campaign it is (`3/8`).
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    format: Literal["agent-chaos checkpoint"] = "agent-chaos checkpoint"
    version: Literal[1] = 1
    scenario: str
    target: str
    cassette_digest: str
    versions: dict[str, str]
    code: dict[str, str]
    seed: int
    max_examples: int
    shard: str = "1/1"
    selection: CampaignSelection = CampaignSelection()
    stored: tuple[Failure, ...] = ()

    @classmethod
    def of(
        cls,
        subject: Subject,
        *,
        seed: int,
        max_examples: int,
        shard: str,
        selection: CampaignSelection,
        stored: tuple[Failure, ...],
    ) -> Beginning:
        """That of a campaign of a subject that is ready, now."""
        return cls(
            scenario=subject.name,
            target=subject.target,
            cassette_digest=subject.cassette_digest,
            versions=versions_of(subject),
            code=dict(_code_digests()),
            seed=seed,
            max_examples=max_examples,
            shard=shard,
            selection=selection,
            stored=stored,
        )

    def differences(self, now: Beginning) -> Iterator[str]:
        """What differs in another campaign of the scenario, so that its results are others, each in words."""
        if self.cassette_digest != now.cassette_digest:
            yield "the recording is another one"
        # only what both loaded: a module that a command over several scenarios imported says nothing of this one
        for file in sorted(self.code.keys() & now.code.keys()):
            if self.code[file] != now.code[file]:
                yield f"{file} was changed"
        for name, was, is_now in (
            *_items(self.versions, now.versions, ""),
            ("--seed", self.seed, now.seed),
            *_items(self.selection.model_dump(), now.selection.model_dump(), "--"),
        ):
            if was != is_now:
                yield f"{name} was {_said(was)}, and is {_said(is_now)}"


def _items(
    was: Mapping[str, object], now: Mapping[str, object], before: str
) -> Iterator[tuple[str, object, object]]:
    for name in sorted(was.keys() | now.keys()):
        yield f"{before}{name.replace('_', '-')}", was.get(name), now.get(name)


def _said(value: object) -> str:
    return (",".join(value) if isinstance(value, tuple) else str(value or "")) or "not given"


def _code_digests() -> Iterator[tuple[str, str]]:
    """The files of the agent's own code that are imported, as users know them, each with a digest of its text."""
    # A copy: to look at a module's attributes may import others.
    for module in list(sys.modules.values()):
        file = getattr(module, "__file__", None)  # modules made by hand have none
        if isinstance(file, str) and file.endswith(".py") and is_agents(file) and Path(file).is_file():
            yield relative(file), blake2b(Path(file).read_bytes(), digest_size=8).hexdigest()
