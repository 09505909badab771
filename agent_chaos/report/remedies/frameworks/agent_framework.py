"""Microsoft's Agent Framework: middleware around the model and the tools. Source: https://learn.microsoft.com/agent-framework/agents/middleware/."""

from __future__ import annotations

from agent_chaos.report.remedies.frameworks.framework import Framework

_FROM = "from agent_framework import {0}\n\n@{0}\n"
_AGENT = "agent = Agent(..., middleware=[{}])"

FRAMEWORK = Framework(
    packages=("agent_framework",),
    code={
        "whole_reply": _FROM.format("chat_middleware") + "async def whole(context, call_next):\n"
        "    await call_next()\n"
        "    reply = context.result\n"
        "    stop = reply.finish_reason\n"
        "    said = any(message.contents for message in reply.messages)\n"
        '    if stop not in ("stop", "tool_calls") or not said:\n'
        '        raise RuntimeError(f"incomplete reply: {stop}")\n\n' + _AGENT.format("whole"),
        "tool_error_result": _FROM.format("function_middleware") + "async def told(context, call_next):\n"
        "    try:\n"
        "        await call_next()\n"
        "    except Exception:\n"
        '        said = "failed; it may have taken effect, so check first"\n'
        "        context.result = said\n\n" + _AGENT.format("told"),
        "bounded_loop": 'limits = {"max_iterations": 10}\n'
        "client = OpenAIChatClient(\n"
        "    ..., function_invocation_configuration=limits\n"
        ")",
    },
)
