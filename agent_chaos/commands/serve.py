"""`agent-chaos serve`: a recording over HTTP on this machine, for agents that are started elsewhere."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from rich.text import Text

from agent_chaos.cassette.model import Cassette
from agent_chaos.cassette.storage.file import open_cassette
from agent_chaos.commands.failures import failure_store
from agent_chaos.commands.plan_file import plan_of
from agent_chaos.errors import UsageError
from agent_chaos.faults.plan import Plan
from agent_chaos.patch.loopback.addresses import BASE_URLS, here
from agent_chaos.report.console import console
from agent_chaos.report.printable import count, printable
from agent_chaos.serve.service import Service
from agent_chaos.serve.sessions import Sessions


def _for_ever() -> None:
    threading.Event().wait()


def serve(path: Path, *, plan: str, port: int, speed: float, wait: Callable[[], None] = _for_ever) -> int:
    """Serves until Ctrl-C. Raises UsageError for a plan that is none, and for a port that is taken."""
    cassette = open_cassette(path)
    chosen = _plan(plan)
    try:
        service = Service(Sessions(cassette, chosen), port=port, speed=speed)
    except OSError as exc:
        raise UsageError(
            f"port {port} cannot be listened on ({exc.strerror}); name another with --port"
        ) from None
    _tell(service.url, cassette, chosen)
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
    stored = failure_store.is_name(named) and (not file.is_file() or file.stem.upper().startswith("F-"))
    return failure_store.stored_failure(named).plan if stored else plan_of(file)


def _tell(server: str, cassette: Cassette, plan: Plan) -> None:
    what = f"{count(len(cassette.exchanges), 'exchange')} of {cassette.header.scenario}"
    under = f", under {plan}," if plan.faults else ""
    lines = [
        f"serving {what}{under} until Ctrl-C",
        *_addresses(server, cassette),
        f"calls so far: {server}/-/calls",
    ]
    for line in lines:
        console().print(Text(printable(line)), soft_wrap=True)


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
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
