"""How the agent's own line asks a model of LangChain."""

from __future__ import annotations

import ast

from agent_chaos.report.agent_source.own_names import parsed
from agent_chaos.trace.stack_frame import StackFrame


def invoked_at(frame: StackFrame | None) -> str:
    """What the line of a frame calls, as `await model.ainvoke`; `llm.invoke` where it does not tell."""
    module = parsed(frame.file) if frame is not None else None
    if module is None or frame is None:
        return "llm.invoke"
    for node in ast.walk(module):
        if isinstance(node, ast.Call) and node.lineno <= frame.line <= (node.end_lineno or 0):
            match node.func:
                case ast.Attribute(value=ast.Name() | ast.Attribute(), attr="invoke" | "ainvoke"):
                    awaits = "await " if node.func.attr == "ainvoke" else ""
                    return f"{awaits}{ast.unparse(node.func)}"
    return "llm.invoke"
