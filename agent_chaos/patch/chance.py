"""Randomness from the session's seed: os.urandom, uuid4, `random`; the SDKs' jitter from a stream of its own."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from agent_chaos.patch.imports import when_imported
from agent_chaos.runtime.seams import Changes, Seam
from agent_chaos.runtime.session import Session, current

_real_urandom = os.urandom


def _live() -> Session | None:
    session = current()
    return session if session is not None and not session.finished else None


def _urandom(size: int, /) -> bytes:
    session = _live()
    return _real_urandom(size) if session is None else session.chance.randbytes(size)


def _jitter(*args: Any) -> float:
    session = _live()
    return random.random() if session is None else session.jitter.random()


class _JitterModule:
    """The `random` module, drawing from the session's jitter."""

    def __getattr__(self, name: str) -> Any:
        session = _live()
        return getattr(random if session is None else session.jitter, name)


def _own_function(module: ModuleType) -> None:
    setattr(module, "random", _jitter)  # noqa: B010 - a plain assignment would not type-check on ModuleType


def _own_module(module: ModuleType) -> None:
    setattr(module, "random", _JitterModule())  # noqa: B010 - as above


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Seeds the global generator, and puts its old state back afterwards."""
    state = random.getstate()
    random.seed(seed)
    try:
        yield
    finally:
        random.setstate(state)


_JITTER_FUNCTIONS = ("anthropic._base_client", "openai._base_client")
_JITTER_MODULES = ("tenacity.wait", "google.genai._api_client", "google.genai._gaos.utils.retries")


def _apply(changes: Changes) -> None:
    changes.replace(os, "urandom", _urandom)
    changes.replace(random, "_urandom", _urandom)
    for name in _JITTER_FUNCTIONS:
        when_imported(name, _own_function)
    for name in _JITTER_MODULES:
        when_imported(name, _own_module)


SEAM = Seam(
    "chance",
    _apply,
    needs=("random:_urandom", *(f"{name}:random" for name in (*_JITTER_FUNCTIONS, *_JITTER_MODULES))),
)
