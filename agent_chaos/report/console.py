"""A terminal to write to: nothing in the text that is printed can steer it, and lines end where their text ends."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

from agent_chaos.report.printable import printable

_PADDING = re.compile(r" +(?=\n)")
_PER_CENT = re.compile(r"(?<=\d) %")
# Not a non-breaking space: rich breaks lines there as well, and not every terminal can show one. No text has this
# character: Unicode keeps it for use inside programs.
_JOINT = "\ufdd0"


class _Terminal(Console):
    """A console whose reader may leave early (`agent-chaos faults | head`), and that breaks no line between a number and its %."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        if isinstance(renderable, str):
            renderable = self.render_str(renderable)
        if not isinstance(renderable, Text) or " %" not in renderable.plain:
            return super().render(renderable, options)
        joined = renderable.copy()
        joined.plain = _PER_CENT.sub(f"{_JOINT}%", renderable.plain)
        segments = super().render(joined, options)
        return [segment._replace(text=segment.text.replace(_JOINT, " ")) for segment in segments]

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


def console(*, stderr: bool = False) -> Console:
    """A console that takes nothing in its text for markup, links or emoji, and keeps to NO_COLOR."""
    file = sys.stderr if stderr else sys.stdout
    return _Terminal(file=file, markup=False, highlight=False, emoji=False, soft_wrap=False)


def reader_left() -> None:
    """Drops what is not yet written: whoever read the output closed it, and Python would complain at its exit."""
    # As the documentation of Python advises (`signal`, "Note on SIGPIPE"): its own flush at exit would raise
    # again.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def put(out: Console, part: RenderableType) -> None:
    """Prints without the padding that tables leave at line ends; a Text that must not wrap is left whole."""
    whole = isinstance(part, Text) and part.no_wrap is True and part.overflow == "ignore"
    # rich fills every line of a table with spaces up to its width; whoever copies a line, or diffs two
    # reports, gets them all.
    with out.capture() as captured:
        out.print(part, soft_wrap=whole, crop=not whole)
    out.file.write(_PADDING.sub("", captured.get()))


def print_error(error: BaseException | str) -> None:
    """One line on stderr: `error: …`."""
    text = printable(" ".join(str(error).split()))
    console(stderr=True).print(Text.assemble(("error: ", "bold red"), text), soft_wrap=True)
