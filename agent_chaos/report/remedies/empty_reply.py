"""A reply without words or tool calls passes for an answer."""

from __future__ import annotations

from agent_chaos.report.remedies.remedy import Case, Remedy


def _fits(case: Case) -> bool:
    return case.violation.oracle == "empty_answer" or "empty message" in case.violation.subject


REMEDY = Remedy(
    name="empty_reply",
    headline="A reply that says nothing passes for an answer",
    does="Treat a reply without text and without tool calls as failed: ask again, or raise; keep it out of the history.",
    fits=_fits,
    at=lambda case: case.at_call,
    reach="function",
    order=10,
    code={
        "anthropic_messages": 'if not message.content:\n    raise RuntimeError("the model said nothing")',
        "openai_chat": "if not message.content and not message.tool_calls:\n"
        '    raise RuntimeError("the model said nothing")',
        "openai_responses": 'if not response.output:\n    raise RuntimeError("the model said nothing")',
        "gemini": "if not response.text and not response.function_calls:\n"
        '    raise RuntimeError("the model said nothing")',
    },
)
