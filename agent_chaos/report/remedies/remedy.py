"""The contract of a remedy: which failures it ends, where in the agent's code, and as which lines of code.

Failures with one remedy at one place are one finding. A member of this folder exports one instance as `REMEDY`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from agent_chaos import members
from agent_chaos.faults.family import STOP_REASON, TOOL_ARGUMENTS, TOOL_CALL, TRUNCATION
from agent_chaos.faults.fault import ToolFault
from agent_chaos.oracles.oracle import Violation
from agent_chaos.oracles.reading.turns import served_turn
from agent_chaos.report.agent_source.imports import missing_imports
from agent_chaos.report.agent_source.own_names import OwnNames, names_at, packages_of, parsed
from agent_chaos.report.remedies import frameworks
from agent_chaos.trace.stack_frame import StackFrame
from agent_chaos.trace.trace import Call, Raised, ToolRun, Trace

_FILES = re.compile(r'File ".*?([^/\\"]+)", line')
"""The names of the files in a formatted traceback."""

Reach = Literal["line", "function", "agent"]
"""How far one such change reaches: the line where it is made, the function around it, or all that the agent does."""

EXAMPLE_PACKAGES = {
    "anthropic_messages": ("anthropic",),
    "openai_chat": ("openai",),
    "openai_responses": ("openai",),
    "gemini": ("google.genai",),
    "bedrock_converse": ("botocore",),
}
"""The packages whose code an example of a protocol is written for."""

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
class Case:
    """One failure as remedies look at it: what was found, the run that shows it, and the run without faults."""

    violation: Violation
    trace: Trace
    clean: Trace

    @cached_property
    def raised(self) -> Raised | None:
        """The exception that ended the turn which failed: the one that is told of, else the first of the run."""
        # The oracle tells of the exception in words; of several in one run, the one that it names is meant.
        told = (one for one in self.trace.raised if one.type in self.violation.reason)
        return next(told, next(iter(self.trace.raised), None))

    @cached_property
    def call(self) -> Call | None:
        """The call that a fault struck; without one the call that the oracle points at, or the last."""
        struck = (call for call in self.trace.calls if call.fired)
        pointed = (call for call in self.trace.calls if call.seq == self.violation.call_seq)
        last = self.trace.calls[-1] if self.trace.calls else None
        return next(struck, next(pointed, last))

    @property
    def ended_early(self) -> bool:
        """Whether the reply that a fault struck came as a good one, and its model turn never reached its end."""
        call = self.call
        if call is None or call.wire is None or call.reply is None or not (call.reply.ok and call.reply.body):
            return False
        turn = call.wire.parse(call.reply)
        return not turn.complete or turn.stop not in (None, "end", "tool_use")

    @property
    def read_without_an_error(self) -> bool:
        """Whether the client read the reply that a fault struck to what it took for the end."""
        delivered = self.trace.deliveries.get(self.call.seq) if self.call is not None else None
        return delivered is not None and delivered.outcome == "complete"

    @property
    def struck_only_tools(self) -> bool:
        """Whether faults struck tools, and no call."""
        return any(run.fired for run in self.trace.tools) and not any(call.fired for call in self.trace.calls)

    @property
    def asked_again(self) -> bool:
        """Whether the request whose reply a fault struck was sent again."""
        call = self.call
        return call is not None and any(
            later.seq > call.seq and later.call == call.call for later in self.trace.calls
        )

    @cached_property
    def tool(self) -> ToolRun | None:
        """The tool run that the oracle points at, or that a fault struck."""
        pointed = (run for run in self.trace.tools if run.seq == self.violation.tool_seq)
        struck = (run for run in self.trace.tools if run.fired)
        return next(pointed, next(struck, None))

    @property
    def at_call(self) -> StackFrame | None:
        """The line that made the call."""
        return self.call.frame if self.call else None

    @property
    def at_tool(self) -> StackFrame | None:
        """The line that runs tools."""
        runs = (self.tool, *self.trace.tools, *self.clean.tools)
        return next((run.frame for run in runs if run is not None and run.frame), None)

    @property
    def at_exception(self) -> StackFrame | None:
        """The innermost line of the agent that the exception passed through."""
        return self.raised.frame if self.raised else None

    @property
    def protocol(self) -> str:
        """The protocol of the SDK that the agent's code calls itself; '' where a framework stands between."""
        spoken = self.call.protocol if self.call else ""
        frame = self.at_call
        return spoken if frame is not None and frame.library in EXAMPLE_PACKAGES.get(spoken, ()) else ""

    @property
    def asks_and_runs(self) -> bool:
        """Whether one line of the agent asks the model and runs the tools: a framework's, or an SDK's own loop over tools."""
        asked, ran = self.at_call, self.at_tool
        return asked is not None and ran is not None and (asked.file, asked.line) == (ran.file, ran.line)

    @property
    def runs_tools(self) -> bool:
        """Whether the exception came out of the line that runs tools, or of what leads to it."""
        if self.acts_on_words:
            return self._struck_a_tool
        raised, tool = self.at_exception, self.at_tool
        if raised is None or tool is None or (raised.file, raised.function) != (tool.file, tool.function):
            return False
        if self.at_call is not None and self.at_call.line == tool.line:
            # A framework's line asks the model and runs its tools.
            return self._struck_a_tool and self._came_out_of_a_tool
        return raised.line == tool.line or (self.parses_text and self._asked_for_a_tool)

    @cached_property
    def acts_on_words(self) -> bool:
        """Whether the agent runs tools on what the model says, and the model never calls one."""
        turns = [turn for turn in map(served_turn, self.clean.calls) if turn is not None]
        return bool(self.clean.tools) and not any(turn.tool_calls for turn in turns)

    @property
    def _struck_a_tool(self) -> bool:
        """Whether a fault struck a tool, or what the model asks of one, and not the reply as a whole."""
        struck = (fault for _, fault in self.trace.fired)
        return any(isinstance(one, ToolFault) or one.family in (TOOL_CALL, TOOL_ARGUMENTS) for one in struck)

    @property
    def _came_out_of_a_tool(self) -> bool:
        """Whether a tool failed, or what a framework does to run one; frameworks do that in files named for it."""
        files = _FILES.findall(self.raised.traceback) if self.raised is not None else []
        return any(run.end.failed for run in self.trace.tools) or any("tool" in file for file in files)

    @property
    def _asked_for_a_tool(self) -> bool:
        """Whether the last reply asked for a tool: what was parsed then are arguments, else the model's words."""
        turn = served_turn(self.trace.calls[-1]) if self.trace.calls else None
        return turn is not None and bool(turn.tool_calls)

    @property
    def read_too_soon(self) -> bool:
        """Whether a reply was cut or stopped, and what the agent's own code then read in it was not there."""
        families = {fault.family for _, fault in self.trace.fired}
        own = not self.from_library or self.parses_text or self.runs_tools
        return self.ended_early and families <= {TRUNCATION, STOP_REASON} and own

    @property
    def parses_text(self) -> bool:
        """Whether the exception came out of a parser that the agent's own line called."""
        raised = self.at_exception
        return raised is not None and raised.library in ("json", "pydantic", "json_repair", "orjson", "ast")

    @property
    def from_library(self) -> bool:
        """Whether the exception came out of the library that the agent's line called."""
        return self.at_exception is not None and self.at_exception.library != ""


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
