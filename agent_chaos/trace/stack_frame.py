"""A line of the agent's own code, as the trace points at it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StackFrame:
    """Where code stood: `file` as the interpreter names it, `line` counted from 1.

    `function` is the innermost named function; `library` the package that the line had called into (`google.adk` of
    those that share a name), '' where it had called none.
    """

    file: str
    line: int
    function: str
    library: str = ""
