"""The contract of a remedy: which failures it ends, where in the agent's code, and as which lines of code.

Failures with one remedy at one place are one finding. A member of a folder beside this file exports one instance as `REMEDY`;
`by_oracle.py` is for whatever none of them fits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from agent_chaos import members
from agent_chaos.report.agent_source.imports import missing_imports
from agent_chaos.report.agent_source.own_names import OwnNames, names_at, packages_of, parsed
from agent_chaos.report.remedies import frameworks
from agent_chaos.report.remedies.case import EXAMPLE_PACKAGES, Case
from agent_chaos.trace.stack_frame import StackFrame

Reach = Literal["line", "function", "agent"]
"""How far one such change reaches: the line where it is made, the function around it, or all that the agent does."""

_SDKS = frozenset(name for names in EXAMPLE_PACKAGES.values() for name in names)
_REPLY = {
    "anthropic_messages": "message",
    "openai_chat": "completion",
    "openai_responses": "response",
    "gemini": "response",
    "bedrock_converse": "response",
}
_MADE = {
    "anthropic_messages": ("anthropic", "Anthropic"),
    "openai_chat": ("openai", "OpenAI"),
    "openai_responses": ("openai", "OpenAI"),
    "gemini": ("genai", "Client"),
    "bedrock_converse": ("boto3", "client"),
}


@dataclass(frozen=True)
class Remedy:
    """A change of the agent's code.

    Args:
        headline: what is wrong now, as one line without a full stop.
        does: what to change, as one sentence; '' where the oracle's own advice says it.
        code: the change in a few lines, by protocol; under '' for any other library, where that can be said. In it `$reply`
            stands for the whole reply, `$stream` for an open stream, `$client` for the client, and `$made(` for what makes one;
            `$for` and `$sleep(` are what they are in a function of the agent's kind, plain or `async`.
        events: the same for an agent that reads the events of a stream itself, each of which is `$chunk`.
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
    turn: str = ""
    apart: Callable[[Case], str] = lambda case: ""
    write: Callable[[Sequence[Case]], str] = lambda cases: ""

    def written(self, cases: Sequence[Case]) -> str:
        """The change that ends failures of one place, in the SDK at hand and the agent's own names, or ''."""
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
        code = with_names(template, names, case.protocol)
        module = parsed(case.at_call.file) if case.at_call is not None else None
        return missing_imports(code, module) + code if module is not None else code

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
    mine = (one for one in members.exported(frameworks, "FRAMEWORK") if set(one.packages) & set(called))
    return next((code for one in mine if (code := one.written(remedy, spoken))), "")


def with_names(template: str, names: OwnNames, protocol: str) -> str:
    """Lines of code in the agent's own names; a name that its source does not tell is explained in a line before them."""
    before, reply = "", names.reply or names.final
    if "$reply" in template and not reply.isidentifier():
        usual = _REPLY.get(protocol, "reply")
        before = f"{usual} = {reply}\n" if reply else f"# {usual}: what this call returns\n"
        reply = usual
    made = f"{names.made or _usual_maker(names, protocol)}({'..., ' if names.arguments else ''}"
    for word, name in (
        ("$reply", reply),
        ("$chunk", names.chunk),
        ("$stream", names.stream or "stream"),
        ("$for", "async for" if names.awaits else "for"),
        ("$sleep(", "await asyncio.sleep(" if names.awaits else "time.sleep("),
        ("$client", names.client if names.made else "client"),
        ("$made(", made),
    ):
        template = template.replace(word, name)
    return before + template


def _usual_maker(names: OwnNames, protocol: str) -> str:
    package, name = _MADE.get(protocol, ("", "Client"))
    return f"{package}.{'Async' if names.awaits and package != 'genai' else ''}{name}"
