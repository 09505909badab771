"""Automatic function calling of google-genai, which shows nobody a reply before its functions have run.

Source: https://googleapis.github.io/python-genai/#disabling-automatic-function-calling.
"""

from __future__ import annotations

from agent_chaos.report.remedies.frameworks.framework import Framework

FRAMEWORK = Framework(
    packages=("google.genai",),
    code={
        "whole_reply": "own = types.AutomaticFunctionCallingConfig(disable=True)\n"
        "config = types.GenerateContentConfig(\n"
        "    ..., automatic_function_calling=own\n"
        ")\n\n"
        "# a loop of your own; of each reply, before its functions are run:\n"
        "stop = response.candidates[0].finish_reason\n"
        "said = response.text or response.function_calls\n"
        "if stop != types.FinishReason.STOP or not said:\n"
        '    raise RuntimeError(f"incomplete reply: {stop}")',
        "bounded_loop": "limit = types.AutomaticFunctionCallingConfig(maximum_remote_calls=5)\n"
        "config = types.GenerateContentConfig(\n"
        "    ..., automatic_function_calling=limit\n"
        ")",
    },
)
