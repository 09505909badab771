"""An exception escapes the agent that no caller could have expected."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from typing import Literal

from agent_chaos.oracles.oracle import Evidence, Gravity, Severity, Undecided, Violation
from agent_chaos.oracles.reading.heard import gave_up_waiting
from agent_chaos.oracles.reading.turns import all_transparent, read_whole
from agent_chaos.trace.fidelity import Fidelity
from agent_chaos.trace.trace import Raised, ToolRun, Trace

Grade = Literal["honest", "unread", "tool", "transport", "programming"]

_TRANSPORT = (
    "httpx",
    "httpx2",
    "httpcore",
    "httpcore2",
    "aiohttp",
    "requests",
    "urllib",
    "urllib3",
    "http",
    "ssl",
    "socket",
    "h11",
)
# pydantic's is declared in its compiled module, under this name, in every 2.x that was seen.
_PARSERS = frozenset({"pydantic_core._pydantic_core.ValidationError"})
"""What parsers beside Python's own raise for data that is not what a program took it for."""

_FAIR = frozenset({"Exception", "TimeoutError", "ExceptionGroup", "BaseExceptionGroup"})
"""Types of Python's own that say nothing about who is at fault."""

_ENDINGS = frozenset(
    {"SystemExit", "KeyboardInterrupt", "GeneratorExit", "asyncio.exceptions.CancelledError"}
)
"""What ends more than a turn: no caller of an agent expects it to escape."""

_CRASHED = "agent_chaos.scenario.command.CommandCrashed"
"""A program of another process that ended in such an error."""

_LONGEST_MESSAGE = 160
"""Characters of an exception's message that a reason quotes."""

_RAISES = re.compile(r"(?:^|[:;]\s*)raise\b")
"""A `raise` that begins a statement, on a line of its own or behind its `if`."""

_ADVICE: dict[Grade, str] = {
    "honest": "Retry this error before giving up: it was transient, and one more attempt gives the same answer.",
    "unread": "Follow redirects, and read a reply in whatever spelling and division it comes: nothing in it was missing.",
    "tool": "Catch what a tool raises, and give the model an error result for its call, in words of your own.",
    "transport": "Catch transport errors around the whole stream, not only around the call that opens it, and retry or "
    "report them as your own error.",
    "programming": "Check what the model or the provider sent before using it, and turn a bad reply into a retry or an "
    "error of your own.",
}


class UnhandledException:
    """Four grades: an SDK's or the agent's own error is fair for a visible fault and a violation for a transient one;
    a raw transport error, a programming error, and the very exception that a tool was made to raise always are.

    Source: anthropic-sdk-python#1919, litellm#38136, openai-agents#604, python-genai#1892, langgraph#6486.
    """

    name = "unhandled_exception"
    headline = "An exception ends the turn"
    needs = Fidelity.PROVIDER
    gravity = Gravity.CRASH
    severity: Severity = "error"
    timed = False

    def judge(self, evidence: Evidence) -> Iterable[Violation | Undecided]:
        """One violation per turn that ended in such an exception."""
        if evidence.error_expected:
            return
        clean = {(raised.turn, raised.type) for raised in evidence.clean.raised}
        for raised in evidence.trace.raised:
            # First of all whose exception it is: that of a tool may be of any type, also one that would be
            # fair of an SDK.
            grade = "tool" if _failed_tool(evidence.trace, raised) else grade_of(raised)
            # The turn ends like this without a fault, too.
            if (raised.turn, raised.type) in clean:
                continue
            # A deadline of the agent's own left no time for another try: nobody has to wait for a late reply.
            if grade == "honest" and _is_timeout(raised) and gave_up_waiting(evidence.trace):
                continue
            if grade == "honest" and all_transparent(evidence):
                grade = "unread" if _had_come(evidence.trace) else "honest"
            elif grade == "honest":
                continue
            yield self._violation(evidence.trace, raised, grade)

    def _violation(self, trace: Trace, raised: Raised, grade: Grade) -> Violation:
        where = f" in {raised.where}" if raised.where else ""
        words = {
            "honest": "although a retry would have succeeded",
            "unread": "although the whole reply had come",
            "tool": "what a tool raised took the whole turn with it",
            "transport": "a raw transport error that callers of the agent cannot know",
            "programming": f"{_struck(trace)} came out as an error that looks like a bug of the agent",
        }[grade]
        message, tool = _clipped(" ".join(raised.message.split())), _failed_tool(trace, raised)
        return Violation(
            oracle=self.name,
            subject=f"{_kind(raised, grade)}{where}",
            reason=f"turn {raised.turn} ended in {raised.type}{where} ({message or 'no message'}): {words}",
            advice=_ADVICE[grade],
            call_seq=_last_call_before(trace, raised),
            tool_seq=tool.seq if tool else None,
        )


def _struck(trace: Trace) -> str:
    """What was bad before the exception: what tools gave where faults struck nothing else."""
    tools_alone = any(run.fired for run in trace.tools) and not any(call.fired for call in trace.calls)
    return "what a tool gave" if tools_alone else "a bad reply"


def _clipped(message: str) -> str:
    return message if len(message) <= _LONGEST_MESSAGE else f"{message[: _LONGEST_MESSAGE - 1]}…"


def _is_timeout(raised: Raised) -> bool:
    return "TimeoutError" in (raised.type, *raised.bases)


def _had_come(trace: Trace) -> bool:
    """Whether every reply that a fault struck came whole, in another form or from another place."""
    struck = [call for call in trace.calls if call.fired]
    return bool(struck) and all(
        call.reply is not None and call.reply.ok and read_whole(trace, call) for call in struck
    )


def _last_call_before(trace: Trace, raised: Raised) -> int | None:
    return max((call.seq for call in trace.calls if call.seq < raised.seq), default=None)


def _kind(raised: Raised, grade: Grade) -> str:
    """What a failure is known by: all that a transport, or that tools, raise in one place is one leak."""
    if grade == "tool":
        return "exception of a tool"
    if grade != "transport":
        return raised.type
    # Without the class: a reset raises ReadError or RemoteProtocolError by the byte at which it comes, and
    # both are one leak.
    return f"raw {raised.type.partition('.')[0]} error" if "." in raised.type else "raw socket error"


def _failed_tool(trace: Trace, raised: Raised) -> ToolRun | None:
    """The tool run of that turn that a fault made raise this exception."""
    return next(
        (
            run
            for run in trace.tools
            if run.fired
            and run.turn == raised.turn
            and (run.end.error_type, run.end.error) == (raised.type, raised.message)
        ),
        None,
    )


def grade_of(raised: Raised) -> Grade:
    """How bad an escaped exception is, by its type and by who raised it."""
    lineage = (raised.type, *raised.bases)
    # By the package that declares it: an SDK's own error is part of its contract, whatever it was made
    # from.
    if raised.type.partition(".")[0] in _TRANSPORT:
        return "transport"
    if raised.type == _CRASHED or raised.type in _ENDINGS:
        return "programming"
    if raised.type in _FAIR:
        return "honest"
    # What sockets raise are built-in classes below OSError: `ConnectionResetError`, `BrokenPipeError`.
    if "." not in raised.type and "OSError" in lineage:
        return "transport"
    if "." not in raised.type or any(one in _PARSERS or _is_python_s(one) for one in lineage):
        return "honest" if _raised_on_purpose(raised) else "programming"
    return "honest"


def _is_python_s(name: str) -> bool:
    """Whether an error is declared in the standard library, as those of its parsers are."""
    # Other classes of it (`abc.ABC`, `typing.Generic`) are bases of anybody's exceptions.
    declared = name.partition(".")[0] in sys.stdlib_module_names
    return "." in name and declared and name.lower().endswith(("error", "invalidoperation"))


def _raised_on_purpose(raised: Raised) -> bool:
    """Whether the agent's own code says `raise` where the exception comes from."""
    lines = raised.traceback.rstrip().splitlines()
    frames = [i for i, line in enumerate(lines) if line.startswith('  File "')]
    if not frames or not raised.where:
        return False
    file, _, function = raised.where.partition(":")
    frame = lines[frames[-1]]
    # The last frame must be the agent's: a library that raises on purpose has not read what came either.
    own = f'{file}"' in frame and frame.endswith(f"in {function}")
    source = lines[frames[-1] + 1].strip() if frames[-1] + 1 < len(lines) else ""
    return own and bool(_RAISES.search(source))


ORACLE = UnhandledException()
