"""LangChain's `create_agent`: what stands around the model and the tools is middleware.

Source: https://docs.langchain.com/oss/python/langchain/middleware.
"""

from __future__ import annotations

from agent_chaos.report.remedies.framework import Framework

_AGENT = "agent = create_agent(..., middleware=[{}])"

FRAMEWORK = Framework(
    packages=("langchain", "langgraph"),
    models={
        "anthropic_messages": "ChatAnthropic",
        "openai_chat": "ChatOpenAI",
        "openai_responses": "ChatOpenAI",
        "gemini": "ChatGoogleGenerativeAI",
        "mistral": "ChatMistralAI",
        "ollama": "ChatOllama",
    },
    code={
        "whole_reply": "@after_model\n"
        "def whole(state, runtime):\n"
        '    last = state["messages"][-1]\n'
        "    told = last.response_metadata\n"
        '    stop = told.get("stop_reason") or told.get("finish_reason")\n'
        '    ended = stop in ("end_turn", "tool_use", "stop", "tool_calls")\n'
        "    if not ended or not (last.content or last.tool_calls):\n"
        '        raise RuntimeError(f"incomplete reply: {stop}")\n\n' + _AGENT.format("whole"),
        "checked_calls": "@after_model\n"
        "def checked(state, runtime):\n"
        '    calls = state["messages"][-1].tool_calls\n'
        '    named = {c["id"] for c in calls if c["id"] and c["name"]}\n'
        "    if len(named) < len(calls):\n"
        '        raise RuntimeError("malformed tool calls")\n\n' + _AGENT.format("checked"),
        "tool_error_result": "def told(exc, request):\n"
        '    return "failed; it may have taken effect, so check first"\n\n'
        + _AGENT.format("ToolErrorMiddleware(told)"),
        "guard_call": "def failed(exc):\n"
        '    return "I cannot answer right now, please try again."\n\n'
        "retry = ModelRetryMiddleware(on_failure=failed)\n" + _AGENT.format("retry"),
        "bounded_loop": "limit = ModelCallLimitMiddleware(run_limit=10)\n" + _AGENT.format("limit"),
        "deadline": "model = $model(..., timeout=30, max_retries=1)\nagent = create_agent(model, ...)",
    },
)
