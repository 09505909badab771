"""Haystack's agent: hooks between its steps, and settings of its generator. Source: https://docs.haystack.deepset.ai/docs/agent.

It answers a tool that fails by itself.
"""

from __future__ import annotations

from agent_chaos.report.remedies.frameworks.framework import Framework

FRAMEWORK = Framework(
    packages=("haystack",),
    words={"openai_chat": {"model": "OpenAIChatGenerator"}},
    code={
        "whole_reply": "from haystack.hooks import hook\n\n"
        "@hook\n"
        "def whole(state: State) -> None:\n"
        '    last = state.get("messages")[-1]\n'
        '    stop = last.meta.get("finish_reason")\n'
        "    said = last.text or last.tool_calls\n"
        '    if stop not in ("stop", "tool_calls") or not said:\n'
        '        raise RuntimeError(f"incomplete reply: {stop}")\n\n'
        'hooks = {"before_tool": [whole], "on_exit": [whole]}\n'
        "agent = Agent(..., hooks=hooks)",
        "bounded_loop": "agent = Agent(..., max_agent_steps=10)",
        "deadline": "generator = $model(..., timeout=30, max_retries=1)",
    },
)
