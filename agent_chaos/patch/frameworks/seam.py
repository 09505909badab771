"""Where a framework calls a tool: the same boundary as `@agent_chaos.tool`, for functions that nobody decorated.

A recorded call whose result JSON cannot give back, or during which a model was asked, is not kept: answering it would give
the framework something else, or hide the model's calls. Its tool then counts as one that nothing saw.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from agent_chaos.cassette.model import RETURNED_NONE
from agent_chaos.patch.tool_values import jsonable, typed
from agent_chaos.patch.tools import ToolBoundary, is_wrapped
from agent_chaos.runtime.active import current
from agent_chaos.runtime.session import Session

TOOLS_CALL = "tools/call"
"""The method of the Model Context Protocol by which a tool is called."""


@dataclass(slots=True)
class _Running:
    """A call that is under way, and whether a model was asked meanwhile."""

    name: str
    asked_model: bool = False


_called_as: ContextVar[str] = ContextVar("agent_chaos_called_as", default="")
"""The name by which the model called a tool, where a framework has another one for it inside."""

_inside: ContextVar[tuple[_Running, ...]] = ContextVar("agent_chaos_tools", default=())


def same_value(result: Any, played: Any) -> bool:
    """Whether a replay gives the very value that the tool gave."""
    return bool(type(result) is type(played) and result == played)


def _as_it_is(value: Any) -> Any:
    return value


def sync_tool(
    fn: Any,
    name: str,
    arguments: Any,
    run: Callable[[], Any],
    *,
    revive: Callable[[Any], Any] = _as_it_is,
    playable: Callable[[Any, Any], bool] = same_value,
    stops: Collection[str] = (),
) -> Any:
    """Calls a tool through the boundary; straight where no run is active, or `fn` is behind the boundary already.

    Args:
        fn: the user's function, for its return type.
        arguments: what the model asked for, by parameter; anything that JSON cannot hold becomes its `str`.
        run: calls the tool.
        revive: makes a recorded result one that the framework takes.
        playable: whether the framework tells a result and its replay alike.
        stops: names of exception classes by which a tool stops the framework, rather than fails.
    """
    name = _called_as.get() or name
    session = _session(fn, name)
    if session is None:
        return run()
    with _running(name) as running:
        return _Seam(session, fn, arguments, running, revive, playable, stops).called(run)


async def async_tool(
    fn: Any,
    name: str,
    arguments: Any,
    run: Callable[[], Awaitable[Any]],
    *,
    revive: Callable[[Any], Any] = _as_it_is,
    playable: Callable[[Any, Any], bool] = same_value,
    stops: Collection[str] = (),
) -> Any:
    """The same for a tool that is awaited."""
    name = _called_as.get() or name
    session = _session(fn, name)
    if session is None:
        return await run()
    with _running(name) as running:
        return await _Seam(session, fn, arguments, running, revive, playable, stops).awaited(run)


@contextmanager
def called_as(name: str) -> Iterator[None]:
    """Has the tool that is called within known by the name that the model used; the outermost name counts."""
    token = _called_as.set(_called_as.get() or name)
    try:
        yield
    finally:
        _called_as.reset(token)


def no_tool(name: str) -> None:
    """Notes in a recording that calls of this name run no tool of the user's: structured output, another agent."""
    session = current()
    if session is None or session.finished or session.scribe is None or name in session.output_tools:
        return
    session.output_tools.add(name)
    # Kept as a pure call without arguments: replay knows by it that nothing of the user's runs under that
    # name.
    session.scribe.tool_called(name, {}, at=session.clock.now(), end=RETURNED_NONE, pure=True)


def model_asked() -> None:
    """Notes that a tool which is running asks a model."""
    for running in _inside.get():
        running.asked_model = True


@contextmanager
def _running(name: str) -> Iterator[_Running]:
    running = _Running(name)
    # A tool that this one calls is known by its own name again.
    token, named = _inside.set((*_inside.get(), running)), _called_as.set("")
    try:
        yield running
    finally:
        _called_as.reset(named)
        _inside.reset(token)


def _session(fn: Any, name: str) -> Session | None:
    """The run that a call belongs to; None where it is not to be seen, or was seen further out."""
    session = current()
    if session is None or session.finished or is_wrapped(fn):
        return None
    # A framework's entry points call each other, and more than one of them may have the seam.
    if any(running.name == name for running in _inside.get()):
        return None
    if session.answers is not None and session.answers.runs_for_real(name):
        return None
    return session


class _Seam(ToolBoundary):
    """One call of a framework's tool within a run."""

    def __init__(
        self,
        session: Session,
        fn: Any,
        arguments: Any,
        running: _Running,
        revive: Callable[[Any], Any],
        playable: Callable[[Any, Any], bool],
        stops: Collection[str],
    ) -> None:
        self._is_pure = running.name in session.pure_tools
        super().__init__(session, fn, running.name, jsonable(arguments), self._is_pure)
        self._running = running
        self._revive = revive
        self._playable = playable
        self._stops = stops

    def replayed(self) -> Any:
        return self._revive(super().replayed())

    def ended(self, result: Any, error: BaseException | None) -> bool:
        if self._session.scribe is not None and not self._is_pure and not self._kept(result, error):
            return False
        return super().ended(result, error)

    def _kept(self, result: Any, error: BaseException | None) -> bool:
        # By name, as the framework's module is not imported here.
        if error is not None and any(cls.__name__ in self._stops for cls in type(error).__mro__):
            self._session.control_flow_tools.add(self._name)
        if self._running.asked_model or self._name in self._session.control_flow_tools:
            return False
        # The replay is tried here, while recording: a framework that would get something else must get the
        # tool itself.
        return error is not None or self._playable(result, self._revive(typed(self._fn, jsonable(result))))
