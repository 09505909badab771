"""LangChain's chains: a look at each reply between the model and its parser. Source: https://reference.langchain.com/python/langchain_core/runnables."""

from __future__ import annotations

from agent_chaos.report.remedies.frameworks.framework import LANGCHAIN_MODELS, Framework

FRAMEWORK = Framework(
    packages=("langchain_core.output_parsers",),
    words=LANGCHAIN_MODELS,
    code={
        "whole_reply": "def whole(reply):\n"
        "    stop = reply.response_metadata.get($stop)\n"
        "    said = reply.content or reply.tool_calls\n"
        "    if stop not in $ends or not said:\n"
        '        raise RuntimeError(f"incomplete reply: {stop}")\n'
        "    return reply\n\n"
        "chain = prompt | llm | whole | parser",
    },
)
