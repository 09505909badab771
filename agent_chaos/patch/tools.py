"""The tool boundary: `@agent_chaos.tool` records results, and answers from the recording in replay.

Outside of a run a wrapped tool is the function itself.
"""

from __future__ import annotations

import asyncio
import builtins
import functools
import inspect
import sys
from collections.abc import Awaitable, Callable, Collection
from dataclasses import is_dataclass
from typing import Any, TypeVar, overload

from pydantic import BaseModel

from agent_chaos.cassette.model import ToolEnd
from agent_chaos.containment import OnFailure
from agent_chaos.patch.tool_values import jsonable, typed
from agent_chaos.runtime.active import current
from agent_chaos.runtime.answer import ToolAnswer
from agent_chaos.runtime.session import Session
from agent_chaos.runtime.tape import raised_names, words_of
from agent_chaos.trace.trace import Call

F = TypeVar("F", bound=Callable[..., Any])

WRAPPED = "__agent_chaos_tool__"
"""Attribute of a wrapped function that holds its tool name."""


@overload
def tool(fn: F, /) -> F: ...


@overload
def tool(*, name: str | None = None, pure: bool = False) -> Callable[[F], F]: ...


def tool(fn: F | None = None, /, *, name: str | None = None, pure: bool = False) -> F | Callable[[F], F]:
    """Marks a function, sync or async, as a tool of the agent.

    While recording it runs and its arguments and result (or exception) are kept; in replay it is answered from the
    recording and does not run. Unseen arguments get the nearest recorded result of that tool, and nothing happens.

    Args:
        name: the tool's name as the model knows it; the function's name by default.
        pure: the tool has no side effects, so that replay may really run it.
    """

    def decorate(function: F) -> F:
        return wrap(function, name or str(getattr(function, "__name__", "tool")), pure=pure)

    return decorate if fn is None else decorate(fn)


def wrap(fn: F, name: str, *, pure: bool = False) -> F:
    """`fn` behind the tool boundary."""

    # With the first call within a run: outside of runs a wrapped tool is to cost nothing.
    @functools.cache
    def signature() -> inspect.Signature:
        return inspect.signature(fn)

    def asked(session: Session, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return jsonable(as_sent(session, name, _by_name(signature(), args, kwargs)))

    if inspect.iscoroutinefunction(fn):

        @functools.wraps(fn)
        # A coroutine function stays one: frameworks ask before they call.
        async def async_wrapper(*args: Any, **kwargs: Any) -> Any:
            session = current()
            if session is None or session.finished:
                return await fn(*args, **kwargs)
            call = ToolBoundary(session, fn, name, asked(session, args, kwargs), pure)
            return await call.awaited(lambda: fn(*args, **kwargs))

        wrapper: Any = async_wrapper
    else:

        @functools.wraps(fn)
        def sync_wrapper(*args: Any, **kwargs: Any) -> Any:
            session = current()
            if session is None or session.finished:
                return fn(*args, **kwargs)
            return ToolBoundary(session, fn, name, asked(session, args, kwargs), pure).called(
                lambda: fn(*args, **kwargs)
            )

        wrapper = sync_wrapper
    setattr(wrapper, WRAPPED, name)
    wrapped: F = wrapper
    return wrapped


Hidden = Callable[[str, Any], bool]
"""Whether a parameter, by name and value, is a framework's own and not the model's."""


def nothing_hidden(name: str, value: Any) -> bool:
    return False


def named_arguments(
    fn: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], hidden: Hidden = nothing_hidden
) -> dict[str, Any]:
    """The arguments of a call by name, as a model gives them: those that `**kwargs` gather stand beside the others."""
    found = _by_name(inspect.signature(fn), args, kwargs)
    return {name: value for name, value in found.items() if not hidden(name, value)}


def _by_name(signature: inspect.Signature, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    # Without `apply_defaults`: the model did not send those.
    bound = signature.bind(*args, **kwargs)
    found: dict[str, Any] = {}
    for name, value in bound.arguments.items():
        gathers = signature.parameters[name].kind is inspect.Parameter.VAR_KEYWORD
        found.update(value if gathers else {name: value})
    return found


def as_sent(session: Session, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """Arguments that stand in the fields of one object, a model or a dataclass, as those fields.

    They stay under their parameter where the model was told of that parameter.
    """
    plain = {key: _fields(value) for key, value in arguments.items()}
    # A function that takes one object is told to the model with that object's fields, and is called with
    # the object: frameworks build it in between.
    if len(arguments) != 1:
        return plain
    ((parameter, value),) = arguments.items()
    nested = not isinstance(value, BaseModel) and not is_dataclass(value)
    return plain if nested or parameter in _offered(session, name) else dict(plain[parameter])


def _fields(value: Any) -> Any:
    """What was given of a pydantic model, by the names that a sender uses; anything else as it is."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", by_alias=True, exclude_unset=True)
    return jsonable(value) if is_dataclass(value) else value


def _offered(session: Session, name: str) -> Collection[str]:
    """The parameters of a tool that the latest request told the model of."""
    # The latest, as an agent may offer other tools from one request to the next.
    for entry in reversed(session.tape.entries()):
        if isinstance(entry, Call) and entry.wire is not None:
            tools = {tool.name: tool.parameters for tool in entry.wire.prompt(entry.request).tools}
            return set(tools.get(name, {}).get("properties", {}))
    return ()


def is_wrapped(fn: Any) -> bool:
    """Whether a function, or one that it decorates, is behind the boundary already."""
    # Through decorators and bound methods: the tool may be several layers in.
    while fn is not None:
        if hasattr(fn, WRAPPED):
            return True
        fn = getattr(fn, "__wrapped__", None) or getattr(fn, "__func__", None)
    return False


class ToolBoundary:
    """One call of a tool within a run.

    Args:
        fn: the tool's function, whose return annotation says what recorded results are turned into.
        name: the tool's name as the model knows it.
        arguments: what it was called with, as JSON.
    """

    def __init__(
        self, session: Session, fn: Callable[..., Any], name: str, arguments: Any, pure: bool
    ) -> None:
        self._session = session
        self._fn = fn
        self._name = name
        self._arguments = arguments
        self._pure = pure
        self._at = session.clock.now()
        self._answer: ToolAnswer | None = None
        if session.answers is not None:
            # The agent's own `except Exception` around its tool must not take our failure for the tool's.
            with session.stopped_by_failures(f"tool {name}"):
                self._answer = session.answers.tool(name, arguments, pure=pure)

    def called(self, run: Callable[[], Any]) -> Any:
        """Gives the recorded result, or runs the tool and keeps how it ended."""
        if not self.runs:
            self._session.sleep(self.delay_s, "")
            return self.replayed()
        with self._noting():
            # Only what the tool raises is its result; a failure of the harness, in `ended`, is not.
            result = run()
        if not self.ended(result, None):
            return result
        self._session.sleep(self.delay_s, "")
        return self.replayed()

    async def awaited(self, run: Callable[[], Awaitable[Any]]) -> Any:
        """The same for a tool that is awaited."""
        if not self.runs:
            await asyncio.sleep(self.delay_s)
            return self.replayed()
        with self._noting():
            result = await run()
        if not self.ended(result, None):
            return result
        await asyncio.sleep(self.delay_s)
        return self.replayed()

    def _noting(self) -> OnFailure:
        """What the tool raises is its result. Stops and cancellations are none: the model is never told of them."""
        return OnFailure(lambda exc: self.ended(None, exc), only=Exception)

    @property
    def runs(self) -> bool:
        return self._answer is None or self._answer.run

    @property
    def delay_s(self) -> float:
        """Virtual seconds that the tool takes."""
        return self._answer.delay_s if self._answer is not None else 0.0

    def replayed(self) -> Any:
        """The recorded result, in the function's own return type; or raises what was recorded."""
        assert self._answer is not None
        if self._answer.end.failed:
            raise revived(self._answer.end)
        return typed(self._fn, self._answer.end.result)

    def ended(self, result: Any, error: BaseException | None) -> bool:
        """Notes how a call that really ran ended; True where the agent gets what `replayed` gives instead."""
        end = _end_of(result, error)
        if self._session.answers is not None and self._answer is not None:
            with self._session.stopped_by_failures(f"tool {self._name}"):
                instead = self._session.answers.tool_ran(self._answer, end)
            self._answer = instead or self._answer
            return instead is not None and error is None
        if self._session.scribe is not None:
            self._session.scribe.tool_called(
                self._name, self._arguments, at=self._at, end=end, pure=self._pure
            )
        return False


def _end_of(result: Any, error: BaseException | None) -> ToolEnd:
    if error is None:
        return ToolEnd(jsonable(result))
    return ToolEnd(error_type=raised_names(error)[0], error=words_of(error))


def revived(end: ToolEnd) -> Exception:
    """An exception of the recorded type with the recorded message; `ToolError` where the type cannot be had."""
    module_name, _, qualname = end.error_type.rpartition(".")
    try:
        # Never imported: cassettes are shared between people, and must not choose what code runs. Built-in
        # exceptions are recorded without a module.
        module = sys.modules.get(module_name, builtins)
        found = getattr(module, qualname, None)
        if isinstance(found, type) and issubclass(found, Exception):
            return found(end.error)
    except (TypeError, ValueError, AttributeError, KeyError):
        return ToolError(end.raised)
    return ToolError(end.raised)


class ToolError(Exception):
    """A recorded or injected tool exception whose own class cannot be built from a message."""
