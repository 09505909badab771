"""The commands under headings, in the order in which one needs them."""

from __future__ import annotations

from typing import Any

from typer.core import TyperGroup

SECTIONS = {
    "First steps": ("demo", "init", "doctor"),
    "Record, and look for failures": ("record", "fuzz", "replay", "run", "compare", "merge"),
    "What was found": ("show", "explain", "shrink", "export", "accept", "ui"),
    "Recordings": ("cassette", "serve"),
    "Look up": ("faults", "oracles", "config"),
}
_ORDER = tuple(name for names in SECTIONS.values() for name in names)
_WIDTH = max(map(len, _ORDER))


class InOrder(TyperGroup):
    """A group whose help is divided; typer does so only with a renderer that takes longer to load than all else."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Every command, those of no section last."""
        return sorted(self.commands, key=lambda name: _ORDER.index(name) if name in _ORDER else len(_ORDER))

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """A heading and its commands, section by section."""
        for heading, names in SECTIONS.items():
            width = formatter.width - _WIDTH - 4
            rows = [(f"{name:<{_WIDTH}}", self.commands[name].get_short_help_str(width)) for name in names]
            with formatter.section(heading):
                formatter.write_dl(rows)
