"""LangGraph's node for tools. Source: https://reference.langchain.com/python/langgraph/agents/#langgraph.prebuilt.tool_node.ToolNode."""

from __future__ import annotations

from agent_chaos.report.remedies.frameworks.framework import Framework

FRAMEWORK = Framework(
    packages=("langgraph.prebuilt.ToolNode",),
    code={
        "tool_error_result": 'said = "failed; it may have taken effect, so check first"\n'
        "tools = ToolNode(..., handle_tool_errors=said)"
    },
)
