"""Decides, as a run goes on, which configured faults strike; keeps who did, and why the others did not."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cached_property, partial
from random import Random
from typing import Any

from agent_chaos.chaos.builder import Chaos
from agent_chaos.chaos.compat import ChaosResult
from agent_chaos.chaos.mutation import Mutation, called
from agent_chaos.chaos.trigger import CallContext
from agent_chaos.containment import Contained
from agent_chaos.errors import ScenarioError
from agent_chaos.faults.fault import Fault, ToolFault, WireFault
from agent_chaos.stream.exchange import Request
from agent_chaos.trial.histories import Histories, rewritten_histories

_MESSAGES = ("messages", "input", "contents")
"""Where the protocols keep the conversation in a request body."""


@dataclass(frozen=True, slots=True)
class Changed:
    """A change that a mutator made, for the record. `call` is the logical call it was made at, -1 for other points."""

    chaos: Chaos
    turn: int
    before: Any
    after: Any
    call: int = -1
    tool: str = ""
    at: float = 0.0


class ChaosInjector:
    """The configured faults of one run. Not thread-safe; the caller holds a lock.

    Args:
        chaos: what the scenario configures, in order; of two faults that act on one level of a call the first strikes.
        seed: of the chance behind `with_probability`.
        context: handed to mutators that ask for it.
    """

    def __init__(self, chaos: Sequence[Chaos], seed: int = 0, context: Any = None) -> None:
        self._chaos = tuple(chaos)
        # A generator of its own: whether a fault strikes must not depend on what the agent draws.
        self._chance = Random(seed)
        self.context = context
        # By the place of a fault in `chaos`: two that are equal are still two, with a record of their own.
        self._struck_call: dict[int, tuple[str, int]] = {}
        self._drawn: dict[tuple[int, str, int], bool] = {}
        self._moments: list[CallContext] = []
        self._masked_by: dict[int, Chaos] = {}
        self._histories = Histories()
        self._noted: set[tuple[int, int]] = set()
        self._tool_moments: list[CallContext] = []
        self.struck: Counter[int] = Counter()
        self.changes: list[Changed] = []

    @property
    def configured(self) -> bool:
        """Whether there is any chaos."""
        return bool(self._chaos)

    @property
    def rewrites(self) -> bool:
        """Whether any of it rewrites what users, the agent or tools say, besides faults."""
        return bool(self._historic) or any(one.mutator is not None for one in self._chaos)

    @cached_property
    def _historic(self) -> list[tuple[int, Chaos]]:
        """The faults that change the history."""
        return [(i, one) for i, one in enumerate(self._chaos) if one.fault.kind.startswith("history_")]

    def for_reply(self, moment: CallContext) -> list[Fault]:
        """The faults of a model's reply at this moment."""
        self._moments.append(moment)
        return self._striking(moment, WireFault)

    def for_tool(self, moment: CallContext) -> list[Fault]:
        """The fault of a tool call at this moment, at most one."""
        self._tool_moments.append(moment)
        # A tool ends in one way, with its result or with one fault.
        return self._striking(moment, ToolFault)[:1]

    def _striking(self, moment: CallContext, level: type[Fault]) -> list[Fault]:
        found: dict[str, Chaos] = {}
        for number, chaos in enumerate(self._chaos):
            if isinstance(chaos.fault, level) and self._strikes(number, chaos, moment):
                first = found.setdefault(chaos.fault.level, chaos)
                if first is not chaos:
                    self._masked_by[number] = first
        return [chaos.fault for chaos in found.values()]

    def _strikes(self, number: int, chaos: Chaos, moment: CallContext) -> bool:
        trigger = chaos.trigger
        if not trigger.allows(moment):
            return False
        # One that names a site needs no such rule, as a site is met once.
        if trigger.site is None and not trigger.conditional:
            here = (moment.tool, moment.call)
            # Without a condition a fault belongs to the first call in which it changes something, with all
            # its attempts.
            return self._struck_call.get(number, here) == here
        return self._by_chance(number, chaos, moment)

    def _by_chance(self, number: int, chaos: Chaos, moment: CallContext) -> bool:
        """Drawn once for each call, so that all its attempts meet the same."""
        key = (number, moment.tool, moment.call)
        if key not in self._drawn:
            probability = chaos.trigger.probability
            self._drawn[key] = probability is None or self._chance.random() < probability
        return self._drawn[key]

    def fired(self, faults: Sequence[Fault], moment: CallContext) -> None:
        """Notes which of the faults it named changed something."""
        for number, chaos in enumerate(self._chaos):
            # By identity: a scenario may configure two equal faults, of which one fired.
            if any(fault is chaos.fault for fault in faults):
                self.struck[number] += 1
                self._struck_call.setdefault(number, (moment.tool, moment.call))

    def user_input(self, turn: int, text: str) -> str:
        """What the user says after every mutator of it."""
        # Allowed as at the first call of the turn, which triggers count from; kept with -1, since no call was
        # made yet.
        for number, chaos in self._mutators("user_input_mutate", CallContext(turn, 0, 0)):
            text = self._mutated(number, chaos, CallContext(turn, -1, -1), text, text)
        return text

    def tool_result(self, moment: CallContext, result: Any) -> Any:
        """What a tool gives after every mutator of it."""
        for number, chaos in self._mutators("tool_mutate", moment):
            result = self._mutated(number, chaos, moment, result, moment.tool, result)
        return result

    def request(self, moment: CallContext, request: Request) -> Request:
        """What the model is asked after every mutator of it: of the history first, of the whole last."""
        contexts = self._mutators("context_mutate", moment)
        # Unchanged in the object, too, for what is kept with a request.
        if not (contexts or self._historic) or not isinstance(request.json, dict):
            return request
        # Not `request.json`, which is kept with the request and would be changed for all who ask for it.
        body = json.loads(request.body)
        field = next((name for name in _MESSAGES if isinstance(body.get(name), (list, str))), None)
        if field is None:
            return request
        told = _as_messages(body[field])
        messages = self._with_history(moment, told)
        for number, chaos in contexts:
            messages = self._mutated(number, chaos, moment, messages, messages)
        if messages == told:
            return request
        # Gemini calls its list `contents`, and its API refuses messages of other APIs in it.
        body[field] = [_as_content(one) for one in messages] if field == "contents" else messages
        return replace(request, body=json.dumps(body, ensure_ascii=False).encode())

    def _with_history(self, moment: CallContext, messages: list[Any]) -> list[Any]:
        """The messages of a call, with the history of its turn as faults change it."""
        if not self._historic:
            return messages
        self._histories.begin(moment.turn, moment.call, messages)
        changes = []
        for number, chaos in self._historic:
            turn = self._history_of(number, chaos, moment)
            length = None if turn is None else self._histories.length(turn, messages)
            if turn is not None and length is not None:
                changes.append((length, partial(self._new_history, number, chaos, turn, moment)))
        return rewritten_histories(messages, changes)

    def _history_of(self, number: int, chaos: Chaos, moment: CallContext) -> int | None:
        """The turn whose history a fault changes at this moment, if any; what changed between turns stays changed."""
        between = chaos.trigger.between_turns
        turn = between[1] if between else moment.turn
        # In later turns only where it was changed: what the model was never told changed cannot stay so.
        if between and moment.turn > turn:
            return turn if (number, turn) in self._noted else None
        if not chaos.trigger.allows(moment):
            return None
        # By the turn's first call, so that chance is drawn once for a history, and not with each call it is
        # sent in.
        first = replace(moment, call=self._histories.first_call(turn))
        return turn if self._by_chance(number, chaos, first) else None

    def _new_history(
        self, number: int, chaos: Chaos, turn: int, moment: CallContext, history: list[Any]
    ) -> list[Any]:
        """The changed history, noted once however many calls it is sent with."""
        after: list[Any] = self._called(chaos, history)
        if after != history and (number, turn) not in self._noted:
            self._noted.add((number, turn))
            self._note(number, chaos, moment, history, after)
        return after

    def _mutators(self, kind: str, moment: CallContext) -> list[tuple[int, Chaos]]:
        return [
            (number, chaos)
            for number, chaos in enumerate(self._chaos)
            if isinstance(chaos.fault, Mutation)
            and chaos.fault.kind == kind
            and chaos.trigger.allows(moment)
            and self._by_chance(number, chaos, moment)
        ]

    def _mutated(self, number: int, chaos: Chaos, moment: CallContext, before: Any, *values: Any) -> Any:
        after = self._called(chaos, *values)
        if after != before:
            self._note(number, chaos, moment, before, after)
        return after

    def _called(self, chaos: Chaos, *values: Any) -> Any:
        """What a mutator makes of the last value. Raises ScenarioError where it raises, or gives something else."""
        assert chaos.mutator is not None
        # A mutator may change its argument in place; the original is what the result is compared with.
        copies = json.loads(json.dumps(values))
        with Contained() as contained:
            given = called(chaos.mutator, self.context, *copies)
            after = given.instead_of(values[-1]) if isinstance(given, ChaosResult) else given
            fits = chaos.point == "tool_result" or isinstance(after, type(values[-1]))
            # Here, so that a result JSON cannot hold is told as the mutator's failure, and not as one of the
            # request.
            json.dumps(after)
        if (exc := contained.error) is not None:
            raise ScenarioError(f"{chaos}: its function fails: {type(exc).__name__}: {exc}") from exc
        if not fits:
            wanted = "a text" if chaos.point == "user_input" else "a list of messages"
            raise ScenarioError(f"{chaos}: its function gave {after!r:.80}, expected {wanted}")
        return after

    def _note(self, number: int, chaos: Chaos, moment: CallContext, before: Any, after: Any) -> None:
        self.struck[number] += 1
        call = -1 if moment.tool else moment.call
        self.changes.append(Changed(chaos, moment.turn, before, after, call, moment.tool, moment.at))

    def unfired(self) -> list[str]:
        """Of every fault that had to strike and did not, why."""
        return [
            f"{chaos} did not fire: {self._why_not(number, chaos)}"
            for number, chaos in enumerate(self._chaos)
            # A fault by chance may well not fire.
            if not self.struck[number] and chaos.trigger.probability is None
        ]

    def _why_not(self, number: int, chaos: Chaos) -> str:
        if number in self._masked_by:
            return f"another fault of the same level already applies to this call: {self._masked_by[number]}"
        trigger = chaos.trigger
        of_tool = isinstance(chaos.fault, ToolFault) or chaos.point == "tool_result"
        seen = self._tool_moments if of_tool else self._moments
        what = "tool call" if of_tool else "call"
        if of_tool and not seen:
            return "no tool was called; of plain functions, only those under @agent_chaos.tool are seen"
        if of_tool and trigger.tool and not any(one.tool == trigger.tool for one in seen):
            called_tools = ", ".join(sorted({one.tool for one in seen}))
            near = get_close_matches(trigger.tool, {one.tool for one in seen}, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            return f"the tool {trigger.tool!r} was not called (called: {called_tools}){hint}"
        calls = len({(one.tool, one.call) for one in seen})
        made = f"the agent made {calls} {what}{'' if calls == 1 else 's'}"
        for name in ("after_calls", "on_call"):
            wanted = getattr(trigger, name)
            if wanted is not None and wanted >= calls:
                return f"{made}; {name}({wanted}) needs {wanted + 1}"
        if isinstance(chaos.fault, Mutation) and any(trigger.allows(one) for one in seen):
            return "its function changed nothing"
        if any(trigger.allows(one) for one in seen):
            return "it had nothing to act on" + (
                ": the reply was not streamed, or was over by then" if chaos.streaming else ""
            )
        return f"{made}, none of which its conditions allow"


def _as_messages(value: list[Any] | str) -> list[Any]:
    """The messages of a request; OpenAI's Responses take a text for a single one."""
    return [{"role": "user", "content": value}] if isinstance(value, str) else value


def _as_content(message: Any) -> Any:
    """A message of role and text as Gemini has it; what is a content of Gemini's already stays."""
    if not isinstance(message, dict) or not isinstance(message.get("content"), str):
        return message
    role = "model" if message.get("role") == "assistant" else "user"
    return {"role": role, "parts": [{"text": message["content"]}]}
