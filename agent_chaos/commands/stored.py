"""Stored failures, by the names people give them: an id (`F-7Q2K`) or the file it lies in."""

from __future__ import annotations

import re
from pathlib import Path

from agent_chaos.errors import UsageError
from agent_chaos.search.campaign import Failure
from agent_chaos.search.corpus import Corpus

_ID = re.compile(r"F-[0-9A-Z]{4,12}", re.IGNORECASE)


def is_name(text: str) -> bool:
    """Whether the text names a failure rather than a scenario."""
    return bool(_ID.fullmatch(text)) or text.endswith(".json")


def named(name: str) -> Failure:
    """One stored failure. Raises UsageError where there is none, or its file is not one."""
    if _ID.fullmatch(name):
        return Corpus().load(name)
    path = Path(name)
    if not path.is_file() or not _ID.fullmatch(path.stem):
        raise UsageError(f"{name}: not a stored failure; name one by its id, as F-7Q2K")
    return Corpus(path.parent).load(path.stem)


def every() -> list[Failure]:
    """All stored failures. Raises UsageError for a file that is not one."""
    return Corpus().load_all()
