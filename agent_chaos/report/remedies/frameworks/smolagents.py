"""smolagents: a model of one's own class, and settings of the agent. Source: https://huggingface.co/docs/smolagents/reference/agents.

It answers a tool that fails by itself.
"""

from __future__ import annotations

from agent_chaos.report.remedies.frameworks.framework import Framework

FRAMEWORK = Framework(
    packages=("smolagents",),
    # Of other models than OpenAI's it keeps no reason to stop that could be read in one way.
    words={"openai_chat": {"model": "OpenAIModel"}},
    code={
        "whole_reply": "class Whole($model):\n"
        "    def generate(self, *args, **kwargs):\n"
        "        message = super().generate(*args, **kwargs)\n"
        "        stop = message.raw.choices[0].finish_reason\n"
        "        said = message.content or message.tool_calls\n"
        '        if stop not in ("stop", "tool_calls") or not said:\n'
        '            raise RuntimeError(f"incomplete reply: {stop}")\n'
        "        return message\n\n"
        "model = Whole(...)  # instead of $model",
        "bounded_loop": "agent = ToolCallingAgent(..., max_steps=10)",
        "deadline": 'limits = {"timeout": 30, "max_retries": 1}\nmodel = $model(..., client_kwargs=limits)',
    },
)
