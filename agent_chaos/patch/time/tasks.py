"""Remembers which asyncio tasks an agent starts by itself, so that those that outlive it can be named.

A task that a library starts belongs to the library, however long it lives: what counts is the first caller outside of
asyncio.
"""

from __future__ import annotations

import asyncio
import sys
import weakref
from asyncio import base_events
from collections.abc import Coroutine
from pathlib import Path
from types import FrameType
from typing import Any

from agent_chaos.runtime.active import replaying
from agent_chaos.runtime.seams import Changes, Seam
from agent_chaos.runtime.session import Session
from agent_chaos.runtime.user_code import is_agents

_real_create_task = base_events.BaseEventLoop.create_task
_ASYNCIO = str(Path(asyncio.__file__).parent)
_ENDING_STEPS = 5
"""Steps of a loop in which whatever needs no more waiting ends."""


def _create_task(self: Any, coro: Coroutine[Any, Any, Any], **options: Any) -> asyncio.Task[Any]:
    task: asyncio.Task[Any] = _real_create_task(self, coro, **options)
    session = replaying()
    # `sys._getframe` instead of `inspect.stack`, which reads source files: agents start tasks by the
    # thousand.
    starter = _starter(sys._getframe(1)) if session is not None and not session.finished else ""
    if session is not None and starter:
        name = getattr(coro, "__qualname__", type(coro).__name__).replace("<locals>.", "")
        # Weak: a strong reference would keep every task of a long run, and with it the frames that hold
        # whole replies.
        session.tasks.append((weakref.ref(task), f"{name} of {starter}"))
    return task


def _starter(frame: FrameType | None) -> str:
    """`file.py:function` of the agent's code that starts a task; '' where a library does."""
    while frame is not None and frame.f_code.co_filename.startswith(_ASYNCIO):
        frame = frame.f_back
    if frame is None or not is_agents(frame.f_code.co_filename):
        return ""
    return f"{Path(frame.f_code.co_filename).name}:{frame.f_code.co_name}"


async def settled() -> None:
    """Lets tasks end that need no more waiting, such as those that were cancelled a moment ago."""
    for _ in range(_ENDING_STEPS):
        await asyncio.sleep(0)


def unfinished(session: Session) -> list[str]:
    """Names of the tasks of a run's agent that neither ended nor were cancelled."""
    # A task that is being cancelled has been told to end, which is all that an agent can do; whether its
    # own `finally` takes another step is no leak.
    alive = ((task(), name) for task, name in session.tasks)
    return sorted({name for task, name in alive if task and not task.done() and not task.cancelling()})


def _apply(changes: Changes) -> None:
    changes.replace(base_events.BaseEventLoop, "create_task", _create_task)


SEAM = Seam("tasks", _apply, needs=("asyncio.base_events:BaseEventLoop.create_task",))
