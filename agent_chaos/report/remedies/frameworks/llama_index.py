"""LlamaIndex's agents: a step of one's own, and settings of a run. Source: https://developers.llamaindex.ai/python/framework/understanding/agent/.

They answer a tool that fails by themselves.
"""

from __future__ import annotations

from agent_chaos.report.remedies.frameworks.framework import Framework

FRAMEWORK = Framework(
    packages=("llama_index",),
    # Why a reply stopped stands in the provider's own words, which LlamaIndex keeps.
    words={
        "openai_chat": {
            "model": "OpenAI",
            "stop": '["choices"][0]["finish_reason"]',
            "ends": '("stop", "tool_calls")',
        },
        "anthropic_messages": {
            "model": "Anthropic",
            "stop": '["stop_reason"]',
            "ends": '("end_turn", "tool_use")',
        },
    },
    code={
        "whole_reply": "class Whole(FunctionAgent):\n"
        "    async def take_step(self, *args, **kwargs):\n"
        "        step = await super().take_step(*args, **kwargs)\n"
        "        stop = step.raw$stop\n"
        "        said = step.response.content or step.tool_calls\n"
        "        if stop not in $ends or not said:\n"
        '            raise RuntimeError(f"incomplete reply: {stop}")\n'
        "        return step\n\n"
        "agent = Whole(..., streaming=False)",
        "bounded_loop": "result = await agent.run(..., max_iterations=10)",
        "deadline": "llm = $model(..., timeout=30, max_retries=1)",
    },
)
