"""Which text the agent reads as the JSON of a tool's arguments."""

from __future__ import annotations

import ast

from agent_chaos.report.agent_source.own_names import parsed
from agent_chaos.trace.stack_frame import StackFrame


def json_text_at(frame: StackFrame | None) -> str:
    """The expression for a call's arguments that is given to `json.loads` nearest to a line of the file; '' where none is."""
    module = parsed(frame.file) if frame is not None else None
    if module is None or frame is None:
        return ""
    read = [node for node in ast.walk(module) if isinstance(node, ast.Call) and _reads_arguments(node)]
    nearest = min(read, key=lambda node: abs(node.lineno - frame.line), default=None)
    return ast.unparse(nearest.args[0]) if nearest is not None else ""


def _reads_arguments(call: ast.Call) -> bool:
    if ast.unparse(call.func) not in ("json.loads", "loads") or not call.args:
        return False
    match call.args[0]:
        case ast.Attribute(attr="arguments") | ast.Subscript(slice=ast.Constant(value="arguments")):
            return True
        case ast.Name(id=name):
            return "arg" in name
        case _:
            return False
