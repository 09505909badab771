"""The contract of an oracle: a rule over (trace, clean trace) that yields violations, without a line of user code.

An oracle is silent on every clean run. It never guesses: where replay left the recording before the point it judges,
it yields `Undecided` instead.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Literal, Protocol

from pydantic import BaseModel, ConfigDict

from agent_chaos.providers.turn import RawFields
from agent_chaos.trace.fidelity import Fidelity
from agent_chaos.trace.trace import Trace

Severity = Literal["error", "warning"]

ASSERTION = "assertion"
"""The `oracle` of a violation that one of the scenario's own assertions found; its `subject` is the assertion's name."""


class Violation(BaseModel):
    """What an oracle found. `subject` is what it is about, free of ids, paths and numbers (a tool's name, an exception
    type and function); `oracle` and `subject` are the fingerprint. `reason` says what happened in this run, `advice`
    what the developer should do, each one sentence. `call_seq` and `tool_seq` point into the trace.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    oracle: str
    subject: str
    reason: str
    advice: str
    severity: Severity = "error"
    call_seq: int | None = None
    tool_seq: int | None = None
    before: Any = None
    after: Any = None

    @property
    def fingerprint(self) -> str:
        return f"{self.oracle}:{self.subject}"

    @property
    def rule(self) -> str:
        """What people call the rule that was broken: the oracle, or the assertion by its name."""
        return f"{ASSERTION} {self.subject}" if self.oracle == ASSERTION else self.oracle


def spoken(fingerprint: str) -> str:
    """A fingerprint as people read it: `unhandled exception: TypeError in refund.py:agent`."""
    oracle, _, subject = fingerprint.partition(":")
    return f"{oracle.replace('_', ' ')}: {subject}"


class Undecided(BaseModel):
    """An oracle could not judge; `reason` names the call where replay left the recording."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    oracle: str
    reason: str


@dataclass(frozen=True, slots=True)
class Budget:
    """Limits of a trial: virtual seconds, HTTP requests (both beyond the clean run's own), real seconds."""

    virtual_s: float = 600.0
    requests: int = 30
    # The stop for runs that hang in code which no virtual clock reaches; all else is judged in virtual
    # time.
    real_s: float = 30.0


@dataclass(frozen=True, slots=True)
class Evidence:
    """What an oracle may look at: the trial's trace, the clean trace, the budget, and the tools' schemas by name.

    `tolerated` are the rules of requests that the recording itself breaks: its provider accepted that. `rewritten` says that
    chaos rewrote what users or the agent said, `error_expected` that the scenario asserts an error, `pure_tools` are those
    without a boundary that it declares to have no side effects.
    """

    trace: Trace
    clean: Trace
    budget: Budget
    schemas: dict[str, RawFields]
    tolerated: frozenset[str] = frozenset()
    rewritten: bool = False
    error_expected: bool = False
    pure_tools: frozenset[str] = frozenset()


class Gravity(IntEnum):
    """What a finding means for users, worst first: what did harm without a word comes before what stopped the agent."""

    ASSERTED = 0
    WRONG_EFFECT = 1
    UNTRUE_ANSWER = 2
    BROKEN_CONVERSATION = 3
    LEAK = 4
    OTHER_ANSWER = 5
    NO_END = 6
    CRASH = 7
    WASTE = 8


class Oracle(Protocol):
    """One rule. Each member module exports one instance as `ORACLE`, and keeps its sentences in `_ADVICE`.

    `name` is as in `unfinished_tool_call`; `headline` says what is wrong with the agent, as one line without a full stop.
    `needs` is the last rung of replay on which its findings count: what it finds
    after a reply of a lower rung is dropped. `severity` is what its findings are at most. `timed` says that it judges by when
    something happened, which a run without an exact clock does not tell.
    """

    name: str
    headline: str
    needs: Fidelity
    gravity: Gravity
    severity: Severity
    timed: bool

    def judge(self, evidence: Evidence) -> Iterable[Violation | Undecided]:
        """Everything that is wrong with the run, or cannot be told."""
        ...
