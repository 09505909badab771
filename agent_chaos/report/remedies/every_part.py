"""One part of a reply is read, and the text stands in another."""

from __future__ import annotations

from agent_chaos.report.remedies.remedy import Case, Remedy


def _fits(case: Case) -> bool:
    return case.violation.oracle == "empty_answer" and case.said_all


REMEDY = Remedy(
    name="every_part",
    headline="Text of a reply is lost where it is not in the part that is read",
    does="Join the text of every part of a reply that holds some, wherever it stands, and pass over parts of other types.",
    fits=_fits,
    at=lambda case: case.at_call,
    reach="function",
    order=10,
    code={
        "anthropic_messages": 'texts = [b.text for b in $reply.content if b.type == "text"]\n'
        'answer = "".join(texts)',
        "openai_responses": "answer = $reply.output_text",
        "gemini": "parts = $reply.candidates[0].content.parts\n"
        'answer = "".join(part.text or "" for part in parts)',
    },
)
