"""Bugs of budgets and cooldowns, and of what an agent keeps from one failure to the next."""

from __future__ import annotations

from benchmarks.bugs.agents import CHAT, CHAT_STREAM, CLAUDE, CLAUDE_ASYNC, GEMINI, RESPONSES
from benchmarks.bugs.bug import Bug, at, attempts, failures, has_order, steps, tools

BUGS = (
    Bug(
        "failures_inherited",
        "iterate/iterate#1826",
        "the fourth server error of a run ends it, however many replies came between",
        CHAT,
        lambda seen: len(failures(seen, "server")) >= 4,
        ("call 0 bad_gateway", "call 0.1 bad_gateway", "call 0.2 bad_gateway", "call 0.3 bad_gateway"),
    ),
    Bug(
        "no_retry_late",
        "chainreactors/cyber-harness#57",
        "a rate limit of the fifth request ends the run",
        CLAUDE_ASYNC,
        lambda seen: bool(at(seen, 4, "rate_limit")),
        ("call 4 rate_limit retry_after_s=1",),
    ),
    Bug(
        "timeout_is_final",
        "Th3-H4xx0r/IntelliStock#95",
        "a timeout is not among what is tried again",
        RESPONSES,
        lambda seen: bool(failures(seen, "timeout")),
        ("call 0 slow_first_byte seconds=30",),
    ),
    Bug(
        "overload_without_fallback",
        "openclaw/openclaw#49079",
        "the second overload of the call after the first tool finds no other model",
        CLAUDE,
        lambda seen: len(at(seen, 1, "server")) >= 2,
        ("call 1 bad_gateway", "call 1.1 bad_gateway"),
    ),
    Bug(
        "fallback_fails_too",
        "QwenLM/qwen-code#6273",
        "two server errors choose another model, whose rate limit nothing catches",
        RESPONSES,
        lambda seen: any(
            has_order(tuple(at(seen, step)), "server", "server", "rate_limit") for step in range(3)
        ),
        ("call 0 bad_gateway", "call 0.1 bad_gateway", "call 0.2 rate_limit retry_after_s=1"),
    ),
    Bug(
        "overload_is_no_rate_limit",
        "NousResearch/hermes-agent#11314",
        "three overloads of one call leave the fallback unasked",
        GEMINI,
        lambda seen: any(len(at(seen, step, "server")) >= 3 for step in range(3)),
        ("call 0 bad_gateway", "call 0.1 bad_gateway", "call 0.2 bad_gateway"),
    ),
    Bug(
        "one_cancels_all",
        "BaseIntelligence/bounty-challenge#49092",
        "one tool of three that raises takes the results of the others along",
        CHAT_STREAM,
        lambda seen: any(one.step == 0 for one in tools(seen, "tool")),
        ("tool 2 tool_raise error_type=TimeoutError",),
    ),
    Bug(
        "hard_stop",
        "Lingtai-AI/lingtai-kernel#202",
        "the third tool that raises stops the loop before its result is kept",
        CHAT,
        lambda seen: len(tools(seen, "tool")) >= 3,
        tuple(f"tool {i} tool_raise error_type=TimeoutError" for i in range(3)),
    ),
    Bug(
        "no_deadline",
        "devswha/patina#124",
        "two ordered waits of half a minute at one call",
        CHAT,
        lambda seen: any(
            len([one for one in at(seen, step) if 30 <= one.ordered_s <= 60]) >= 2 for step in range(6)
        ),
        ("call 0 rate_limit retry_after_s=30", "call 0.1 rate_limit retry_after_s=30"),
    ),
    Bug(
        "limits_use_up_connections",
        "luckyPipewrench/pipelock#1543",
        "two rate limits after a timeout of the same call",
        CLAUDE_ASYNC,
        lambda seen: any(
            has_order(tuple(at(seen, step)), "timeout", "rate_limit", "rate_limit") for step in range(6)
        ),
        (
            "call 0 slow_first_byte seconds=30",
            "call 0.1 rate_limit retry_after_s=1",
            "call 0.2 rate_limit retry_after_s=1",
        ),
    ),
    Bug(
        "no_candidates_last",
        "livekit/agents#2133",
        "the last reply has no candidate",
        GEMINI,
        lambda seen: bool(at(seen, 2, "broken")),
        ("call 2 hollow_body holds=empty",),
    ),
    Bug(
        "context_lost",
        "google-gemini/gemini-cli#22360",
        "a tool raises after a server error, which had emptied the history",
        GEMINI,
        lambda seen: (
            bool(failures(seen, "server"))
            and any(one.step >= failures(seen, "server")[0].step for one in tools(seen, "tool"))
        ),
        ("call 0 bad_gateway", "tool 0 tool_raise error_type=TimeoutError"),
    ),
    Bug(
        "closed_at_the_end",
        "agents-squads/squads-cli#944",
        "the connection of the last reply is closed",
        CLAUDE,
        lambda seen: bool(at(seen, 2, "connection")),
        ("call 2 reset_before_headers",),
    ),
    Bug(
        "one_timeout_for_all",
        "gitcommitshow/resilient-llm#64",
        "an ordered wait of 20 seconds, and a request that took as long",
        RESPONSES,
        lambda seen: (
            any(20 <= one.ordered_s <= 60 for one in failures(seen))
            and any(one.took_s >= 20 and not one.failed for one in attempts(seen))
        ),
        ("call 0 rate_limit retry_after_s=20", "call 1 slow_first_byte seconds=20"),
    ),
    Bug(
        "budget_before_route",
        "tashfeenahmed/freellmapi#676",
        "a server error of the call after a slow one",
        CLAUDE,
        lambda seen: any(
            one.took_s >= 15 and not one.failed and at(seen, one.step + 1, "server") for one in attempts(seen)
        ),
        ("call 0 slow_first_byte seconds=15", "call 1 bad_gateway"),
    ),
    Bug(
        "same_wall_again",
        "block/buzz#5130",
        "timeouts at two calls",
        CHAT,
        lambda seen: len(steps(failures(seen, "timeout"))) >= 2,
        ("call 0 slow_first_byte seconds=30", "call 1 slow_first_byte seconds=30"),
    ),
    Bug(
        "one_of_n_actions",
        "dust-tt/dust#5041",
        "of tools asked for together one raises and another is slow",
        CHAT_STREAM,
        lambda seen: (
            any(one.step == 0 for one in tools(seen, "tool"))
            and any(one.step == 0 and one.took_s >= 10 for one in tools(seen, "ok"))
        ),
        ("tool 0 tool_slow seconds=10", "tool 1 tool_raise error_type=TimeoutError"),
    ),
)
