"""Finds the agent's own code in a call stack or a traceback: what is neither installed, nor of Python, nor ours."""

from __future__ import annotations

import inspect
import sys
import sysconfig
import traceback
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from types import CodeType, FrameType, TracebackType

from agent_chaos.trace.stack_frame import StackFrame

_OURS = str(Path(__file__).resolve().parent.parent)
_INSTALLED = ("site-packages", "dist-packages")
_CALLS_THE_AGENT = "agent_chaos.trial.conversation"
_PYTHON = tuple(
    {sysconfig.get_path(name) for name in ("stdlib", "platstdlib")} | {str(Path(traceback.__file__).parent)}
)


@lru_cache(maxsize=4096)
def is_agents(filename: str) -> bool:
    """Whether a file holds the agent's own code."""
    # `sys.prefix` says nothing: in a container, /usr may hold both Python and the agent.
    if filename.startswith(("<", _OURS, *_PYTHON)):
        return False
    return not any(part in filename for part in _INSTALLED)


def calling_frame(thread: int) -> StackFrame | None:
    """The innermost line of the agent in the current call stack.

    Where the agent's library works in a thread of its own, the line at which the agent's `thread` waits for it.
    """
    # Depth 1 is whoever asks; private, but documented, and the only way to a stack without reading source files.
    found = _innermost(_outwards(sys._getframe(1)))
    if found is not None:
        return found
    return _innermost(_outwards(sys._current_frames().get(thread)))


def awaiting_frame(awaited: object) -> StackFrame | None:
    """The innermost line of the agent at which a coroutine, or an asynchronous generator, is suspended."""
    return _innermost(reversed(list(_suspended(awaited))))


def _suspended(awaited: object) -> Iterator[tuple[FrameType, int]]:
    """From the outermost coroutine to what it waits for in the end; a task or a future ends the way."""
    while awaited is not None:
        # By attribute: coroutines of C code, as Cython makes them, are of other types with the same names.
        prefix = next((kind for kind in ("cr", "ag", "gi") if hasattr(awaited, f"{kind}_frame")), "")
        frame = getattr(awaited, f"{prefix}_frame", None)
        if frame is not None:
            yield frame, frame.f_lineno
        # A generator-based coroutine names what it waits for otherwise.
        awaited = getattr(awaited, f"{prefix}_{'yieldfrom' if prefix == 'gi' else 'await'}", None)


def retried_by_genai() -> bool:
    """Whether google-genai itself sends once more what is being sent, as its `retry_options` say."""
    # Its requests have no header that numbers attempts, so the loop that sends them is looked at: tenacity's, called by
    # the SDK. One that the agent calls stands outside of the SDK's frames, or right at the agent's own.
    attempt = 0
    for frame, _ in _outwards(sys._getframe(1)):
        module = str(frame.f_globals.get("__name__", ""))
        if is_agents(frame.f_code.co_filename):
            return False
        if module.startswith("tenacity") and "retry_state" in frame.f_code.co_varnames:
            attempt = int(frame.f_locals["retry_state"].attempt_number)
        elif attempt and module.startswith("google.genai"):
            return attempt > 1
    return False


def raising_frames(tb: TracebackType | None) -> tuple[StackFrame | None, StackFrame | None]:
    """The innermost line of the agent in a traceback, and the line of a library that raised, where one did."""
    inwards = [(frame, line) for frame, line in traceback.walk_tb(tb)]
    return _innermost(reversed(inwards)), _origin(inwards)


def _origin(inwards: list[tuple[FrameType, int]]) -> StackFrame | None:
    """The innermost line of an installed library; of Python itself where no library stands between. None where the agent's
    own line raised, and where we did for a tool.
    """
    files = [frame.f_code.co_filename for frame, _ in inwards]
    last = next((i for i in reversed(range(len(files))) if is_agents(files[i])), -1)
    beyond = inwards[last + 1 :]
    if not beyond or any(file.startswith(_OURS) for file in files[last + 1 :]):
        return None
    installed = [one for one in beyond if any(part in one[0].f_code.co_filename for part in _INSTALLED)]
    frame, line = (installed or beyond)[-1]
    return _frame(frame, line, "")


def _outwards(frame: FrameType | None) -> Iterator[tuple[FrameType, int]]:
    """Up to the frame that calls the agent: what stands around it, a test or a command, is not the agent.

    A line of 0 is the one that the frame is at: Python searches for it, and hardly any is asked for.
    """
    while frame is not None and frame.f_globals.get("__name__") != _CALLS_THE_AGENT:
        yield frame, 0
        frame = frame.f_back


def _innermost(outwards: Iterable[tuple[FrameType, int]]) -> StackFrame | None:
    """The first line of the agent from the inside, named after the function that holds it."""
    passed: list[FrameType] = []
    line, file = 0, ""
    for frame, number in outwards:
        name = frame.f_code.co_filename
        # A lambda at module level has no named function around it in its file.
        if file and name != file:
            break
        if not is_agents(name):
            passed.append(frame)
            continue
        file, line = name, line or number or frame.f_lineno
        # A comprehension or a lambda is part of the function around it.
        if not frame.f_code.co_name.startswith("<"):
            return _frame(frame, line, _library(passed))
    return StackFrame(file, line, "<module>", _library(passed)) if file else None


def _library(inwards_of_agent: Sequence[FrameType]) -> str:
    """The package that the agent called, which stands right inside of its line; that there is one of ours says nothing."""
    packages = (_package(str(one.f_globals.get("__name__", ""))) for one in reversed(inwards_of_agent))
    return next((package for package in packages if package != "agent_chaos"), "")


def _package(module: str) -> str:
    # `google` is no package but what many share: an SDK (google.genai) and a framework (google.adk) among them.
    parts = module.split(".")
    return ".".join(parts[: 2 if parts[0] == "google" else 1])


def _frame(frame: FrameType, line: int, library: str) -> StackFrame:
    return StackFrame(frame.f_code.co_filename, line, frame.f_code.co_name, library)


STANDS_AT = "agent_chaos_stands_at"
"""The attribute by which a function of ours, which drives an agent, names the place of that agent (a StackFrame)."""


def defined_at(agent: object) -> StackFrame | None:
    """Where a function, or an object that is called like one, is defined; None where that cannot be told."""
    if isinstance(place := vars(agent).get(STANDS_AT) if inspect.isfunction(agent) else None, StackFrame):
        return place
    # Statically: an agent's own `__getattr__` must not be run for a line number.
    called = agent if inspect.isroutine(agent) else inspect.getattr_static(type(agent), "__call__", None)
    function = inspect.unwrap(called) if callable(called) else called
    code = getattr(function, "__code__", None)
    if not isinstance(code, CodeType):
        return None
    return StackFrame(code.co_filename, code.co_firstlineno, code.co_name)
