"""`agent-chaos serve`: a recording over HTTP on this machine, for agents that are started elsewhere."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from agent_chaos.cassette.model import Cassette
from agent_chaos.cassette.storage.file import open_cassette
from agent_chaos.commands.failures import failure_store
from agent_chaos.commands.output import print_line
from agent_chaos.commands.plan_file import plan_of
from agent_chaos.errors import UsageError
from agent_chaos.faults.plan import Plan
from agent_chaos.files import writable
from agent_chaos.patch.loopback.addresses import BASE_URLS, here
from agent_chaos.report.printable import count
from agent_chaos.serve.authority import Authority
from agent_chaos.serve.service import Service
from agent_chaos.serve.sessions import Sessions

_Listening = TypeVar("_Listening")


def until_interrupted() -> None:
    """Waits for Ctrl-C."""
    threading.Event().wait()


def listening(opens: Callable[[], _Listening], port: int) -> _Listening:
    """What `opens` makes. Raises UsageError where the port is taken."""
    try:
        return opens()
    except OSError as exc:
        raise UsageError(
            f"port {port} cannot be listened on ({exc.strerror}); name another with --port"
        ) from None


def serve(
    path: Path,
    *,
    plan: str,
    port: int,
    speed: float,
    tls: Path | None = None,
    wait: Callable[[], None] = until_interrupted,
) -> int:
    """Serves until Ctrl-C; with `tls`, as a proxy that ends TLS, too, whose authority is written to that file.

    Raises UsageError for a plan that is none, and for a port that is taken.
    """
    cassette = open_cassette(path)
    chosen = _plan(plan)
    authority = Authority() if tls and writable(tls) else None
    if authority is not None and tls is not None:
        authority.write(tls)
    context = authority.context if authority else None
    service = listening(
        lambda: Service(Sessions(cassette, chosen), port=port, speed=speed, tls=context), port
    )
    _tell(service.url, cassette, chosen, tls)
    try:
        wait()
    except KeyboardInterrupt:
        pass
    finally:
        service.close()
    return 0


def _plan(named: str) -> Plan:
    """The plan of a stored failure or in a file; an empty one where nothing is named."""
    if not named:
        return Plan()
    file = Path(named)
    # Any `.json` may be a stored failure by its name; only one that is called as one is read as one.
    stored = failure_store.is_name(named) and (not file.is_file() or file.stem.upper().startswith("F-"))
    return failure_store.stored_failure(named).plan if stored else plan_of(file)


def _tell(server: str, cassette: Cassette, plan: Plan, tls: Path | None) -> None:
    what = f"{count(len(cassette.exchanges), 'exchange')} of {cassette.header.scenario}"
    under = f", under {plan}," if plan.faults else ""
    lines = [
        f"serving {what}{under} until Ctrl-C",
        *_addresses(server, cassette),
        *(exports(server, tls) if tls else ()),
        f"calls so far: {server}/-/calls",
    ]
    for line in lines:
        print_line(line)


def exports(server: str, tls: Path) -> list[str]:
    """How a client that keeps its base URLs is told to come here; Node reads a proxy since version 24."""
    names = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
    return [
        "or, for clients that keep their base URLs:",
        f"export HTTPS_PROXY={server}",
        *(f"export {name}={tls.absolute()}" for name in names),
        "export NODE_USE_ENV_PROXY=1",
    ]


def _addresses(server: str, cassette: Cassette) -> list[str]:
    """How a client is told to come here, for each place of the recording."""
    lines = []
    for place in sorted({_place(exchange.request.url) for exchange in cassette.exchanges}):
        names = [
            f"export {name}={here(server, url)}" for name, url in BASE_URLS.items() if _place(url) == place
        ]
        lines += names or [f"for {place}: {here(server, place)}"]
    return lines


def _place(url: str) -> str:
    # Without the path: an SDK puts the path of each request behind the base URL that it is given.
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
