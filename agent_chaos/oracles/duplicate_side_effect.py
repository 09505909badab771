"""The same side effect happened more often than the model asked for."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator

from agent_chaos.oracles.oracle import Evidence, Gravity, Severity, Undecided, Violation
from agent_chaos.oracles.reading.effects import brings_back, only_reads
from agent_chaos.oracles.reading.tool_reports import asks_for
from agent_chaos.oracles.reading.turns import (
    asking_call,
    executed,
    prompt_of_call,
    served_turn,
    shown,
    strict_json,
)
from agent_chaos.providers.turn import Prompt, ToolCall, ToolResult
from agent_chaos.trace.fidelity import Fidelity
from agent_chaos.trace.trace import Call, ToolRun, Trace

_ADVICE = (
    "Keep what a run has already done, by tool and arguments, and give that result back when a retry comes to it again, or "
    "send the tool's service an idempotency key; a tool that only reads can be declared @agent_chaos.tool(pure=True)."
)
_UNSEEN = (
    "Nothing wraps the tool, so that the requests alone tell of its runs: where the second result was a kept one, wrap what does "
    "the work with @agent_chaos.tool."
)
_KEY = re.compile(
    r"idempoten|dedup|(?:request|operation|transaction)_?(?:id|key|token|ref)|client_?token", re.IGNORECASE
)
"""What an idempotency key is called."""


class DuplicateSideEffect:
    """A tool did the same thing, by name and arguments, more often than in the clean run, and the model did not want
    it: it had asked once, or it was asked again without being told what had been done (a turn that was run again).

    What a model asks for twice in one reply is a warning; what it asks for again although it sees the result is its own
    decision. Of a tool without a boundary, as in another process, the requests tell that it ran. Where the agent gives the
    tool an idempotency key beside what the model asked, and the same one again, the tool's service does it once. Tools that
    are declared pure, and runs that failed before their effect are left out. A name that says that a tool only reads or
    reckons (get, search, weather, calculate…) makes it a warning, and no finding at all where the tool also brings something
    back that it had not been told.
    Source: crewAI#5802, langgraph#8702, PraisonAI#4256, openai-agents#4254, langchain#38708.
    """

    name = "duplicate_side_effect"
    headline = "A tool does again what was done already"
    needs = Fidelity.MISS
    gravity = Gravity.WRONG_EFFECT
    severity: Severity = "error"
    timed = False

    def judge(self, evidence: Evidence) -> Iterable[Violation | Undecided]:
        """One violation per tool; undecided where the model's second wish was replayed from another conversation."""
        # What the clean run does twice is meant to be done twice.
        usual = Counter(_key(run) for run in _runs(evidence, evidence.clean) if run.landed)
        done: dict[tuple[str, str], list[ToolRun]] = {}
        reported: set[str] = set()
        for run in _effects(evidence):
            if _is_keyed(evidence.clean, run):
                continue
            earlier = done.setdefault(_key(run), [])
            earlier.append(run)
            if len(earlier) > max(1, usual[_key(run)]) and run.name not in reported:
                for found in self._judged(evidence.trace, run, earlier[:-1]):
                    reported.add(run.name)
                    yield _milder(found) if only_reads(run.name) else found

    def _judged(self, trace: Trace, run: ToolRun, earlier: list[ToolRun]) -> Iterator[Violation | Undecided]:
        call = asking_call(trace, run)
        here = [one for one in (*earlier, run) if call and asking_call(trace, one) == call]
        # At least once, since a framework may have changed the arguments on the way, and the call is then
        # not found by them.
        asked = max(1, _times_asked(call, run)) if call else 0
        if call is None or len(here) > asked:
            yield self._violation(run, earlier, "the model had asked for it once", call)
        elif len(here) > 1:
            yield self._violation(run, earlier, "the model asked for it twice in one reply", call, "warning")
        elif not _knew(call, run):
            if not call.fidelity.full:
                yield Undecided(oracle=self.name, reason=f"left the recording at call {call.call}")
                return
            why = "the model that asked for it again had not been told of the first time"
            yield self._violation(run, earlier, why, call)

    def _violation(
        self, run: ToolRun, earlier: list[ToolRun], why: str, call: Call | None, severity: Severity = "error"
    ) -> Violation:
        before = earlier[-1]
        times = "twice" if len(earlier) == 1 else f"{len(earlier) + 1} times"
        unheard = f", the first time reported as {before.end.error_type}," if before.end.failed else ""
        return Violation(
            oracle=self.name,
            subject=run.name,
            reason=f"{run.name} was done {times} with {shown(run.arguments)}{unheard} and {why}",
            advice=_ADVICE if run.site else f"{_ADVICE} {_UNSEEN}",
            severity=severity,
            call_seq=call.seq if call else None,
            tool_seq=run.seq if run.site else None,
            before=before.arguments,
            after=[one.arguments for one in (*earlier, run)],
        )


def _runs(evidence: Evidence, trace: Trace) -> list[ToolRun]:
    """The tools that ran: those that a boundary saw, and those of other processes, of which the next request tells."""
    seen = {run.seq for run in trace.tools}
    told = [
        one
        for one in executed(trace, evidence.clean)
        if one.seq not in seen and one.name not in evidence.pure_tools
    ]
    return [
        *trace.tools,
        *(ToolRun(one.seq, 0, 0.0, None, one.name, one.arguments, after=one.after) for one in told),
    ]


def _effects(evidence: Evidence) -> Iterator[ToolRun]:
    """The runs of tools that may have changed something outside of the agent."""
    runs = [run for run in _runs(evidence, evidence.trace) if run.landed and run.effect != "pure"]
    named = {run.name for run in runs if only_reads(run.name)}
    looking = {name for name in named if brings_back(name, evidence.clean)}
    return (run for run in runs if run.name not in looking)


def _is_keyed(clean: Trace, run: ToolRun) -> bool:
    """Whether the agent adds a key to a tool's arguments that no model asked for, so that doing it again does nothing more.

    That it is the agent's own is what the recording shows; of other additions (who the user is) its name tells it apart.
    """
    keys = [name for name in run.arguments if _KEY.search(name)] if isinstance(run.arguments, dict) else []
    asked = [one for call in clean.calls if (turn := served_turn(call)) for one in turn.tool_calls]
    mine = [strict_json(one.arguments) for one in asked if one.name == run.name]
    return any(run.arguments[key] for key in keys if all(key not in given for given in mine))


def _milder(found: Violation | Undecided) -> Violation | Undecided:
    return found.model_copy(update={"severity": "warning"}) if isinstance(found, Violation) else found


def _key(run: ToolRun) -> tuple[str, str]:
    # As text: arguments may be lists and objects, which are no keys.
    return run.name, json.dumps(run.arguments, sort_keys=True, default=str)


def _times_asked(call: Call, run: ToolRun) -> int:
    turn = served_turn(call)
    return sum(asks_for(asked, run) for asked in turn.tool_calls) if turn else 0


def _knew(call: Call, run: ToolRun) -> bool:
    """Whether the request that the model answered told it of an earlier run, or its server keeps what it was told."""
    prompt = prompt_of_call(call)
    # With `previous_response_id` the history is on the server, so that its absence in the request says
    # nothing.
    return prompt is None or bool(prompt.previous) or any(asks_for(told, run) for told in _told(prompt))


def _told(prompt: Prompt) -> Iterator[ToolCall]:
    """The calls in a request that stand there with a result."""
    parts = [part for message in prompt.messages for part in message.parts]
    results = {part.call_id or part.name for part in parts if isinstance(part, ToolResult)}
    return (part for part in parts if isinstance(part, ToolCall) and (part.id or part.name) in results)


ORACLE = DuplicateSideEffect()
