"""What a database is called in `sqlite3.connect`: a path, a URI, or a name of one in memory."""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit


def database_place(database: Any, *, uri: bool) -> tuple[str, str]:
    """The path of a database, '' for one in memory, and the query of its URI."""
    name = os.fsdecode(os.fspath(database)) if isinstance(database, str | bytes | os.PathLike) else ""
    if uri and name.startswith("file:"):
        parts = urlsplit(name)
        in_memory = "memory" in parse_qs(parts.query).get("mode", ())
        name = "" if in_memory else unquote(parts.path)
        return ("" if name == ":memory:" else name), parts.query
    return ("" if name == ":memory:" else name), ""
