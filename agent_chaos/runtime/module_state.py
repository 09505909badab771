"""What an agent keeps from run to run: values of its modules, and of the objects that are reached from there."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from functools import partial
from inspect import unwrap
from types import (
    BuiltinFunctionType,
    CellType,
    CodeType,
    FunctionType,
    GetSetDescriptorType,
    MethodType,
    ModuleType,
)
from typing import Any, NamedTuple, TypeAlias

from agent_chaos.runtime.user_code import is_agents

_MOST = 3_000
"""Objects that are looked at; an index or a data set at module level is no place for times."""
_LARGE = 500
_CLIENTS = {"aiohttp", "anthropic", "boto3", "botocore", "google", "httpcore", "httpx", "mistralai", "openai"}
_OF_PYTHON = {"asyncio", "concurrent", "logging", "ssl", "threading", "typing"}
_OWN_STATE = frozenset({"agent_chaos", "pydantic", "requests", "urllib3", *_CLIENTS, *_OF_PYTHON})
"""Packages whose objects keep what is none of the agent's."""


class Place(NamedTuple):
    """Where a value stands: in what, and under which name, key or number."""

    holder: Any
    key: Any
    value: Any

    @property
    def known_by(self) -> tuple[int, Any]:
        return id(self.holder), self.key

    def stands(self) -> bool:
        """Whether the value is what is there still."""
        return any(key == self.key and value is self.value for key, value in _held(self.holder))

    def put(self, value: Any) -> None:
        """Puts a value there past what the agent's own classes make of it."""
        holder = self.holder
        # The built-in type's own methods: a subclass may count, check or refuse what is set.
        if isinstance(holder, dict):
            dict.__setitem__(holder, self.key, value)
        elif isinstance(holder, list):
            list.__setitem__(holder, self.key, value)
        elif isinstance(holder, deque):
            deque.__setitem__(holder, self.key, value)
        elif isinstance(holder, type):
            setattr(holder, self.key, value)
        else:
            object.__setattr__(holder, self.key, value)


def modules_of(agent: object) -> list[ModuleType]:
    """The agent's own modules: the one that it is defined in, and those that are imported from there."""
    found: dict[str, ModuleType] = {}
    waiting = [_module_of(agent)]
    while waiting:
        module = waiting.pop()
        if (
            module is None
            or module.__name__ in found
            or not is_agents(getattr(module, "__file__", "") or "<")
        ):
            continue
        # Noted before its names are followed: modules import each other in circles.
        found[module.__name__] = module
        for value in list(vars(module).values()):
            waiting.append(value if issubclass(type(value), ModuleType) else _module_of(value))
    return list(found.values())


def _module_of(value: Any) -> ModuleType | None:
    named = value.func if type(value) is partial else value
    # Of other objects the class is asked: one that stands for something to come may make it when it is asked for a name.
    owner = named if issubclass(type(named), FunctionType | type) else type(named)
    name = owner.__module__
    return sys.modules.get(name) if isinstance(name, str) else None


def tells_time(modules: Iterable[ModuleType]) -> bool:
    """Whether any of the agent's own code names a clock, or keeps objects of libraries, which may read one by themselves."""
    return any(_may_read_a_clock(value) for module in modules for value in _own(vars(module)))


def _own(names: Mapping[str, Any]) -> Iterator[Any]:
    return (value for name, value in list(names.items()) if not name.startswith("__"))


def _may_read_a_clock(value: Any) -> bool:
    if issubclass(type(value), ModuleType):
        return value.__name__ in _CLOCKS
    module = _module_of(value)
    name = module.__name__ if module is not None else ""
    if name in _CLOCKS:
        return True
    if module is None or not is_agents(getattr(module, "__file__", None) or "<"):
        package = name.partition(".")[0]
        return bool(package) and package not in _OWN_STATE and package not in sys.stdlib_module_names
    if type(value) is FunctionType:
        return _names_a_clock(value.__code__)
    return issubclass(type(value), type) and any(map(_may_read_a_clock, _functions(value)))


_CLOCKS = frozenset(["time", "datetime"])


def _functions(kind: type) -> Iterator[FunctionType]:
    found = (getattr(value, "__func__", value) for value in vars(kind).values())
    return (one for one in found if type(one) is FunctionType)


def _names_a_clock(code: CodeType) -> bool:
    # The bodies of nested functions and comprehensions are constants of the function around them.
    inner = (one for one in code.co_consts if isinstance(one, CodeType))
    return not _CLOCKS.isdisjoint(code.co_names) or any(map(_names_a_clock, inner))


def places(agent: object, modules: Iterable[ModuleType]) -> Iterator[Place]:
    """Every place of a number, a date or a tuple in what the agent keeps, as far as it can be reached."""
    waiting: list[Any] = [unwrap(agent) if callable(agent) else agent, *map(vars, modules)]
    # What Python itself keeps in a module, such as all of its functions, has names like `__builtins__`.
    seen = {
        id(value) for holder in waiting[1:] for name, value in list(holder.items()) if name.startswith("__")
    }
    left = _MOST
    # As few calls as can be: every run of an agent that reads a clock comes here twice.
    while waiting and left:
        holder = waiting.pop()
        # By `id`, which is safe here: each holder is held by a module or by what was reached from one.
        number = id(holder)
        if number in seen:
            continue
        seen.add(number)
        left -= 1
        for key, value in _held(holder):
            kind = type(value)
            if kind in _TIMES:
                yield Place(holder, key, value)
            elif kind not in _PLAIN and (kind is not FunctionType or value.__closure__ or value.__dict__):
                waiting.append(value)


_TIMES = frozenset([float, int, datetime, tuple])
_PLAIN = frozenset([str, bytes, bool, type(None), ModuleType, complex, range, BuiltinFunctionType])


def _held(holder: Any) -> Iterable[tuple[Any, Any]]:
    """What an object holds, each with its name, key or number; what has neither is held under ''."""
    kind = type(holder)  # never `__class__`, which objects that stand for others make up
    known = _readings.get(id(kind))
    if known is None:
        if len(_readings) > _LARGE:
            _readings.clear()
        known = _readings[id(kind)] = kind, _reading(kind)
    return known[1](holder)


_Reading: TypeAlias = Callable[[Any], Iterable[tuple[Any, Any]]]
_readings: dict[int, tuple[type, _Reading]] = {}
"""What `_reading` gave for a class, which is held, so that its number stays its own: every run asks for the same ones twice."""


def _reading(kind: type) -> _Reading:
    """The function that says what an object of a class holds."""
    if issubclass(kind, dict):
        return _in_dict
    if issubclass(kind, list | deque):
        return _in_sequence
    if kind is FunctionType:
        return _in_function
    if kind is MethodType:
        return _in_method
    if issubclass(kind, type):
        return _in_class
    name = kind.__module__
    if not isinstance(name, str) or name.partition(".")[0] in _OWN_STATE:
        return _nothing_in
    return partial(_in_instance, _slots_of(kind), _dict_of(kind))


def _in_dict(holder: Any) -> Iterable[tuple[Any, Any]]:
    return list(dict.items(holder)) if dict.__len__(holder) < _LARGE else ()


def _in_sequence(holder: Any) -> Iterable[tuple[Any, Any]]:
    # A copy, which is one step: threads that no run knows may change it meanwhile.
    return list(enumerate(holder.copy())) if len(holder) < _LARGE else ()


def _in_function(holder: Any) -> Iterable[tuple[Any, Any]]:
    return [("", one) for one in (*(holder.__closure__ or ()), *holder.__dict__.values())]


def _in_method(holder: Any) -> Iterable[tuple[Any, Any]]:
    return [("", holder.__self__)]


def _in_class(holder: Any) -> Iterable[tuple[Any, Any]]:
    return list(vars(holder).items()) if is_agents(_file_of(holder)) else ()


def _nothing_in(holder: Any) -> Iterable[tuple[Any, Any]]:
    return ()


def _in_instance(
    slots: tuple[str, ...], names: GetSetDescriptorType | None, holder: Any
) -> list[tuple[Any, Any]]:
    found: list[tuple[Any, Any]] = []
    for name in slots:
        try:
            found.append((name, object.__getattribute__(holder, name)))
        except (AttributeError, ValueError):  # nothing was put there yet; a cell says so in another way
            continue
    found.append(("", None if names is None else names.__get__(holder)))
    return found


def _slots_of(kind: type) -> tuple[str, ...]:
    names = ["cell_contents"] if kind is CellType else []
    for one in kind.__mro__:
        slots = vars(one).get("__slots__", ())
        names += [slots] if isinstance(slots, str) else list(slots)
    return tuple(names)


def _dict_of(kind: type) -> GetSetDescriptorType | None:
    """Gives the names of an instance; None where its class keeps none, or makes up what it says of them."""
    # Past `__getattribute__` and properties: a lazy object would begin to load what it stands for.
    found = next((vars(one)["__dict__"] for one in kind.__mro__ if "__dict__" in vars(one)), None)
    return found if isinstance(found, GetSetDescriptorType) else None


def _file_of(kind: type) -> str:
    return getattr(sys.modules.get(kind.__module__), "__file__", None) or "<"
