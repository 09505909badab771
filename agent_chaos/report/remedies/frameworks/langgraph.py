"""LangGraph with nodes of one's own: what stands around the model is the node. Source: https://docs.langchain.com/oss/python/langgraph."""

from __future__ import annotations

from agent_chaos.report.remedies.frameworks.framework import LANGCHAIN_MODELS, Framework

FRAMEWORK = Framework(
    packages=("langgraph",),
    words=LANGCHAIN_MODELS,
    code={
        "whole_reply": "reply = llm.invoke(...)\n"
        "stop = reply.response_metadata.get($stop)\n"
        "said = reply.content or reply.tool_calls\n"
        "if stop not in $ends or not said:\n"
        '    raise RuntimeError(f"incomplete reply: {stop}")',
        "checked_calls": "calls = llm.invoke(...).tool_calls\n"
        'named = {c["id"] for c in calls if c["id"] and c["name"]}\n'
        "if len(named) < len(calls):\n"
        '    raise RuntimeError("malformed tool calls")',
        "bounded_loop": 'graph.invoke(..., config={"recursion_limit": 20})',
        "deadline": "llm = $model(..., timeout=30, max_retries=1)",
    },
)
