"""Strands Agents: hooks around the model and the tools. Source: https://strandsagents.com/latest/documentation/docs/user-guide/concepts/agents/hooks/.

It answers a tool that fails by itself.
"""

from __future__ import annotations

from agent_chaos.report.remedies.frameworks.framework import Framework

_FROM = "from strands.hooks import {}\n\n"

FRAMEWORK = Framework(
    packages=("strands",),
    code={
        "whole_reply": _FROM.format("AfterModelCallEvent")
        + "def whole(event: AfterModelCallEvent) -> None:\n"
        "    reply = event.stop_response\n"
        "    if reply is None:\n"
        "        return  # it failed, which Strands tells\n"
        '    stop, said = reply.stop_reason, reply.message["content"]\n'
        '    if stop not in ("end_turn", "tool_use") or not said:\n'
        '        raise RuntimeError(f"incomplete reply: {stop}")\n\n'
        "agent = Agent(...)\n"
        "agent.add_hook(whole)",
        "bounded_loop": _FROM.format("BeforeModelCallEvent") + "calls = 0\n\n"
        "def bounded(event: BeforeModelCallEvent) -> None:\n"
        "    global calls  # set to 0 before each turn\n"
        "    calls += 1\n"
        "    if calls > 10:\n"
        '        raise RuntimeError("no answer after 10 calls")\n\n'
        "agent = Agent(...)\n"
        "agent.add_hook(bounded)",
    },
)
