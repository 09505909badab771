"""An agent that limits its process can have the limits taken back: only what a user without rights may raise again is lowered."""

from __future__ import annotations

import importlib
import importlib.util
import os
from collections.abc import Callable
from typing import Any

from agent_chaos.runtime.active import timed
from agent_chaos.runtime.seams import Changes, Seam

_Limits = tuple[int, int]


def _setting(resource: Any, actual: Callable[[int, _Limits], None]) -> Callable[[int, _Limits], None]:
    def setrlimit(number: int, limits: _Limits, /) -> None:
        actual(number, limits if timed() is None else _raisable(resource, number, limits))

    return setrlimit


def _setting_of(resource: Any, actual: Callable[..., Any]) -> Callable[..., Any]:
    def prlimit(pid: int, number: int, *limits: _Limits) -> Any:
        if limits and timed() is not None and pid in (0, os.getpid()):
            limits = (_raisable(resource, number, limits[0]),)
        return actual(pid, number, *limits)

    return prlimit


def _raisable(resource: Any, number: int, limits: _Limits) -> _Limits:
    """The limits with the upper one as it is, unless they are refused in any case."""
    soft, hard = limits
    before = resource.getrlimit(number)[1]
    # RLIM_INFINITY is -1, and yet the largest.
    below = hard != resource.RLIM_INFINITY and before in (max(hard, before), resource.RLIM_INFINITY)
    return (soft, before) if below else limits


def _apply(changes: Changes) -> None:
    if importlib.util.find_spec("resource") is None:  # Windows has none
        return
    resource: Any = importlib.import_module("resource")
    made = {"setrlimit": _setting(resource, resource.setrlimit)}
    if hasattr(resource, "prlimit"):
        made["prlimit"] = _setting_of(resource, resource.prlimit)
    changes.rebind({vars(resource)[name]: function for name, function in made.items()})
    for name, function in made.items():
        changes.replace(resource, name, function)


SEAM = Seam("resource limits", _apply)
