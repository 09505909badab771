"""The agent of the corpus: one careful refund desk without I/O in it, which yields what it wants done next.

It acts on whole replies only, asks again with growing waits, does what the provider says about waiting, and gives up
in words of its own. A bug is a condition over what the desk has seen; where it holds, the desk breaks.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

What = Literal["ok", "rate_limit", "server", "refused", "connection", "timeout", "in_band", "broken", "tool"]
"""How one attempt ended, as the agent sees it; `tool` is a tool that raised."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One attempt at a call, or one run of a tool: how it ended, how long it took, and what wait it ordered, in seconds."""

    step: int
    attempt: int
    what: What
    took_s: float
    ordered_s: float = 0.0
    size: int = 0

    @property
    def failed(self) -> bool:
        return self.what != "ok"


ToolCall = tuple[str, str, dict[str, Any]]
History = tuple[Seen, ...]
Condition = Callable[[History], bool]


@dataclass(frozen=True, slots=True)
class Heard:
    """A reply: its text, or the tools it asks for as (id, name, arguments). One with a `doubt` must not be acted on."""

    text: str
    calls: tuple[tuple[str, str, dict[str, Any]], ...] = ()
    doubt: str = ""


@dataclass(frozen=True, slots=True)
class Turn:
    """One entry of the conversation in no protocol's form: what was heard, then the results of its tools, by id."""

    heard: Heard
    results: tuple[tuple[str, str, str, bool], ...] = ()


@dataclass(frozen=True, slots=True)
class Ask:
    """Send the conversation so far."""

    turns: tuple[Turn, ...]


@dataclass(frozen=True, slots=True)
class Sleep:
    """Wait."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Use:
    """Run a tool."""

    name: str
    arguments: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Failed:
    """An attempt or a tool that failed: how, and how long the provider wants to be left alone."""

    what: What
    ordered_s: float = 0.0


Action = Ask | Sleep | Use
Result = TypeVar("Result")
Work = Generator[Action, Any, Result]


class Unavailable(Exception):
    """The desk gave up; nothing was done that a second attempt would repeat."""


TOOLS: dict[str, dict[str, Any]] = {
    "lookup_order": {
        "type": "object",
        "properties": {"order_id": {"type": "string"}},
        "required": ["order_id"],
    },
    "refund": {
        "type": "object",
        "properties": {"order_id": {"type": "string"}, "amount": {"type": "number"}},
        "required": ["order_id", "amount"],
    },
}
_TYPES: dict[str, type | tuple[type, ...]] = {"string": str, "number": (int, float)}


Habit = Literal["impatient", "stubborn", "trusting", "starts_over", "silent", "glosses_over", "forgetful"]
"""What a careless desk does.

impatient: does not wait as ordered. stubborn: asks again after a refusal. trusting: acts on what came, whole or not.
starts_over: begins again from the start where a later request fails. silent: answers nothing where it gives up.
glosses_over: tells the model that a tool that raised was fine. forgetful: leaves out the result of a tool that raised.
"""


@dataclass(frozen=True, slots=True)
class Manner:
    """How much the desk puts up with (attempts at one call, seconds for all of it), and its bad habits."""

    attempts: int = 10
    deadline_s: float = 540.0
    habits: frozenset[Habit] = frozenset()


STURDY = Manner()
FRAGILE = Manner(attempts=2)
_LONGEST_WAIT_S = 20.0


class Desk:
    """One customer's conversation: `work` yields what is to be done, is sent what came of it, and returns the answer."""

    def __init__(self, manner: Manner, broken: Condition, now: Callable[[], float]) -> None:
        self._manner = manner
        self._broken = broken
        self._now = now
        self._seen: list[Seen] = []
        self._deadline = now() + manner.deadline_s

    def work(self) -> Work[str]:
        """Answers the customer. Raises Unavailable where the provider does not let it."""
        habits = self._manner.habits
        try:
            return (yield from self._conversation())
        except Unavailable:
            if "silent" in habits:
                return ""
            if "starts_over" not in habits:
                raise
        return (yield from self._conversation())

    def _conversation(self) -> Work[str]:
        turns: tuple[Turn, ...] = ()
        for step in range(12):
            heard = yield from self._asked(step, turns)
            if not heard.calls:
                return heard.text
            results = []
            for call in heard.calls:
                results.append((yield from self._used(step, call)))
            turns = (*turns, Turn(heard, tuple(one for one in results if one is not None)))
        raise Unavailable("the model kept asking for tools")

    def _asked(self, step: int, turns: tuple[Turn, ...]) -> Work[Heard]:
        for attempt in range(self._manner.attempts):
            began = self._now()
            got = yield Ask(turns)
            if isinstance(got, Heard) and got.doubt and "trusting" not in self._manner.habits:
                got = Failed("broken")
            failure = got if isinstance(got, Failed) else Failed("ok")
            self._note(step, attempt, failure.what, began, ordered_s=failure.ordered_s)
            if isinstance(got, Heard):
                return got
            yield from self._wait(attempt, failure)
        raise Unavailable("the model could not be asked")

    def _wait(self, attempt: int, failure: Failed) -> Work[None]:
        habits = self._manner.habits
        ordered = 0.0 if "impatient" in habits else failure.ordered_s
        wait = max(min(0.5 * 2**attempt, _LONGEST_WAIT_S), ordered)
        hopeless = failure.what == "refused" and "stubborn" not in habits
        if hopeless or self._now() + wait > self._deadline:
            raise Unavailable("the model could not be asked")
        yield Sleep(wait)

    def _used(self, step: int, call: ToolCall) -> Work[tuple[str, str, str, bool] | None]:
        id, name, arguments = call
        began = self._now()
        got = yield Use(name, arguments)
        failed = isinstance(got, Failed)
        text = f"{name} failed; it may have been done or not" if failed else json.dumps(got)
        self._note(step, -1, "tool" if failed else "ok", began, size=len(text))
        if failed and "forgetful" in self._manner.habits:
            return None
        if failed and "glosses_over" in self._manner.habits:
            return id, name, "done", False
        if len(text) > 20_000:
            text, failed = f"{name} returned {len(text)} characters, which is too much to read", True
        return id, name, text, failed

    def _note(
        self, step: int, attempt: int, what: What, began: float, *, ordered_s: float = 0.0, size: int = 0
    ) -> None:
        """Remembers what was seen, and breaks where the bug's condition holds."""
        self._seen.append(Seen(step, attempt, what, self._now() - began, ordered_s, size))
        if self._broken(tuple(self._seen)):
            planted()


def planted() -> None:
    """The bug: what an agent does not expect of its own state."""
    {}["planted"]


def heard(text: str, calls: list[tuple[str, str, str]], *, ended: bool, wants_tools: bool) -> Heard:
    """A reply, with a doubt where it did not come to its end or a tool call in it is not one we offer, once, as it should be.

    Raises:
        ValueError: arguments that are no JSON.
    """
    parsed = tuple((id, name, json.loads(given, parse_constant=_no_json)) for id, name, given in calls)
    odd = next((doubt for _, name, given in parsed if (doubt := _odd(name, given))), "")
    if not ended or wants_tools != bool(calls) or not (calls or text.strip()):
        odd = "not a whole reply"
    if len({id for id, _, _ in calls if id}) < len(calls) or _twins(parsed):
        odd = "the same call twice, or one without an id"
    return Heard(text, parsed, odd)


def _twins(calls: tuple[ToolCall, ...]) -> bool:
    return len({(name, json.dumps(given, sort_keys=True)) for _, name, given in calls}) < len(calls)


def _odd(name: str, arguments: Any) -> str:
    schema = TOOLS.get(name)
    if schema is None or not isinstance(arguments, dict) or set(arguments) != set(schema["properties"]):
        return f"{name} is not called like this"
    for key, value in arguments.items():
        if isinstance(value, bool) or not isinstance(value, _TYPES[schema["properties"][key]["type"]]):
            return f"{name}.{key} is {type(value).__name__}"
    return ""


def _no_json(word: str) -> None:
    raise ValueError(f"{word} is no JSON")
