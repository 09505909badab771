"""Kingfisher's rules as a second opinion on a text: https://github.com/mongodb/kingfisher (an optional package)."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from agent_chaos.cassette.redaction.audit import Opinion

NEEDS = "agent-chaos[audit]"
"""What to install for it."""


def kingfisher() -> Opinion | None:
    """The opinion of Kingfisher; None where it is not installed. It compiles its rules once per machine, in seconds."""
    if find_spec("kingfisher_sdk") is None:
        return None
    scanner: Any = import_module("kingfisher_sdk").Scanner()

    def opinion(text: str) -> Sequence[str]:
        found = scanner.scan(text.encode("utf-8", "replace"))
        return [str(one.rule_name) for one in found if one.visible]

    return opinion
