"""The OpenAI Agents SDK. Source: https://openai.github.io/openai-agents-python/running_agents/."""

from __future__ import annotations

from agent_chaos.report.remedies.frameworks.framework import Framework

FRAMEWORK = Framework(
    packages=("agents",),
    # The SDK itself raises for a response that is not completed; of Chat Completions it keeps no reason to stop.
    words={"openai_responses": {"said": "response.output"}},
    code={
        "whole_reply": "class Whole(RunHooks):\n"
        "    async def on_llm_end(self, context, agent, response):\n"
        "        if not $said:\n"
        '            raise RuntimeError("empty reply")\n\n'
        "result = await Runner.run(agent, text, hooks=Whole())",
        "bounded_loop": "result = await Runner.run(agent, text, max_turns=10)",
        "deadline": "from agents import set_default_openai_client\n\nclient = openai.AsyncOpenAI(timeout=30, max_retries=1)\nset_default_openai_client(client)",
    },
)
