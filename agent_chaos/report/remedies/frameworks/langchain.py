"""LangChain's `create_agent`: what stands around the model and the tools is middleware.

Source: https://docs.langchain.com/oss/python/langchain/middleware.
"""

from __future__ import annotations

from agent_chaos.report.remedies.frameworks.framework import Framework

_AGENT = "agent = create_agent(..., middleware=[{}])"


def _words(model: str, stop: str, *ends: str) -> dict[str, str]:
    return {"model": model, "stop": f'"{stop}"', "ends": repr(ends).replace("'", '"')}


FRAMEWORK = Framework(
    packages=("langchain",),
    words={
        "anthropic_messages": _words("ChatAnthropic", "stop_reason", "end_turn", "tool_use"),
        "openai_chat": _words("ChatOpenAI", "finish_reason", "stop", "tool_calls"),
        "openai_responses": _words("ChatOpenAI", "status", "completed"),
        "gemini": _words("ChatGoogleGenerativeAI", "finish_reason", "STOP"),
        "mistral": _words("ChatMistralAI", "finish_reason", "stop", "tool_calls"),
        "ollama": _words("ChatOllama", "done_reason", "stop"),
    },
    code={
        "whole_reply": "@after_model\n"
        "def whole(state, runtime):\n"
        '    last = state["messages"][-1]\n'
        "    stop = last.response_metadata.get($stop)\n"
        "    ended = stop in $ends\n"
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
