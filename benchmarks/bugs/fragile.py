"""Bugs of agents that give up early: most of their runs end at the first or second fault."""

from __future__ import annotations

from benchmarks.bugs.agents import CHAT, CLAUDE, GEMINI, RESPONSES
from benchmarks.bugs.bug import Bug, at, attempts, failures, in_a_row, steps
from benchmarks.bugs.desk import FRAGILE, Manner

_THREE = Manner(attempts=3)

BUGS = (
    Bug(
        "fragile_rate_limit",
        "skorokithakis/stavrobot#24",
        "crashes at a rate limit of the second call",
        CHAT,
        lambda seen: bool(at(seen, 1, "rate_limit")),
        ("call 1 rate_limit retry_after_s=1",),
        FRAGILE,
    ),
    Bug(
        "fragile_empty",
        "harry0703/MoneyPrinterTurbo#342",
        "reads the first choice of a reply that has none",
        CHAT,
        lambda seen: bool(at(seen, 0, "broken")),
        ("call 0 hollow_body holds=empty",),
        FRAGILE,
    ),
    Bug(
        "fragile_malformed",
        "pydantic/pydantic-ai#631",
        "a finish reason that the client does not know",
        GEMINI,
        lambda seen: bool(at(seen, 0, "broken")),
        ("call 0 hollow_body holds=empty",),
        FRAGILE,
    ),
    Bug(
        "fragile_timeout",
        "VRSEN/agency-swarm-lab#17",
        "a read timeout of the first call",
        RESPONSES,
        lambda seen: bool(at(seen, 0, "timeout")),
        ("call 0 slow_first_byte seconds=30",),
        FRAGILE,
    ),
    Bug(
        "fragile_stream_end",
        "earendil-works/pi#6284",
        "a stream that ends inside the arguments of the refund",
        CLAUDE,
        lambda seen: bool(at(seen, 1, "broken")),
        ("call 1 truncate boundary=before_terminator offset=0",),
        FRAGILE,
    ),
    Bug(
        "fragile_second_failure",
        "zeroclaw-labs/zeroclaw#9812",
        "gives up at two failures of one call, and crashes at failures of two calls",
        CHAT,
        lambda seen: len(steps(failures(seen))) >= 2,
        ("call 0 rate_limit retry_after_s=1", "call 1 rate_limit retry_after_s=1"),
        FRAGILE,
    ),
    Bug(
        "fragile_slow_then_limit",
        "Agent-Field/agentfield#720",
        "a slow reply, then a rate limit",
        GEMINI,
        lambda seen: (
            any(one.took_s >= 15 and not one.failed for one in attempts(seen))
            and bool(failures(seen, "rate_limit"))
        ),
        ("call 0 rate_limit retry_after_s=1", "call 0.1 slow_first_byte seconds=15"),
        FRAGILE,
    ),
    Bug(
        "fragile_third_attempt",
        "librefang/librefang#5168",
        "the third failure of one call, where it would have given up",
        CHAT,
        lambda seen: len(in_a_row(seen)) >= 3,
        (
            "call 0 rate_limit retry_after_s=1",
            "call 0.1 rate_limit retry_after_s=1",
            "call 0.2 rate_limit retry_after_s=1",
        ),
        _THREE,
    ),
)
