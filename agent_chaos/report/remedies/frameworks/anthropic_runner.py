"""The tool runner of Anthropic's SDK, which gives each message before it runs its tools.

Source: https://platform.claude.com/docs/en/agents-and-tools/tool-use/implement-tool-use#tool-runner-beta.
"""

from __future__ import annotations

from agent_chaos.report.remedies.frameworks.framework import Framework

_EACH = "for message in runner:  # instead of runner.until_done()\n"

FRAMEWORK = Framework(
    packages=("anthropic",),
    code={
        "whole_reply": _EACH + "    stop, said = message.stop_reason, message.content\n"
        '    if stop not in ("end_turn", "tool_use") or not said:\n'
        '        raise RuntimeError(f"incomplete reply: {stop}")',
        "checked_calls": _EACH + '    calls = [b for b in message.content if b.type == "tool_use"]\n'
        "    named = {c.id for c in calls if c.id and c.name}\n"
        "    inputs = all(isinstance(c.input, dict) for c in calls)\n"
        "    if len(named) < len(calls) or not inputs:\n"
        '        raise RuntimeError("malformed tool calls")',
        "bounded_loop": "runner = client.beta.messages.tool_runner(..., max_iterations=10)",
    },
)
