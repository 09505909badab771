"""The OpenAI Agents SDK. Source: https://openai.github.io/openai-agents-python/running_agents/."""

from __future__ import annotations

from agent_chaos.report.remedies.frameworks.framework import Framework

FRAMEWORK = Framework(
    packages=("agents",),
    code={
        "bounded_loop": "result = await Runner.run(agent, text, max_turns=10)",
        "deadline": "client = AsyncOpenAI(timeout=30, max_retries=1)\nset_default_openai_client(client)",
    },
)
