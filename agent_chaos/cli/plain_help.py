"""The help of one command: arguments by their names, defaults as they are typed."""

from __future__ import annotations

import re
from typing import Any

from typer.core import TyperCommand

_PYTHON_TYPE = re.compile(r" <[\w\[\]]+>$")
_QUOTED_DEFAULT = re.compile(r"\[default: \((.*?)\)")


class PlainHelp(TyperCommand):
    """A command whose help leaves out what typer adds for programmers: Python types, and brackets around defaults."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """What a line of it may hold; what must be there stands without brackets."""
        return [re.sub("[{}]", "", piece) for piece in super().collect_usage_pieces(ctx)]

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Arguments, then options; each with its help."""
        for heading, kind in (("Arguments", "argument"), ("Options", "option")):
            asked = [one for one in self.get_params(ctx) if one.param_type_name == kind]
            records = [record for one in asked if (record := one.get_help_record(ctx)) is not None]
            if records:
                with formatter.section(heading):
                    formatter.write_dl([_plain(*record) for record in records])


def _plain(name: str, text: str) -> tuple[str, str]:
    return _PYTHON_TYPE.sub("", name), _QUOTED_DEFAULT.sub(r"[default: \1", text)
