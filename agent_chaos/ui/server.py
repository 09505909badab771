"""Serves the pages until Ctrl-C."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Callable
from pathlib import Path

import uvicorn

from agent_chaos.errors import UsageError
from agent_chaos.ui.app import pages


def serve_pages(
    runs_dir: Path, cassettes: Path, *, host: str, port: int, tell: Callable[[str], None]
) -> None:
    """Serves a folder of runs and one of cassettes.

    Args:
        port: 0 takes one that is free.
        tell: is given the address with its token, once the server can be reached there.

    Raises:
        UsageError: nothing can listen there.
    """
    token = secrets.token_urlsafe(24)
    # Bound here and handed over: the address that is told must be right where port 0 took a free one, and
    # uvicorn tells it to nobody but its log.
    with _listening(host, port) as listener:
        taken = int(listener.getsockname()[1])
        shown = f"[{host}]" if ":" in host else host
        app = pages(runs_dir, cassettes, host=host, port=taken, token=token)
        config = uvicorn.Config(app, log_level="warning", access_log=False, lifespan="off", ws="none")
        tell(f"http://{shown}:{taken}/?token={token}")
        uvicorn.Server(config).run(sockets=[listener])


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except socket.gaierror as exc:
        listener.close()
        raise UsageError(f"--host {host}: {exc.strerror}; expected an address of this machine") from None
    except OSError as exc:
        listener.close()
        raise UsageError(
            f"--host {host} --port {port}: {exc.strerror}; name another port, or 0 for a free one"
        ) from None
    listener.listen()
    return listener
