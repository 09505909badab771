"""Semantic Kernel: filters around the functions that a model asks for. Source: https://learn.microsoft.com/semantic-kernel/concepts/enterprise-readiness/filters.

It answers a function that fails by itself.
"""

from __future__ import annotations

from agent_chaos.report.remedies.frameworks.framework import Framework

FRAMEWORK = Framework(
    packages=("semantic_kernel",),
    code={
        "whole_reply": "from semantic_kernel.filters import FilterTypes\n\n"
        "@kernel.filter(FilterTypes.AUTO_FUNCTION_INVOCATION)\n"
        "async def whole(context, next):\n"
        "    stop = context.chat_history.messages[-1].finish_reason\n"
        '    if stop and stop.value not in ("stop", "tool_calls"):\n'
        '        raise RuntimeError(f"incomplete reply: {stop}")\n'
        "    await next(context)\n\n"
        "# of the answer, before it is used:\n"
        "reply = await agent.get_response(...)\n"
        "answer = reply.message\n"
        'if not answer.content or answer.finish_reason.value != "stop":\n'
        '    raise RuntimeError(f"incomplete reply: {answer.finish_reason}")',
        "bounded_loop": "behaviour = FunctionChoiceBehavior.Auto()\n"
        "behaviour.maximum_auto_invoke_attempts = 5\n"
        "agent = ChatCompletionAgent(\n"
        "    ..., function_choice_behavior=behaviour\n"
        ")",
        "deadline": "client = openai.AsyncOpenAI(timeout=30, max_retries=1)\n"
        "service = OpenAIChatCompletion(..., async_client=client)",
    },
)
