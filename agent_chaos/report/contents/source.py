"""Lines of code as people read them: a path from here, the number, the function and the text of the line."""

from __future__ import annotations

import linecache
import re

from pydantic import BaseModel, ConfigDict

from agent_chaos.files import relative
from agent_chaos.trace.stack_frame import StackFrame

_LINES, _WIDTH = 8, 120
_CLOSING = re.compile(r",?\s+([)\]}])")
"""What a formatter puts before a bracket that closes on a line of its own."""


class CodeLine(BaseModel):
    """A line of code. `file` is relative to the working directory where it lies below it; `line` counts from 1;
    `source` is the line without its indent, '' where the file cannot be read.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    file: str
    line: int
    function: str
    source: str = ""

    @property
    def place(self) -> str:
        """`scenarios/refund.py:42`."""
        return f"{self.file}:{self.line}"


def code_line(frame: StackFrame | None) -> CodeLine | None:
    """The line that a frame stands at."""
    if frame is None:
        return None
    return CodeLine(
        file=relative(frame.file),
        line=frame.line,
        function=frame.function,
        source=_source(frame),
    )


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
