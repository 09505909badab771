"""Pydantic AI: settings of the model, limits of a run, and hooks around its tools. Source: https://ai.pydantic.dev/agents/."""

from __future__ import annotations

from agent_chaos.report.remedies.frameworks.framework import Framework

FRAMEWORK = Framework(
    packages=("pydantic_ai",),
    code={
        "tool_error_result": "hooks = Hooks()\n\n"
        "@hooks.on.tool_execute_error\n"
        "async def told(ctx, *, call, tool_def, args, error):\n"
        '    return "failed; it may have taken effect, so check first"\n\n'
        "agent = Agent(..., capabilities=[hooks])",
        "bounded_loop": "limits = UsageLimits(request_limit=10)\nresult = agent.run_sync(..., usage_limits=limits)",
        "deadline": 'agent = Agent(..., model_settings={"timeout": 30})',
    },
)
