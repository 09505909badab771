"""One failure as remedies look at it: what a fault struck, what came of it, and at which lines of the agent."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from agent_chaos.faults.family import NO_ANSWER, STOP_REASON, TOOL_ARGUMENTS, TOOL_CALL, TRUNCATION
from agent_chaos.faults.fault import ToolFault
from agent_chaos.oracles.oracle import Violation
from agent_chaos.oracles.reading.turns import served_turn
from agent_chaos.providers.embeddings import embeddings_of
from agent_chaos.trace.stack_frame import StackFrame
from agent_chaos.trace.trace import Call, Raised, ToolRun, Trace

_FILES = re.compile(r'File ".*?([^/\\"]+)", line')
"""The names of the files in a formatted traceback."""

# As a trace says it, which keeps exceptions by their names and not as objects.
_PROGRAM_FAILED = "agent_chaos.scenario.command.CommandFailed"

EXAMPLE_PACKAGES = {
    "anthropic_messages": ("anthropic",),
    "openai_chat": ("openai",),
    "openai_responses": ("openai",),
    "gemini": ("google.genai",),
    "bedrock_converse": ("botocore",),
}
"""The packages whose code an example of a protocol is written for."""


@dataclass(frozen=True)
class Case:
    """One failure as remedies look at it: what was found, the run that shows it, and the run without faults.

    `reproduced`: its plan showed it each time that it ran after a run without faults.
    """

    violation: Violation
    trace: Trace
    clean: Trace
    reproduced: bool = True

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
    def says_something(self) -> bool:
        """Whether there is a text or a tool call in the reply that a fault struck."""
        turn = served_turn(self.call) if self.call is not None else None
        return turn is not None and bool(turn.text.strip() or turn.tool_calls)

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
        frame = self.at_call
        spoken = self.call.protocol if self.call else ""
        if self.call is not None and embeddings_of(self.call.request) and frame is not None:
            # Their client is that of the chats, and so is all that is said to it.
            spoken = {"openai": "openai_chat", "google.genai": "gemini"}.get(frame.library, "")
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
        # A call of a tool that is not there fails in the agent's own lookup, a line before the tool would
        # run.
        looked_up = self._struck_a_tool and not self.from_library
        return raised.line == tool.line or (self._asked_for_a_tool and (self.parses_text or looked_up))

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
        """Whether the last reply before it asked for a tool: what was parsed then are arguments, else the model's words."""
        before = [one for one in self.trace.calls if self.raised is None or one.seq < self.raised.seq]
        turn = served_turn(before[-1]) if before else None
        return turn is not None and bool(turn.tool_calls)

    @property
    def read_too_soon(self) -> bool:
        """Whether a reply was cut or stopped, and what the agent's own code then read in it was not there."""
        families = {fault.family for _, fault in self.trace.fired}
        own = not self.from_library or self.parses_text or self.runs_tools
        return self.ended_early and families <= {TRUNCATION, STOP_REASON} and own

    @property
    def read_nothing(self) -> bool:
        """Whether a reply ended as it should and said nothing, and the agent's own code then read something in it."""
        turn = served_turn(self.call) if self.call is not None else None
        empty = turn is not None and turn.complete and turn.stop == "end" and not self.says_something
        own = not self.from_library or self.parses_text
        return empty and own and {fault.family for _, fault in self.trace.fired} <= {NO_ANSWER}

    @property
    def parses_text(self) -> bool:
        """Whether the exception came out of a parser that the agent's own line called."""
        raised = self.at_exception
        return raised is not None and raised.library in ("json", "pydantic", "json_repair", "orjson", "ast")

    @property
    def from_library(self) -> bool:
        """Whether the exception came out of the library that the agent's line called; a program's own error may well have."""
        if self.raised is not None and self.raised.type == _PROGRAM_FAILED:
            return True
        return self.at_exception is not None and self.at_exception.library != ""
