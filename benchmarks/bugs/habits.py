"""Bugs that are ways of working, each seen by an oracle of its own and not by a crash."""

from __future__ import annotations

from benchmarks.bugs.agents import CHAT, CHAT_STREAM, CLAUDE, CLAUDE_ASYNC, GEMINI, RESPONSES, Base
from benchmarks.bugs.bug import Bug
from benchmarks.bugs.desk import Habit, History, Manner


def _never(seen: History) -> bool:
    return False


def _habit(
    habit: Habit, issue: str, base: Base, oracle: str, smallest: tuple[str, ...], attempts: int = 10
) -> Bug:
    manner = Manner(attempts=attempts, habits=frozenset((habit,)))
    return Bug(f"{habit}_{base.name}", issue, habit, base, _never, smallest, manner, oracle)


BUGS = (
    _habit(
        "impatient", "MemTensor/MemOS#1620", CHAT, "retry_discipline", ("call 0 rate_limit retry_after_s=1",)
    ),
    _habit(
        "impatient",
        "Helicone/helicone#5672",
        CLAUDE,
        "retry_discipline",
        ("call 0 rate_limit retry_after_s=1",),
    ),
    _habit(
        "impatient",
        "Tracer-Cloud/opensre#3171",
        GEMINI,
        "retry_discipline",
        ("call 0 rate_limit retry_after_s=1",),
        2,
    ),
    _habit(
        "stubborn",
        "tinyhumansai/openhuman#3334",
        RESPONSES,
        "retry_discipline",
        ("call 0 quota_exhausted",),
        2,
    ),
    _habit(
        "trusting",
        "agent0ai/agent-zero#1747",
        CLAUDE_ASYNC,
        "silent_truncation",
        ("call 5 max_tokens_in_text percent_lost=10",),
    ),
    _habit(
        "trusting",
        "NousResearch/hermes-agent#83886",
        GEMINI,
        "silent_truncation",
        ("call 2 max_tokens_in_text percent_lost=10",),
        2,
    ),
    _habit("starts_over", "crewAIInc/crewAI#7018", CHAT, "duplicate_side_effect", ("call 5 auth_error",), 3),
    _habit("silent", "HKUDS/nanobot#2138", CLAUDE, "empty_answer", ("call 0 auth_error",)),
    _habit(
        "silent", "keephq/keep#6705", RESPONSES, "empty_answer", ("call 0 rate_limit retry_after_s=1",), 1
    ),
    _habit(
        "glosses_over",
        "smallest-inc/smallest-python-sdk#118",
        CLAUDE,
        "swallowed_error",
        ("tool 0 tool_raise error_type=TimeoutError",),
    ),
    _habit(
        "glosses_over",
        "crewAIInc/crewAI#6751",
        CHAT_STREAM,
        "swallowed_error",
        ("tool 0 tool_raise error_type=TimeoutError",),
        3,
    ),
    _habit(
        "forgetful",
        "openai/openai-agents-python#2580",
        CHAT_STREAM,
        "request_validity",
        ("tool 0 tool_raise error_type=TimeoutError",),
    ),
    _habit(
        "forgetful",
        "bytedance/deer-flow#2339",
        CLAUDE_ASYNC,
        "request_validity",
        ("tool 0 tool_raise error_type=TimeoutError",),
    ),
)
