"""Offline means offline: an audit hook that refuses connections from a replayed run, and hands other effects to `effects.py`.

Installed once per process and inert outside a run. A refusal is written on the run's tape, so that the run fails
whatever the agent caught. C drivers that raise no audit event are held by `network_namespace.py`.
"""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from agent_chaos.errors import GuardRefused
from agent_chaos.patch.effects import EVENTS
from agent_chaos.runtime.active import replaying, running
from agent_chaos.runtime.seams import Changes, Seam
from agent_chaos.runtime.session import Session

TELEMETRY = (
    "posthog.com",
    "sentry.io",
    "smith.langchain.com",
    "langfuse.com",
    "datadoghq.com",
    "segment.io",
    "segment.com",
    "mixpanel.com",
    "amplitude.com",
    "logfire.pydantic.dev",
    "logfire-api.pydantic.dev",
    "logfire-us.pydantic.dev",
    "logfire-eu.pydantic.dev",
    "honeycomb.io",
    "newrelic.com",
    "telemetry.crewai.com",
    "arize.com",
    "wandb.ai",
    "traceloop.com",
    "helicone.ai",
    "braintrust.dev",
    "litellm.ai",
    "agno.com",
)
"""Hosts (and their subdomains) that only watch: refused and listed, but a refusal is not the agent's failure."""

TELEMETRY_PATHS = (("api.openai.com", "/v1/traces/ingest"),)
"""What only watches on a host that also answers for models."""

LOCAL_SWITCHES = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "CREWAI_DISABLE_VERSION_CHECK": "true"}
"""Variables that keep a library from fetching what no agent needs: LiteLLM asks for its list of prices, again and again, from
a thread that goes on while the agent runs (https://docs.litellm.ai/docs/proxy/config_settings), and CrewAI whether there is a
newer release."""

_LOOPBACK = ("127.0.0.1", "::1")
_Names = tuple[str, list[str], list[str]]


def is_telemetry(host: str, path: str = "") -> bool:
    """Whether a request only reports what the agent does."""
    known_host = any(host == known or host.endswith(f".{known}") for known in TELEMETRY)
    return known_host or (host, path) in TELEMETRY_PATHS


def refuse(session: Session, host: str, *, telemetry: bool | None = None) -> GuardRefused:
    """Notes a refused connection on the tape, and gives the error to raise."""
    # Without a note: the trace of that run has been taken.
    if session.finished:
        return GuardRefused(f"agent-chaos: a thread that outlived its trial tried to reach {host}; refused")
    harmless = is_telemetry(host) if telemetry is None else telemetry
    session.tape.incident(session.clock.now(), "telemetry" if harmless else "refused", host)
    return GuardRefused(
        f"agent-chaos is offline: refused a connection to {host}; nothing of it was recorded. "
        "Record it (scenario field 'hosts') or wrap the tool that makes it with @agent_chaos.tool"
    )


def _address(value: Any) -> str:
    if isinstance(value, tuple) and value:
        return f"{value[0]}:{value[1]}" if len(value) > 1 else str(value[0])
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


def _connect(session: Session, args: tuple[Any, ...]) -> None:
    raise refuse(session, _address(args[1]))


def _resolve(session: Session, args: tuple[Any, ...]) -> None:
    host = _address(args[0])
    # None and '' are the wildcard addresses that servers bind; a loopback name needs no network.
    if host not in ("None", "localhost", "", *_LOOPBACK):
        raise refuse(session, host)


def _connect_by_name(session: Session, args: tuple[Any, ...]) -> None:
    raise refuse(session, _address(args[0]))


_NETWORK = {
    "socket.connect": _connect,
    "socket.sendto": _connect,
    "socket.sendmsg": _connect,
    "socket.getaddrinfo": _resolve,
    "socket.gethostbyname": _resolve,
    "socket.gethostbyaddr": _connect_by_name,
    "socket.getnameinfo": _connect_by_name,
}
_EVENTS = _NETWORK | EVENTS


def _hook(event: str, args: tuple[Any, ...]) -> None:
    # The hook is called for every import and every compilation in the process, so what is no event of ours
    # leaves first.
    if not (_state["active"] or _state["shut"]) or event not in _EVENTS:
        return
    session = replaying()
    if session is not None:
        if not session.online:
            _EVENTS[event](session, args)
    elif event in _NETWORK:
        _of_no_run(event, args)


def _of_no_run(event: str, args: tuple[Any, ...]) -> None:
    """Of threads that no run knows, finalisers, imports and the end of the process."""
    active = running()
    if active is not None and active.replaying and not active.online:
        _NETWORK[event](active, args)
    elif _state["shut"]:
        # A socket comes before its address, a look-up begins with the name.
        where = _address(args[1] if _NETWORK[event] is _connect else args[0])
        raise GuardRefused(
            f"agent-chaos is offline: refused a connection to {where} that no run of an agent makes"
        )


@contextmanager
def shut() -> Iterator[None]:
    """Refuses connections in a block in which no run is active: while targets are imported and finalisers run."""
    _state["shut"] += 1
    try:
        yield
    finally:
        _state["shut"] -= 1


def shut_for_good() -> None:
    """Refuses connections until the process ends, also those of what runs at its exit."""
    _state["shut"] += 1


def _named_back(actual: Callable[[str], _Names]) -> Callable[[str], _Names]:
    """`socket.gethostbyaddr`: who is asked for the name of an address is up to the system, but for the loopback's."""

    def gethostbyaddr(ip_address: str, /) -> _Names:
        session = replaying()
        if session is None or session.online or ip_address not in _LOOPBACK:
            return actual(ip_address)
        return "localhost", [], [ip_address]

    return gethostbyaddr


# One dict, since the hook looks at it for every event of the process: names of a module that are bound anew
# would need `global`.
_state = {"added": 0, "active": 0, "shut": 0}


def _apply(changes: Changes) -> None:
    """An audit hook cannot be removed: out of the environment it looks at nothing."""
    if not _state["added"]:
        _state["added"] = 1
        sys.addaudithook(_hook)
    _state["active"] = 1
    changes.rebind({socket.gethostbyaddr: (named_back := _named_back(socket.gethostbyaddr))})
    changes.replace(socket, "gethostbyaddr", named_back)
    changes.on_undo(lambda: _state.update(active=0))


SEAM = Seam("guard", _apply)
