"""Randomness from the session's seed: os.urandom, uuid4, `random`; the SDKs' jitter from a stream of its own."""

from __future__ import annotations

import os
import random
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, ModuleType
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from agent_chaos.patch.imports import when_imported
from agent_chaos.runtime.active import current
from agent_chaos.runtime.process_time import imports_clock
from agent_chaos.runtime.seams import Changes, Seam
from agent_chaos.runtime.session import Session

# Bound here, since the names that they come from are replaced below.
_real_urandom = os.urandom
_real_seed = random.Random.seed
_real_uuid1 = uuid.uuid1
_GREGORIAN = 0x01B21DD213814000
"""100 ns steps between 1582, where UUIDs begin to count (RFC 9562), and 1970."""


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
    # anthropic and openai have `from random import random` in `_base_client`, and multiply it into the wait
    # before a retry. From a stream of its own, so that one retry more does not shift what the agent itself
    # draws next.
    setattr(module, "random", _jitter)  # noqa: B010 - a plain assignment would not type-check on ModuleType


def _own_module(module: ModuleType) -> None:
    # These have `import random` and call several of its functions.
    setattr(module, "random", _JitterModule())  # noqa: B010 - as above


def _getrandom(size: int, flags: int = 0) -> bytes:
    return _urandom(size)


def _seed(self: random.Random, a: Any = None, version: int = 2) -> None:
    """`Random.seed`, which without a seed takes one from the run's chance instead of the system's."""
    session = _live()
    # While modules are imported no run is active, and what they make is used by all runs: each begins with
    # it as it was.
    if session is None and imports_clock() is not None:
        _real_seed(self, _of_module() if a is None else a, version)
        _of_imports[self] = _OfImport(self.getstate(), unseeded=a is None)
        return
    _real_seed(self, session.chance.getrandbits(128) if a is None and session is not None else a, version)


class _OfImport(NamedTuple):
    """How a generator that a module made as it was imported begins every run, and whether the module gave it no seed."""

    state: Any
    unseeded: bool


_of_imports: WeakKeyDictionary[random.Random, _OfImport] = WeakKeyDictionary()
_made: WeakKeyDictionary[ModuleType, int] = WeakKeyDictionary()
"""How many generators without a seed a module has made while it was imported."""


def _of_module() -> str:
    """A seed for a module's own generator: the same in every process, whatever else is imported there."""
    # Depth 1 is `_seed`, 2 whoever makes the generator; classes of `random` itself stand between.
    frame: FrameType | None = sys._getframe(2)
    while frame is not None and frame.f_globals.get("__name__") == "random":
        frame = frame.f_back
    if frame is None:
        return ""
    module = sys.modules.get(frame.f_globals.get("__name__", ""))
    number = _made.get(module, 0) if module is not None else 0
    if module is not None:
        _made[module] = number + 1
    # Not the whole path: a recording is replayed on other machines.
    return f"{os.path.basename(frame.f_code.co_filename)} {number}"


def _unpredictable_again() -> None:
    """What was seeded by a module's name is not to be guessed once the process is on its own."""
    for generator, began in list(_of_imports.items()):
        if began.unseeded:
            _real_seed(generator)


def _uuid1(node: int | None = None, clock_seq: int | None = None) -> uuid.UUID:
    """Time, sequence and node are those of the run: the real one reads all three past Python."""
    session = _live()
    if session is None:
        return _real_uuid1(node, clock_seq)
    session.uuids += 1
    # `uuids` keeps two of one virtual moment apart, as the real one does by never giving the same timestamp
    # twice.
    ticks = time.time_ns() // 100 + _GREGORIAN + session.uuids
    low, middle, high = ticks & 0xFFFFFFFF, (ticks >> 32) & 0xFFFF, (ticks >> 48) & 0x0FFF
    sequence = session.chance.getrandbits(14) if clock_seq is None else clock_seq & 0x3FFF
    where = session.chance.getrandbits(48) | 1 << 40 if node is None else node  # marked as no real address
    fields = (low, middle, high, sequence >> 8, sequence & 0xFF, where)
    return uuid.UUID(fields=fields, version=1)


def _seed_numpy(module: ModuleType) -> None:
    """`default_rng()` and the bit generators draw their entropy from the system."""
    actual = vars(module)["default_rng"]

    def default_rng(seed: Any = None) -> Any:
        session = _live()
        return actual(session.chance.getrandbits(128) if seed is None and session is not None else seed)

    vars(module)["default_rng"] = default_rng
    if _numpy_seed and _live() is not None:  # imported within a run, whose start found no generator to seed
        vars(module)["seed"](*_numpy_seed)


_names_of_files = vars(tempfile)
_numpy_seed: list[int] = []
"""What numpy's global generator begins with, while a run is active."""


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Seeds the global generators, and puts their old state back afterwards."""
    state, numpy = random.getstate(), sys.modules.get("numpy.random")
    # The same in a recording and in each of its trials, so that what the agent draws is what it drew.
    random.seed(seed)
    for generator, began in list(_of_imports.items()):
        generator.setstate(began.state)
    # One generator serves a process, and is made as the first name is asked for: names of later runs would go on from there.
    drawn, _names_of_files["_name_sequence"] = _names_of_files["_name_sequence"], None
    other = numpy.get_state() if numpy is not None else None
    _numpy_seed[:] = [seed % 2**32]
    if numpy is not None:
        numpy.seed(*_numpy_seed)
    try:
        yield
    finally:
        _numpy_seed.clear()
        _names_of_files["_name_sequence"] = drawn
        random.setstate(state)
        if numpy is not None:
            numpy.set_state(other)
        elif (imported := sys.modules.get("numpy.random")) is not None:
            imported.seed()  # as it seeds itself where no run imports it


_JITTER_FUNCTIONS = ("anthropic._base_client", "openai._base_client")
_JITTER_MODULES = ("tenacity.wait", "google.genai._api_client", "google.genai._gaos.utils.retries")


def _apply(changes: Changes) -> None:
    changes.replace(os, "urandom", _urandom)
    changes.rebind({_real_urandom: _urandom})
    # `random` binds `os.urandom` to this name as it is imported; `SystemRandom` and `Random()` read it
    # there.
    changes.replace(random, "_urandom", _urandom)
    if hasattr(os, "getrandom"):
        changes.rebind({os.getrandom: _getrandom})
        changes.replace(os, "getrandom", _getrandom)
    # `Random.__init__` calls this method, for subclasses and instances alike, after C seeded it from the system.
    changes.replace(random.Random, "seed", _seed)
    changes.on_undo(_unpredictable_again)
    changes.replace(uuid, "uuid1", _uuid1)
    changes.rebind({_real_uuid1: _uuid1})
    when_imported("numpy.random", _seed_numpy)
    for name in _JITTER_FUNCTIONS:
        when_imported(name, _own_function)
    for name in _JITTER_MODULES:
        when_imported(name, _own_module)


SEAM = Seam(
    "chance",
    _apply,
    needs=(
        "random:_urandom",
        "tempfile:_name_sequence",
        *(f"{name}:random" for name in (*_JITTER_FUNCTIONS, *_JITTER_MODULES)),
    ),
)
