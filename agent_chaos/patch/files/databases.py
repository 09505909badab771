"""SQLite: a run opens a copy of a database, and finds it as it was in the next run, also by a connection that it kept."""

from __future__ import annotations

import functools
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit
from weakref import WeakKeyDictionary

from agent_chaos.patch.effects import refused_effect
from agent_chaos.patch.files import actual
from agent_chaos.patch.files.overlay import OVERLAY, TooLarge
from agent_chaos.patch.files.redirect import copying, follows, held, to_change
from agent_chaos.runtime.seams import Changes

_JOURNALS = ("-wal", "-journal")
_BESIDE = ("", *_JOURNALS, "-shm")
_actual = sqlite3.connect
_FACTORY, _URI = 4, 6
"""Places of these parameters of `connect`, after the database."""


class _Connection(sqlite3.Connection):
    """A connection that can be referred to weakly."""


_opened: WeakKeyDictionary[sqlite3.Connection, str] = WeakKeyDictionary()
"""Connections to copies, with the path of the real database."""


@functools.wraps(_actual)
def _connect(database: Any, *args: Any, **kwargs: Any) -> Any:
    path, query = _place(database, uri=bool(kwargs.get("uri") or args[_URI:]))
    if not path or not held():
        return _actual(database, *args, **kwargs)
    if _only_read(query):
        seen = follows(path)
        return _actual(_uri(seen, query) if seen else database, *args, **kwargs)
    if (meant := to_change(path, kind="sqlite")) is None:
        return _actual(database, *args, **kwargs)
    try:
        copy = _copy_for(meant)
    except TooLarge:
        # Too large to copy: it may be read all the same, and SQLite itself refuses what would write.
        return _actual(_uri(meant, "mode=ro"), *args[:_URI], **kwargs | {"uri": True})
    if len(args) <= _FACTORY:
        kwargs.setdefault("factory", _Connection)
    connection = _actual(_uri(copy, query) if query else copy, *args, **kwargs)
    # Asked as each statement is compiled, ATTACH among them, which opens a file without any function of Python.
    connection.set_authorizer(_inside_of_copies)
    with suppress(TypeError):  # of a class that cannot be referred to weakly
        _opened[connection] = meant
    return connection


def _place(database: Any, *, uri: bool) -> tuple[str, str]:
    """The path of a database, '' for one in memory, and the query of its URI."""
    name = os.fsdecode(os.fspath(database)) if isinstance(database, str | bytes | os.PathLike) else ""
    if uri and name.startswith("file:"):
        parts = urlsplit(name)
        in_memory = "memory" in parse_qs(parts.query).get("mode", ())
        name = "" if in_memory else unquote(parts.path)
        return ("" if name == ":memory:" else name), parts.query
    return ("" if name == ":memory:" else name), ""


def _only_read(query: str) -> bool:
    options = parse_qs(query)
    return "ro" in options.get("mode", ()) or "1" in options.get("immutable", ())


def _uri(path: str, query: str) -> str:
    return f"file:{quote(path)}?{query}"


def _copy_for(path: str) -> str:
    for ending in _JOURNALS:
        if OVERLAY.exists(path + ending):
            OVERLAY.to_write(path + ending)
    return OVERLAY.to_write(path)


def _inside_of_copies(action: int, name: str | None, *others: Any) -> int:
    """SQLite opens a database that is attached by itself, so no copy of it can be made."""
    elsewhere = bool(name) and name != ":memory:" and not OVERLAY.holds(str(name))
    if action != sqlite3.SQLITE_ATTACH or not held() or not elsewhere:
        return sqlite3.SQLITE_OK
    if (session := copying()) is not None:
        refused_effect(session, f"attached the database {name}, of which no throw-away copy can be made")
    return sqlite3.SQLITE_DENY


def restored() -> set[str]:
    """The copies, with what is beside them, to which connections are still open: each is as its run found it, but for tables."""
    kept: set[str] = set()
    for connection, path in list(_opened.items()):
        # Of one that is closed, or belongs to a thread that is gone; or whose database lost its folder meanwhile.
        with suppress(sqlite3.Error, OSError):
            _restore(connection, path)
            kept.update(OVERLAY.shadow(path) + ending for ending in _BESIDE)
    return kept


def let_go() -> None:
    """Leaves connections alone that are still open: the copies that they go to are gone."""
    _opened.clear()


def _restore(connection: sqlite3.Connection, path: str) -> None:
    connection.rollback()
    # Whoever keeps a connection made its tables when it was opened, and not again in the next run.
    tables = list(_schema(connection))
    with _pristine(path) as source:
        source.backup(connection)
    for table in tables:
        with suppress(sqlite3.Error):  # it is there
            connection.execute(table)
    connection.commit()


@contextmanager
def _pristine(path: str) -> Iterator[sqlite3.Connection]:
    """The database as a run finds it: read from a copy, as SQLite may write beside what it reads."""
    before = OVERLAY.pristine(path)
    copy = f"{OVERLAY.shadow(path)}-before"
    for ending in _JOURNALS if before else ():
        if actual.status(before + ending) is not None:
            actual.copy(before + ending, copy + ending)
    if before:
        actual.copy(before, copy)
    with closing(_actual(copy if before else ":memory:")) as source:
        yield source


def _schema(connection: sqlite3.Connection) -> Iterator[str]:
    cursor = connection.cursor()
    cursor.row_factory = None
    for (sql,) in cursor.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL"):
        yield sql


def stand_before(changes_made: Changes) -> None:
    changes_made.rebind({_actual: _connect})
    for module in (sqlite3, sqlite3.dbapi2):
        changes_made.replace(module, "connect", _connect)
