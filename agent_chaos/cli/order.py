"""The commands under headings, in the order in which one needs them."""

from __future__ import annotations

from typing import Any

from typer.core import TyperGroup

from agent_chaos.errors import Interrupted

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

    def invoke(self, ctx: Any) -> Any:
        """Runs the command that was asked for; what Ctrl-C leaves to tell would be lost in typer's own handling of it."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as exc:
            raise Interrupted("; ".join(["interrupted", *map(str, exc.args)])) from exc

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
