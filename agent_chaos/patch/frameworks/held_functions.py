"""Functions that a framework holds and calls as tools, put behind the seam: what most frameworks need."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Collection
from typing import Any

from agent_chaos.patch.frameworks.seam import async_tool, same_value, sync_tool
from agent_chaos.patch.tools import Hidden, is_wrapped, named_arguments, nothing_hidden
from agent_chaos.runtime.active import current

_SEEN = "__agent_chaos_seen__"
_VIEW = "__agent_chaos_view__"


def seen(
    function: Any,
    name: Callable[[], str],
    *,
    hidden: Hidden = nothing_hidden,
    stops: Collection[str] = (),
    playable: Callable[[Any, Any], bool] = same_value,
) -> Any:
    """`function` as a tool that is seen; itself where it is behind the boundary already, or yields what it returns.

    Args:
        name: the tool's name as the model knows it, asked for at each call.
        hidden: whether a parameter, by name and value, is the framework's own and not the model's.
        stops, playable: as in `seam.sync_tool`.
    """
    if not callable(function) or is_wrapped(function) or hasattr(function, _SEEN) or _yields(function):
        return function
    wrap = _async if inspect.iscoroutinefunction(_routine(function)) else _sync
    wrapper = wrap(function, name, hidden, {"stops": stops, "playable": playable})
    setattr(wrapper, _SEEN, True)
    if inspect.ismethod(function):
        vars(wrapper)["__self__"] = function.__self__  # frameworks ask a method whose it is
    return wrapper


def sees(
    kind: Any,
    method: str,
    attribute: str,
    name: Callable[[Any], str],
    *,
    holder: Callable[[Any], Any] = lambda tool: tool,
    hidden: Callable[[Any], Hidden] = lambda tool: nothing_hidden,
    stops: Collection[str] = (),
    playable: Callable[[Any, Any], bool] = same_value,
) -> None:
    """Has a class's method call the function in `attribute` of its object through the seam.

    The function is exchanged when it is first called, and not when the tool is made, so that tools can be made in any way.

    Args:
        name, hidden: what `seen` is told, by the object that is called.
        holder: the object that has the attribute.
    """
    # From the class's own dict: a method that it inherits is its base's to patch, and `haystack.py` asks
    # for such first.
    real = vars(kind)[method]

    def ready(tool: Any) -> None:
        owner = holder(tool)
        found = getattr(owner, attribute, None)
        made = seen(found, functools.partial(name, tool), hidden=hidden(tool), stops=stops, playable=playable)
        if made is not found:
            setattr(owner, attribute, made)

    setattr(kind, method, _after(ready, real))


def _after(first: Callable[[Any], None], real: Any) -> Any:
    """A method that does something with its object first; a coroutine function where `real` is one, which frameworks ask."""
    if inspect.iscoroutinefunction(real):

        @functools.wraps(real)
        async def called_async(self: Any, *args: Any, **kwargs: Any) -> Any:
            first(self)
            return await real(self, *args, **kwargs)

        return called_async

    @functools.wraps(real)
    def called(self: Any, *args: Any, **kwargs: Any) -> Any:
        first(self)
        return real(self, *args, **kwargs)

    return called


def viewed(kind: Any, attribute: str, view: Callable[[Any, Any], Any]) -> None:
    """Has an attribute of a class's objects read as `view(object, value)` makes of it, within a run.

    For what frameworks call from many places. Objects keep their value, so it does not matter when they were made; what was
    made of it is kept beside it, as frameworks compare what they read.
    """
    # Of a dataclass the default stands on the class; the property below takes its place there.
    default = vars(kind).get(attribute)

    def read(owner: Any) -> Any:
        value = vars(owner).get(attribute, default)
        if value is None or current() is None:
            return value
        whose, of, made = vars(owner).get(_VIEW, (0, None, None))
        if whose != id(owner) or of is not value:  # a copy of the object has what was kept of another
            made = view(owner, value)
            vars(owner)[_VIEW] = (id(owner), value, made)
        return made

    def write(owner: Any, value: Any) -> None:
        vars(owner)[attribute] = value

    setattr(kind, attribute, property(read, write))


def only(names: Callable[[], Collection[str]]) -> Hidden:
    """Hides every parameter but those that the model is told of."""
    return lambda name, value: name not in names()


def _sync(function: Any, name: Callable[[], str], hidden: Hidden, options: dict[str, Any]) -> Any:
    # Without its `__dict__`: that of a callable object is its state, which would become attributes of the
    # wrapper.
    @functools.wraps(function, updated=())
    def seen_sync(*args: Any, **kwargs: Any) -> Any:
        asked = named_arguments(function, args, kwargs, hidden)
        return sync_tool(function, name(), asked, lambda: function(*args, **kwargs), **options)

    return seen_sync


def _async(function: Any, name: Callable[[], str], hidden: Hidden, options: dict[str, Any]) -> Any:
    @functools.wraps(function, updated=())
    async def seen_async(*args: Any, **kwargs: Any) -> Any:
        asked = named_arguments(function, args, kwargs, hidden)
        return await async_tool(function, name(), asked, lambda: function(*args, **kwargs), **options)

    return seen_async


def _routine(function: Any) -> Any:
    """What runs when an object is called."""
    while isinstance(function, functools.partial):
        function = function.func
    return function if inspect.isroutine(function) else type(function).__call__


def _yields(function: Any) -> bool:
    routine = _routine(function)
    return inspect.isgeneratorfunction(routine) or inspect.isasyncgenfunction(routine)


def seen_method(function: Any, name: Callable[[Any], str]) -> Any:
    """A method of a tool's class as one that is seen; `name` is asked of the object it is called on."""
    if hasattr(function, _SEEN):
        return function
    wrapper = _method_async if inspect.iscoroutinefunction(function) else _method
    made = wrapper(function, name)
    setattr(made, _SEEN, True)
    return made


def _method_async(function: Any, name: Callable[[Any], str]) -> Any:
    @functools.wraps(function)
    async def method_async(self: Any, *args: Any, **kwargs: Any) -> Any:
        bound = seen(function.__get__(self), functools.partial(name, self))
        return await bound(*args, **kwargs)

    return method_async


def _method(function: Any, name: Callable[[Any], str]) -> Any:
    @functools.wraps(function)
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        bound = seen(function.__get__(self), functools.partial(name, self))
        return bound(*args, **kwargs)

    return method
