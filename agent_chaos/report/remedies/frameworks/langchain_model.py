"""LangChain's chat models, asked by the agent itself. Source: https://docs.langchain.com/oss/python/langchain/models."""

from __future__ import annotations

from agent_chaos.report.remedies.frameworks.framework import LANGCHAIN_MODELS, Framework

FRAMEWORK = Framework(
    packages=(
        "langchain.chat_models",
        "langchain_anthropic",
        "langchain_google_genai",
        "langchain_mistralai",
        "langchain_ollama",
        "langchain_openai",
    ),
    words=LANGCHAIN_MODELS,
    code={
        "whole_reply": "reply = $invoke(...)\n"
        "stop = reply.response_metadata.get($stop)\n"
        "said = reply.content or reply.tool_calls\n"
        "if stop not in $ends or not said:\n"
        '    raise RuntimeError(f"incomplete reply: {stop}")',
        "checked_calls": "reply = $invoke(...)\n"
        "calls = reply.tool_calls\n"
        'named = {c["id"] for c in calls if c["id"] and c["name"]}\n'
        "if len(named) < len(calls):\n"
        '    raise RuntimeError("malformed tool calls")',
        "deadline": "llm = $model(..., timeout=30, max_retries=1)",
    },
)
