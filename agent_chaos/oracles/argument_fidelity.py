"""A tool ran with arguments the model never sent, or for a call to another tool."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from agent_chaos.oracles.oracle import Evidence, Gravity, Severity, Undecided, Violation
from agent_chaos.oracles.reading.turns import (
    Executed,
    asking_call,
    executed,
    is_truncated,
    satisfies,
    sent_to,
    served_turn,
    shown,
    strict_json,
)
from agent_chaos.providers.turn import RawFields, ToolCall
from agent_chaos.trace.fidelity import Fidelity
from agent_chaos.trace.trace import Trace

_ADVICE = "Pass the model's arguments to the tool unchanged, once per call; refuse what does not parse instead of guessing."
_NAMED = "Run the tool that a call names; answer a call to a tool that does not exist with an error result."


class ArgumentFidelity:
    """The calls executed must be among the calls emitted, counting repeats.

    A run for a call to another tool, which the reply before it holds with those arguments, is told of as that.
    Differential: judged only for tools whose clean run obeys it, since agents may transform arguments on purpose. Calls
    of unfinished replies are left to `unfinished_tool_call`. Source: smolagents#2683, langchain-litellm#249,
    hermes-agent#62937.
    """

    name = "argument_fidelity"
    headline = "A tool ran with other arguments than the model sent"
    needs = Fidelity.MISS
    gravity = Gravity.WRONG_EFFECT
    severity: Severity = "error"
    timed = False

    def judge(self, evidence: Evidence) -> Iterable[Violation | Undecided]:
        """One violation per executed call without an emitted one."""
        # A tool that changes its arguments by design does so without faults, too.
        clean = evidence.clean
        transforming = clean.derived(
            "transforming tools", lambda: frozenset(one.name for one, _ in _unmatched(clean, evidence))
        )
        for one, emitted in _unmatched(evidence.trace, evidence):
            if one.name in transforming or _unfinished(evidence.trace, one):
                continue
            other = _asked_by_another_name(evidence.trace, one)
            yield self._unsent(one, emitted) if other is None else self._misnamed(one, other)

    def _unsent(self, one: Executed, emitted: list[Any]) -> Violation:
        sent = " and ".join(shown(value) for value in emitted) or "no such call"
        return Violation(
            oracle=self.name,
            subject=one.name,
            reason=f"{one.name} ran with {shown(one.arguments)}; the model had sent {sent}",
            advice=_ADVICE,
            tool_seq=one.seq,
            before=emitted[0] if emitted else None,
            after=one.arguments,
        )

    def _misnamed(self, one: Executed, asked: ToolCall) -> Violation:
        called = f"a call to {asked.name}" if asked.name else "a call that names no tool"
        return Violation(
            oracle=self.name,
            subject=f"{one.name} for another name",
            reason=f"{one.name} ran with {shown(one.arguments)} for {called}",
            advice=_NAMED,
            tool_seq=one.seq,
            before=asked.name,
            after=one.name,
        )


def _unmatched(trace: Trace, evidence: Evidence) -> list[tuple[Executed, list[Any]]]:
    """Executed calls that use up no emitted call, each with what was emitted for that tool.

    One that raised uses up none: to try again is another oracle's matter.
    """
    emitted = _emitted(trace, evidence.schemas)
    left = {name: list(values) for name, values in emitted.items()}
    found: list[tuple[Executed, list[Any]]] = []
    for one in executed(trace, evidence.clean):
        mine = left.get(one.name, [])
        match = next((i for i, value in enumerate(mine) if satisfies(one.arguments, value)), None)
        if match is None:
            found.append((one, emitted.get(one.name, [])))
        # A run that failed leaves its call open: the agent may try it again.
        elif not one.failed:
            mine.pop(match)
    return found


def _emitted(trace: Trace, schemas: Mapping[str, RawFields]) -> dict[str, list[Any]]:
    """What the model sent, by tool; without arguments that a tool does not declare, which any framework may drop."""
    found: dict[str, list[Any]] = {}
    for call in trace.calls:
        turn = served_turn(call)
        for asked in turn.tool_calls if turn else ():
            declared = schemas.get(asked.name, {}).get("properties")
            sent = strict_json(asked.arguments)
            if isinstance(sent, dict) and isinstance(declared, dict):
                # Pydantic models ignore unknown fields unless they are told not to, and most tools are made
                # of those.
                sent = {name: value for name, value in sent.items() if name in declared}
            found.setdefault(asked.name, []).append(sent)
    return found


def _asked_by_another_name(trace: Trace, one: Executed) -> ToolCall | None:
    """The call to a tool that nothing ran, in the reply before a run, which has the arguments that it ran with."""
    before = (served_turn(call) for call in reversed(trace.calls) if call.seq <= one.after)
    asked = next((turn.tool_calls for turn in before if turn is not None), ())
    ran = {run.name for run in trace.tools}
    return next(
        (
            call
            for call in asked
            if call.name not in ran and satisfies(one.arguments, strict_json(call.arguments))
        ),
        None,
    )


def _unfinished(trace: Trace, one: Executed) -> bool:
    call = asking_call(trace, one)
    turn = served_turn(call) if call is not None else None
    if call is None or turn is None:
        return False
    return is_truncated(call) or not all(isinstance(sent, dict) for sent in sent_to(one.name, turn))


ORACLE = ArgumentFidelity()
