"""LangGraph with nodes of one's own: what stands around the model is the node. Source: https://docs.langchain.com/oss/python/langgraph."""

from __future__ import annotations

from agent_chaos.report.remedies.frameworks.framework import Framework

FRAMEWORK = Framework(
    packages=("langgraph",),
    code={"bounded_loop": 'graph.invoke(..., config={"recursion_limit": 20})'},
)
