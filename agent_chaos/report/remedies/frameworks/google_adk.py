"""Google's Agent Development Kit: callbacks of an agent, and the configuration of a run.

Source: https://google.github.io/adk-docs/callbacks/types-of-callbacks/.
"""

from __future__ import annotations

from agent_chaos.report.remedies.frameworks.framework import Framework

_AGENT = "agent = LlmAgent(..., {0}={1})"

FRAMEWORK = Framework(
    packages=("google.adk",),
    code={
        "whole_reply": "def whole(callback_context, llm_response):\n"
        "    stop, said = llm_response.finish_reason, llm_response.content\n"
        "    if stop != types.FinishReason.STOP or not (said and said.parts):\n"
        '        raise RuntimeError(f"incomplete reply: {stop}")\n\n'
        + _AGENT.format("after_model_callback", "whole"),
        "tool_error_result": "def told(tool, args, tool_context, error):\n"
        '    said = "failed; it may have taken effect, so check first"\n'
        '    return {"error": said}\n\n' + _AGENT.format("on_tool_error_callback", "told"),
        "guard_call": "def failed(callback_context, llm_request, error):\n"
        '    said = "I cannot answer right now, please try again."\n'
        "    parts = [types.Part(text=said)]\n"
        '    content = types.Content(role="model", parts=parts)\n'
        "    return LlmResponse(content=content)\n\n" + _AGENT.format("on_model_error_callback", "failed"),
        "bounded_loop": "limits = RunConfig(max_llm_calls=10)\nevents = runner.run_async(..., run_config=limits)",
        "deadline": "options = types.HttpOptions(timeout=30_000)  # milliseconds\n"
        "config = types.GenerateContentConfig(http_options=options)\n"
        + _AGENT.format("generate_content_config", "config"),
    },
)
