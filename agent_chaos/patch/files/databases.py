"""SQLite: a run opens a copy of a database, and finds it as it was in the next run, also by a connection that it kept."""

from __future__ import annotations

import functools
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from typing import Any
from urllib.parse import parse_qs, quote
from weakref import WeakKeyDictionary, WeakSet

from agent_chaos.patch.effects import refused_effect
from agent_chaos.patch.files import actual
from agent_chaos.patch.files.database_names import database_place
from agent_chaos.patch.files.overlay import OVERLAY, TooLarge
from agent_chaos.patch.files.redirect import copying, follows, held, to_change
from agent_chaos.runtime.seams import Changes

_JOURNALS = ("-wal", "-journal")
_BESIDE = ("", *_JOURNALS, "-shm")
_actual = sqlite3.connect
_FACTORY, _URI = 4, 6
"""Places of these parameters of `connect`, after the database."""


class _Connection(sqlite3.Connection):
    """A connection that can be referred to weakly, and whose unfinished statements can be ended."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._cursors: WeakSet[sqlite3.Cursor] = WeakSet()

    def cursor(self, *args: Any, **kwargs: Any) -> Any:
        made: sqlite3.Cursor = super().cursor(*args, **kwargs)
        self._cursors.add(made)
        return made

    def end_statements(self) -> None:
        """Ends what is read but not to its end: until then nothing can be restored, by any connection."""
        for cursor in list(self._cursors):
            with suppress(sqlite3.Error):
                cursor.execute("SELECT 1 WHERE 0")


_opened: WeakKeyDictionary[sqlite3.Connection, str] = WeakKeyDictionary()
"""Connections to copies, with the path of the real database."""


@functools.wraps(_actual)
def _connect(database: Any, *args: Any, **kwargs: Any) -> Any:
    if not held():
        return _actual(database, *args, **kwargs)
    connection = _connected(database, args, kwargs)
    # Asked as each statement is compiled, ATTACH among them, which opens a file without any function of Python, also
    # beside a database in memory, or one that is only read.
    connection.set_authorizer(_inside_of_copies)
    return connection


def _connected(database: Any, args: Any, kwargs: Any) -> Any:
    path, query = database_place(database, uri=bool(kwargs.get("uri") or any(args[_URI : _URI + 1])))
    if not path:
        return _actual(database, *args, **kwargs)
    if _only_read(query):
        seen = follows(path)
        return _actual(_uri(seen, query) if seen else database, *args, **kwargs)
    if (meant := to_change(path)) is None:
        return _actual(database, *args, **kwargs)
    try:
        copy = _copy_for(meant)
    except TooLarge:
        # Too large to copy: it may be read all the same, and SQLite itself refuses what would write.
        return _actual(_uri(meant, "mode=ro"), *args[:_URI], **kwargs | {"uri": True})
    if len(args) <= _FACTORY:
        kwargs.setdefault("factory", _Connection)
    connection = _actual(_uri(copy, query) if query else copy, *args, **kwargs)
    with suppress(TypeError):  # of a class that cannot be referred to weakly
        _opened[connection] = meant
    return connection


def _only_read(query: str) -> bool:
    options = parse_qs(query)
    return "ro" in options.get("mode", ()) or "1" in options.get("immutable", ())


def _uri(path: str, query: str) -> str:
    return f"file:{quote(path)}?{query}"


def _copy_for(path: str) -> str:
    # The journals first: SQLite looks for them as it opens the database, and would miss what was committed
    # to them.
    for ending in _JOURNALS:
        if OVERLAY.exists(path + ending):
            OVERLAY.to_write(path + ending)
    return OVERLAY.to_write(path)


def _inside_of_copies(action: int, name: str | None, *others: Any) -> int:
    """SQLite opens a database that is attached by itself, so no copy of it can be made."""
    if action != sqlite3.SQLITE_ATTACH or not held():
        return sqlite3.SQLITE_OK
    # None where it is no literal but a parameter, whose value is not told: any file may be meant.
    if name is not None and (name in ("", ":memory:") or OVERLAY.holds(name)):
        return sqlite3.SQLITE_OK
    if (session := copying()) is not None:
        told = "a database" if name is None else f"the database {name}"
        refused_effect(session, f"attached {told}, of which no throw-away copy can be made")
    return sqlite3.SQLITE_DENY


def restored() -> set[str]:
    """The copies, with what is beside them, to which connections are still open: each is as its run found it, but for tables."""
    kept: set[str] = set()
    opened = list(_opened.items())
    # All of them before the first is restored, which waits for what any other one has begun.
    for connection, _ in opened:
        with suppress(sqlite3.Error):
            _interrupt(connection)
    for connection, path in opened:
        # Of one that is closed, or belongs to a thread that is gone; or whose database lost its folder meanwhile.
        with suppress(sqlite3.Error, OSError):
            _restore(connection, path)
            # Kept as files: a connection that is open goes on with the file that it has opened, whatever
            # stands there later.
            kept.update(OVERLAY.shadow(path) + ending for ending in _BESIDE)
    return kept


def let_go() -> None:
    """Leaves connections alone that are still open: the copies that they go to are gone."""
    _opened.clear()


def _interrupt(connection: sqlite3.Connection) -> None:
    if isinstance(connection, _Connection):
        connection.end_statements()
    connection.rollback()


def _restore(connection: sqlite3.Connection, path: str) -> None:
    # Whoever keeps a connection made its tables when it was opened, and not again in the next run.
    tables = list(_schema(connection))
    with _pristine(path) as source:
        source.backup(connection, progress=_never_wait)
    for table in tables:
        with suppress(sqlite3.Error):  # it is there
            connection.execute(table)
    connection.commit()


def _never_wait(status: int, remaining: int, total: int) -> None:
    # Else tried again for ever: whoever holds the database is nobody who would let it go.
    if status in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        raise sqlite3.OperationalError("the database is held by another connection")


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
    # The agent may have set one on its connection, which all cursors take over.
    cursor.row_factory = None
    for (sql,) in cursor.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL"):
        yield sql


def stand_before(changes_made: Changes) -> None:
    changes_made.rebind({_actual: _connect})
    # Both hold the function by name, and libraries ask either.
    for module in (sqlite3, sqlite3.dbapi2):
        changes_made.replace(module, "connect", _connect)
