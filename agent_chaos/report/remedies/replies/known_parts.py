"""Parts of a reply are read without a look at their type, so that one of the future is taken for the text."""

from __future__ import annotations

from agent_chaos.report.remedies.case import Case
from agent_chaos.report.remedies.remedy import Remedy

_READ_WRONG = ("empty_answer", "unhandled_exception", "transparent_outcome")


def _fits(case: Case) -> bool:
    struck = {fault.kind for _, fault in case.trace.fired}
    own = case.violation.oracle != "unhandled_exception" or not case.from_library
    return case.violation.oracle in _READ_WRONG and struck == {"unknown_part"} and own


REMEDY = Remedy(
    name="known_parts",
    headline="Parts of a reply are read without a look at their type",
    does="Take from a reply the parts of the types that the code knows, wherever they stand, and pass over the others.",
    fits=_fits,
    at=lambda case: case.at_call,
    # Before what looks at how a reply ended: this one is whole.
    order=8,
    code={
        "anthropic_messages": 'text = "".join(b.text for b in $reply.content if b.type == "text")',
        "openai_responses": "text = $reply.output_text  # of all messages, wherever they stand",
        "gemini": "parts = $reply.candidates[0].content.parts\n"
        'text = "".join(p.text for p in parts if p.text and not p.thought)',
    },
    events={
        "anthropic_messages": "$for $chunk in ...:\n"
        '    delta = getattr($chunk, "delta", None)\n'
        '    if getattr(delta, "type", None) == "text_delta":\n'
        "        text += delta.text",
        "openai_responses": "$for $chunk in ...:\n"
        '    if $chunk.type == "response.output_text.delta":\n'
        "        text += $chunk.delta",
        "gemini": "$for $chunk in ...:\n"
        "    for p in $chunk.candidates[0].content.parts:\n"
        '        text += p.text or "" if not p.thought else ""',
    },
)
