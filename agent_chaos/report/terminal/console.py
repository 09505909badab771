"""A terminal to write to: nothing in the text that is printed can steer it, and lines end where their text ends."""

from __future__ import annotations

import re
import sys

from rich.console import Console, RenderableType
from rich.text import Text

from agent_chaos.report.printable import printable

_PADDING = re.compile(r" +(?=\n)")


def console(*, stderr: bool = False) -> Console:
    """A console that takes nothing in its text for markup, links or emoji, and keeps to NO_COLOR."""
    file = sys.stderr if stderr else sys.stdout
    return Console(file=file, markup=False, highlight=False, emoji=False, soft_wrap=False)


def put(out: Console, part: RenderableType) -> None:
    """Prints without the padding that tables leave at line ends; a Text that must not wrap is left whole."""
    whole = isinstance(part, Text) and part.no_wrap is True and part.overflow == "ignore"
    with out.capture() as captured:
        out.print(part, soft_wrap=whole, crop=not whole)
    out.file.write(_PADDING.sub("", captured.get()))


def complain(error: BaseException | str) -> None:
    """One line on stderr: `error: …`."""
    text = printable(" ".join(str(error).split()))
    console(stderr=True).print(Text.assemble(("error: ", "bold red"), text), soft_wrap=True)
