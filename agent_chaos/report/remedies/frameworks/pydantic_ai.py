"""Pydantic AI: settings of the model, limits of a run, and hooks around its tools. Source: https://ai.pydantic.dev/agents/."""

from __future__ import annotations

from agent_chaos.report.remedies.frameworks.framework import Framework

_AGENT = "agent = Agent(..., capabilities=[hooks])"

FRAMEWORK = Framework(
    packages=("pydantic_ai",),
    code={
        "whole_reply": "hooks = Hooks()\n\n"
        "@hooks.on.after_model_request\n"
        "async def whole(ctx, *, request_context, response):\n"
        "    stop = response.finish_reason\n"
        '    if stop not in ("stop", "tool_call") or not response.parts:\n'
        '        raise RuntimeError(f"incomplete reply: {stop}")\n'
        "    return response\n\n" + _AGENT,
        "guard_call": "hooks = Hooks()\n\n"
        "@hooks.on.model_request_error\n"
        "async def failed(ctx, *, request_context, error):\n"
        '    said = TextPart("I cannot answer right now, please try again.")\n'
        '    return ModelResponse([said], finish_reason="stop")\n\n' + _AGENT,
        "tool_error_result": "hooks = Hooks()\n\n"
        "@hooks.on.tool_execute_error\n"
        "async def told(ctx, *, call, tool_def, args, error):\n"
        '    return "failed; it may have taken effect, so check first"\n\n' + _AGENT,
        "bounded_loop": "limits = UsageLimits(request_limit=10)\nresult = agent.run_sync(..., usage_limits=limits)",
        "deadline": 'agent = Agent(..., model_settings={"timeout": 30})',
    },
)
