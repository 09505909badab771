"""The contract of a remedy: which failures it ends, where in the agent's code, and as which lines of code.

Failures with one remedy at one place are one finding. A member of a folder beside this file exports one instance as `REMEDY`;
`by_oracle.py` is for whatever none of them fits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from agent_chaos import members
from agent_chaos.report.agent_source.example_code import with_names
from agent_chaos.report.agent_source.imports import missing_imports
from agent_chaos.report.agent_source.invoked_model import invoked_at
from agent_chaos.report.agent_source.own_names import names_at, packages_of, parsed
from agent_chaos.report.remedies import frameworks
from agent_chaos.report.remedies.case import EXAMPLE_PACKAGES, Case
from agent_chaos.trace.stack_frame import StackFrame

Reach = Literal["line", "function", "agent"]
"""How far one such change reaches: the line where it is made, the function around it, or all that the agent does."""

_PYTHON = ("", ".py", ".ipynb")
"""What the files of agents in Python end with; what stands in no file has no ending."""
_SDKS = frozenset(name for names in EXAMPLE_PACKAGES.values() for name in names)


@dataclass(frozen=True)
class Remedy:
    """A change of the agent's code.

    Args:
        headline: what is wrong now, as one line without a full stop.
        does: what to change, as one sentence; '' where the oracle's own advice says it.
        code: the change in a few lines, by protocol; under '' for any other library, where that can be said. In it `$reply`
            stands for the whole reply, `$stream` for an open stream, `$client` for the client, and `$made(` for what makes one;
            `$for`, `$def`, `$sleep(` and `$Async` are what they are in a function of the agent's kind, plain or `async`.
        events: the same for an agent that reads the events of a stream itself, each of which is `$chunk`.
        first: lines before `code` and `events` that only some failures need, by protocol.
        turn: the same for a line that asks the model and runs the tools, so that to do it again would run them again.
        fits: whether it ends this failure.
        at: the line where it is made.
        order: of several that fit, the one with the lowest order is meant.
        apart: what keeps two failures of one place apart all the same.
        write: the change where the failures themselves tell it better than `code` and `events`; '' where they do not.
    """

    name: str
    headline: str
    does: str
    fits: Callable[[Case], bool]
    at: Callable[[Case], StackFrame | None]
    reach: Reach = "line"
    order: int = 50
    code: Mapping[str, str] = field(default_factory=dict)
    events: Mapping[str, str] = field(default_factory=dict)
    first: Callable[[Sequence[Case]], Mapping[str, str]] = lambda cases: {}
    turn: str = ""
    apart: Callable[[Case], str] = lambda case: ""
    write: Callable[[Sequence[Case]], str] = lambda cases: ""

    def written(self, cases: Sequence[Case]) -> str:
        """The change that ends failures of one place, in the SDK at hand and the agent's own names, or ''.

        Lines of code are in Python, so that a program in another language has none.
        """
        place = self.at(cases[0])
        if place is not None and Path(place.file).suffix not in _PYTHON:
            return ""
        code, frame = self._lines(cases), cases[0].at_call
        module = parsed(frame.file) if frame is not None else None
        return missing_imports(code, module) + code if module is not None else code

    def _lines(self, cases: Sequence[Case]) -> str:
        if own := self.write(cases):
            return own
        case = cases[0]
        if (not case.protocol or case.asks_and_runs) and (own := _in_framework(self.name, case)):
            return own
        if case.asks_and_runs and self.turn:
            return self.turn
        names = names_at(case.at_call, case.protocol)
        whole = self.code.get(case.protocol, self.code.get("", ""))
        template = self.events.get(case.protocol, whole) if names.chunk else whole
        return with_names(self.first(cases).get(case.protocol, "") + template, names, case.protocol)

    def place(self, case: Case) -> tuple[str, ...]:
        """What failures that one change ends have in common, beside the remedy."""
        frame = self.at(case)
        if self.reach == "agent" or frame is None:
            return ()
        whole = (frame.file, frame.function, str(frame.line))
        return whole if self.reach == "line" else whole[:2]


def _in_framework(remedy: str, case: Case) -> str:
    """The change as it is written in what the agent's file imports: a framework, or the loop over tools of an SDK."""
    spoken = case.call.protocol if case.call else ""
    called = EXAMPLE_PACKAGES[case.protocol] if case.protocol else packages_of(case.at_call) - _SDKS
    invoke = invoked_at(case.at_call)
    mine = (one for one in members.exported(frameworks, "FRAMEWORK") if set(one.packages) & set(called))
    return next((code for one in mine if (code := one.written(remedy, spoken, invoke=invoke))), "")
