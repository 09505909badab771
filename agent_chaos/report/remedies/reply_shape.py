"""The agent's own line fails on a reply whose shape it took for granted."""

from __future__ import annotations

from agent_chaos.report.remedies.remedy import Case, Remedy


def _fits(case: Case) -> bool:
    return case.violation.oracle == "unhandled_exception" and not case.from_library


REMEDY = Remedy(
    name="reply_shape",
    headline="A reply's shape is taken for granted",
    does="Check that the reply has what this line reads, and treat one that has not as failed.",
    fits=_fits,
    at=lambda case: case.at_exception,
    order=70,
    code={
        "openai_chat": 'if not getattr(completion, "choices", None):\n'
        '    raise RuntimeError("the reply holds no choice")',
        "openai_responses": 'if not getattr(response, "output", None):\n'
        '    raise RuntimeError("the reply holds no output")',
        "gemini": "if not response.candidates or not response.candidates[0].content:\n"
        '    raise RuntimeError("the reply holds no content")',
        "anthropic_messages": 'if not getattr(message, "content", None):\n'
        '    raise RuntimeError("the reply holds no content")',
    },
)
