"""The help of one command: arguments by their names, defaults as they are typed."""

from __future__ import annotations

import re
from typing import Any

from typer.core import TyperCommand

_PYTHON_TYPE = re.compile(r" <[\w\[\]]+>$")
_QUOTED_DEFAULT = re.compile(r"\[default: \((.*?)\)")


_MANY = 15
"""From so many options on they stand under headings."""
HEADINGS = {
    "Which scenarios, faults and oracles": (
        *(
            "-k",
            "--tag",
            "--only-faults",
            "--skip-faults",
            "--only-oracles",
            "--skip-oracles",
            "--profile",
            "--space",
        ),
    ),
    "How much is run": (
        *(
            "--max-examples",
            "--max-time",
            "--seed",
            "--stop-on-first",
            "--until-covered",
            "--until-stale",
            "--exhaustive",
        ),
    ),
    "Where it runs": ("--workers", "--executor", "--shard", "--resume"),
    "What was never recorded": ("--continue", "--max-calls", "--yes"),
    "What is reported": ("--html", "--json", "--report", "--coverage", "--full", "--quiet", "--verbose"),
}
"""The headings, each with its options, in the order in which one needs them; what is under none stands last."""


class PlainHelp(TyperCommand):
    """A command whose help leaves out what typer adds for programmers: Python types, and brackets around defaults."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """What a line of it may hold; what must be there stands without brackets."""
        return [re.sub("[{}]", "", piece) for piece in super().collect_usage_pieces(ctx)]

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Arguments, then options, many of them under headings in the order of `HEADINGS`; each with its help."""
        params = self.get_params(ctx)
        options = {one.opts[-1]: one for one in params if one.param_type_name == "option"}
        sections = {"Arguments": [one for one in params if one.param_type_name == "argument"]}
        for heading, names in HEADINGS.items() if len(options) > _MANY else ():
            sections[heading] = [options.pop(name) for name in names if name in options]
        for heading, asked in {**sections, "Options": list(options.values())}.items():
            records = [record for one in asked if (record := one.get_help_record(ctx)) is not None]
            if records:
                with formatter.section(heading):
                    formatter.write_dl([_plain(*record) for record in records])


def _plain(name: str, text: str) -> tuple[str, str]:
    return _PYTHON_TYPE.sub("", name), _QUOTED_DEFAULT.sub(r"[default: \1", text)
