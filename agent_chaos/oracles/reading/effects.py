"""Which tools change something, and which only look: told by their names, where nothing else tells it."""

from __future__ import annotations

import re

_READS = re.compile(
    "browse|calculate|calculator|check|compare|compute|count|describe|divide|estimate|fetch|find|forecast|get|has|is|list|"
    "load|look|lookup|multiply|parse|query|read|retrieve|search|show|subtract|summarize|temperature|track|translate|"
    "validate|verify|view|weather"
)
"""First words of the names of tools that read or reckon, and change nothing."""
_READS_AT_END = frozenset(["lookup", "query", "search"])
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")


def only_reads(name: str) -> bool:
    """Whether a tool's name says so: its first word is one of reading or reckoning, or its last one is 'search'."""
    words = [word.lower() for word in _WORD.findall(name)] or [""]
    if words[0] in ("check", "look") and words[1:2] in (["in"], ["out"]):
        return False
    return bool(_READS.fullmatch(words[0])) or words[-1] in _READS_AT_END
