"""Lines of code as people read them: a path from here, the number, the function, the text, and the lines around it."""

from __future__ import annotations

import linecache
import os
import re
import textwrap

from pydantic import BaseModel, ConfigDict

from agent_chaos.cassette.redaction.redactor import Redactor
from agent_chaos.files import relative
from agent_chaos.trace.stack_frame import StackFrame

_LINES, _WIDTH = 8, 120
_BEFORE, _AFTER = 3, 6
"""How many lines are shown around one."""
_CLOSING = re.compile(r",?\s+([)\]}])")
"""What a formatter puts before a bracket that closes on a line of its own."""


class CodeLine(BaseModel):
    """A line of code. `file` is relative to the working directory where it lies below it; `line` counts from 1;
    `source` is the line without its indent, '' where the file cannot be read; `around` the lines beside it and the line itself,
    without the indent that they share, of which the first is number `around_from`. Secrets in them are replaced.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    file: str
    line: int
    function: str
    source: str = ""
    around: tuple[str, ...] = ()
    around_from: int = 0

    @property
    def place(self) -> str:
        """`scenarios/refund.py:42`."""
        return f"{self.file}:{self.line}"


def code_line(frame: StackFrame | None) -> CodeLine | None:
    """The line that a frame stands at."""
    if frame is None:
        return None
    # A key may stand in the code itself, and reports are passed on.
    secrets = Redactor.from_environ(os.environ)
    start, around = _around(frame)
    return CodeLine(
        file=relative(frame.file),
        line=frame.line,
        function=frame.function,
        source=secrets.text(_source(frame)),
        # `splitlines` would also split at form feeds and U+2028, which begin no line for Python, and every number below would be off.
        around=tuple(secrets.text(around).removesuffix("\n").split("\n")) if around else (),
        around_from=start,
    )


def _around(frame: StackFrame) -> tuple[int, str]:
    """The number of the first line that is shown, and the text; blank lines at both ends are left out."""
    lines = linecache.getlines(frame.file)
    start, end = max(0, frame.line - 1 - _BEFORE), min(len(lines), frame.line + _AFTER)
    while start < end and not lines[start].strip():
        start += 1
    while end > start and not lines[end - 1].strip():
        end -= 1
    return start + 1, textwrap.dedent("".join(lines[start:end]))


def _source(frame: StackFrame) -> str:
    """The line, with those that its brackets go on to, as one line."""
    text, depth = "", 0
    # A call that is written over several lines says by its first one only which function is called.
    for number in range(frame.line, frame.line + _LINES):
        line = linecache.getline(frame.file, number).strip()
        text = f"{text}{line}" if text.endswith(("(", "[", "{")) else f"{text} {line}".strip()
        depth += sum(line.count(char) for char in "([{") - sum(line.count(char) for char in ")]}")
        if depth <= 0:
            break
    text = _CLOSING.sub(r"\1", text)
    return text if len(text) <= _WIDTH else text[: _WIDTH - 1] + "…"
