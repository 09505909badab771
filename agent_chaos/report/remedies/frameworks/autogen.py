"""AutoGen: a model client of one's own class, and settings of the agent. Source: https://microsoft.github.io/autogen/stable/.

It answers a tool that fails by itself.
"""

from __future__ import annotations

from agent_chaos.report.remedies.frameworks.framework import Framework

FRAMEWORK = Framework(
    packages=("autogen_agentchat", "autogen_core"),
    words={
        "openai_chat": {"model": "OpenAIChatCompletionClient"},
        "anthropic_messages": {"model": "AnthropicChatCompletionClient"},
    },
    code={
        "whole_reply": "class Whole($model):\n"
        "    async def create(self, *args, **kwargs):\n"
        "        result = await super().create(*args, **kwargs)\n"
        "        stop, said = result.finish_reason, result.content\n"
        '        if stop not in ("stop", "function_calls") or not said:\n'
        '            raise RuntimeError(f"incomplete reply: {stop}")\n'
        "        return result\n\n"
        "client = Whole(...)  # instead of $model",
        "bounded_loop": "agent = AssistantAgent(..., max_tool_iterations=10)",
        "deadline": "client = $model(\n    ..., timeout=30, max_retries=1\n)",
    },
)
