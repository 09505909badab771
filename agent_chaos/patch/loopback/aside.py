"""Threads that belong to no run, whoever starts them."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable


def aside(work: Callable[..., None], *args: object) -> None:
    """Does some work in a daemon thread of its own, in real time."""
    thread = threading.Thread(target=work, args=args, name="agent-chaos-aside", daemon=True)
    # In an empty context, where no run is current: a thread that a run starts is held to its virtual time.
    contextvars.Context().run(thread.start)
