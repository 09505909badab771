"""Agno: hooks around tools, and settings of the agent and its model. Source: https://docs.agno.com/reference/agents/agent."""

from __future__ import annotations

from agent_chaos.report.remedies.frameworks.framework import Framework

FRAMEWORK = Framework(
    packages=("agno",),
    words={
        "openai_chat": {"model": "OpenAIChat"},
        "openai_responses": {"model": "OpenAIResponses"},
        "anthropic_messages": {"model": "Claude"},
    },
    code={
        "tool_error_result": "def told(function_name, function_call, arguments):\n"
        "    try:\n"
        "        return function_call(**arguments)\n"
        "    except Exception:\n"
        '        return "failed; it may have taken effect, so check first"\n\n'
        "agent = Agent(..., tool_hooks=[told])",
        "bounded_loop": "agent = Agent(..., tool_call_limit=10)",
        "deadline": "agent = Agent(model=$model(..., timeout=30, max_retries=1))",
    },
)
