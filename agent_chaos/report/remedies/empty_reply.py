"""A reply without words or tool calls passes for an answer."""

from __future__ import annotations

from agent_chaos.report.remedies.remedy import Case, Remedy

_RAISE = '    raise RuntimeError("the model said nothing")'


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
        "anthropic_messages": 'said = [b for b in $reply.content if getattr(b, "text", "")]\n'
        'calls = [b for b in $reply.content if b.type == "tool_use"]\n'
        "if not said and not calls:\n" + _RAISE,
        "openai_chat": "said = $reply.choices[0].message\n"
        "if not said.content and not said.tool_calls:\n" + _RAISE,
        "openai_responses": 'calls = [i for i in $reply.output if i.type == "function_call"]\n'
        "if not $reply.output_text and not calls:\n" + _RAISE,
        "gemini": "if not $reply.text and not $reply.function_calls:\n" + _RAISE,
    },
    events=dict.fromkeys(
        ("anthropic_messages", "openai_chat", "openai_responses", "gemini"),
        "for $chunk in ...:\n    ...\nif not text and not calls:\n" + _RAISE,
    ),
)
