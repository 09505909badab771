"""Which expression of a line had no value, told by the line and by what Python said of it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from agent_chaos.report.agent_source.own_names import parsed
from agent_chaos.trace.stack_frame import StackFrame

_ATTRIBUTE = re.compile(r"'NoneType' object has no attribute '(\w+)'")


def absence_at(frame: StackFrame | None, message: str) -> str:
    """A condition that holds where a value was missing, as `reply.usage is None`; '' where the line does not tell which.

    `message` is of the exception that Python raised at the frame's line.
    """
    module = parsed(frame.file) if frame is not None else None
    if module is None or frame is None:
        return ""
    here = [node for node in ast.walk(module) if getattr(node, "lineno", 0) == frame.line]
    found = list(_candidates(here, message))
    if any(isinstance(node, ast.Call | ast.Await) for one in found for node in ast.walk(one)):
        return ""  # to look at it would make the call again
    missing = {ast.unparse(one) for one in found}
    if len(missing) != 1:
        return ""
    (value,) = missing
    return f"not {value}" if "index out of range" in message else f"{value} is None"


def _candidates(nodes: list[ast.AST], message: str) -> Iterator[ast.expr]:
    """The expressions that may be meant."""
    read = _ATTRIBUTE.search(message)
    for node in nodes:
        match node:
            case ast.Attribute(value=value, attr=name) if read is not None and name == read[1]:
                yield value
            case ast.Subscript(value=value) if "not subscriptable" in message:
                yield value
            # Only of a constant index: one that is computed may itself be what is wrong.
            case ast.Subscript(value=value, slice=index) if "index out of range" in message and _is_number(
                index
            ):
                yield value
            case ast.For(iter=value) | ast.AsyncFor(iter=value) if "not iterable" in message:
                yield value


def _is_number(index: ast.expr) -> bool:
    """Whether it is a number that is written there, be it counted from the end."""
    inner = index.operand if isinstance(index, ast.UnaryOp) else index
    return isinstance(inner, ast.Constant) and isinstance(inner.value, int)
