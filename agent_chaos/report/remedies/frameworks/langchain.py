"""LangChain's `create_agent`: what stands around the model and the tools is middleware.

Source: https://docs.langchain.com/oss/python/langchain/middleware.
"""

from __future__ import annotations

from agent_chaos.report.remedies.frameworks.framework import LANGCHAIN_MODELS, Framework

_AGENT = "agent = create_agent(..., middleware=[{}])"
_FROM = "from langchain.agents.middleware import {}\n"


FRAMEWORK = Framework(
    packages=("langchain.agents",),
    words=LANGCHAIN_MODELS,
    code={
        "whole_reply": _FROM.format("after_model") + "@after_model\n"
        "def whole(state, runtime):\n"
        '    last = state["messages"][-1]\n'
        "    stop = last.response_metadata.get($stop)\n"
        "    ended = stop in $ends\n"
        "    if not ended or not (last.content or last.tool_calls):\n"
        '        raise RuntimeError(f"incomplete reply: {stop}")\n\n' + _AGENT.format("whole"),
        "checked_calls": _FROM.format("after_model") + "@after_model\n"
        "def checked(state, runtime):\n"
        '    calls = state["messages"][-1].tool_calls\n'
        '    named = {c["id"] for c in calls if c["id"] and c["name"]}\n'
        "    if len(named) < len(calls):\n"
        '        raise RuntimeError("malformed tool calls")\n\n' + _AGENT.format("checked"),
        "tool_error_result": _FROM.format("ToolErrorMiddleware") + "def told(exc, request):\n"
        '    return "failed; it may have taken effect, so check first"\n\n'
        + _AGENT.format("ToolErrorMiddleware(told)"),
        "guard_call": _FROM.format("ModelRetryMiddleware") + "def failed(exc):\n"
        '    return "I cannot answer right now, please try again."\n\n'
        "retry = ModelRetryMiddleware(on_failure=failed)\n" + _AGENT.format("retry"),
        "bounded_loop": _FROM.format("ModelCallLimitMiddleware")
        + "limit = ModelCallLimitMiddleware(run_limit=10)\n"
        + _AGENT.format("limit"),
        "deadline": "model = $model(..., timeout=30, max_retries=1)\nagent = create_agent(model, ...)",
    },
)
