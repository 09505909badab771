"""Where a framework calls a tool: the same boundary as `@agent_chaos.tool`, for functions that nobody decorated."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Any

from agent_chaos.core.session import Session, current
from agent_chaos.patch.tools import ToolBoundary, is_wrapped, jsonable

_inside: ContextVar[tuple[str, ...]] = ContextVar("agent_chaos_tools", default=())


def sync_tool(fn: Any, name: str, arguments: Any, run: Callable[[], Any]) -> Any:
    """Calls a tool through the boundary; straight where no run is active, or `fn` is behind the boundary already.

    Args:
        fn: the user's function, for its return type.
        arguments: what the model asked for, by parameter; anything that JSON cannot hold becomes its `str`.
        run: calls the tool.
    """
    session = _session(fn, name)
    if session is None:
        return run()
    token = _inside.set((*_inside.get(), name))
    try:
        return ToolBoundary(session, fn, name, jsonable(arguments), False).called(run)
    finally:
        _inside.reset(token)


async def async_tool(fn: Any, name: str, arguments: Any, run: Callable[[], Awaitable[Any]]) -> Any:
    """The same for a tool that is awaited."""
    session = _session(fn, name)
    if session is None:
        return await run()
    token = _inside.set((*_inside.get(), name))
    try:
        return await ToolBoundary(session, fn, name, jsonable(arguments), False).awaited(run)
    finally:
        _inside.reset(token)


def _session(fn: Any, name: str) -> Session | None:
    """The run that a call belongs to; None where it is not to be seen, or was seen further out."""
    session = current()
    if session is None or session.finished or name in _inside.get() or is_wrapped(fn):
        return None
    if session.answers is not None and session.answers.runs_for_real(name):
        return None
    return session
