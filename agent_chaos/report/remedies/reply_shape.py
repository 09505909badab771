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
        "openai_chat": 'if not getattr($reply, "choices", None):\n'
        '    raise RuntimeError("the reply holds no choice")',
        "openai_responses": 'if not getattr($reply, "output", None):\n'
        '    raise RuntimeError("the reply holds no output")',
        "gemini": "if not $reply.candidates or not $reply.candidates[0].content:\n"
        '    raise RuntimeError("the reply holds no content")',
        "anthropic_messages": 'if not getattr($reply, "content", None):\n'
        '    raise RuntimeError("the reply holds no content")',
    },
    events={
        "openai_chat": "for $chunk in ...:\n    if not $chunk.choices or not $chunk.choices[0].delta:\n        continue",
        "openai_responses": "",
        "gemini": "for $chunk in ...:\n    if not $chunk.candidates or not $chunk.candidates[0].content:\n        continue",
        "anthropic_messages": "",
    },
)
