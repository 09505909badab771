"""What every fault comes to in the real SDKs with their own defaults: `python -m tests.faults.reactions` writes it down."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from agent_chaos.cassette.model import Cassette
from agent_chaos.chaos.constructors import to_source
from agent_chaos.faults.fault import WireFault
from agent_chaos.faults.plan import Plan
from agent_chaos.report import catalogue
from agent_chaos.scenario.model import BaselineScenario
from agent_chaos.trace.trace import Trace
from tests.faults.catalogued import SAID, WIRE_FAULTS, at_edges, target_of
from tests.faults.sdk_agents import AGENTS, EMBEDDERS
from tests.spoken import spoken
from tests.trials import recorded, scenario, trial

FILE = Path(catalogue.__file__).parent / "reactions.json"
SDKS = {
    "anthropic_messages": "anthropic",
    "openai_chat": "openai chat",
    "openai_responses": "openai responses",
    "gemini": "google-genai",
    "openai_embeddings": "openai embeddings",
    "gemini_embeddings": "google-genai embeddings",
}
_SPELLED = {"openai_embeddings": "base64", "gemini_embeddings": "batch"}
"""How an SDK asks for embeddings when nobody says how; of what acts on any reply, models' turns show as much."""
_ATTEMPTS = 5
Call = tuple[str, bool, str]


def measured(kind: str) -> dict[str, dict[str, dict[str, str]]]:
    """By the fault as it is written and by whole or streamed: what each SDK does, where the fault can act at all."""
    found: dict[str, dict[str, dict[str, str]]] = {}
    for protocol in SDKS:
        for stream in (False, True):
            for fault, said in _faults(kind, protocol, stream=stream):
                sync, other = (_reaction((protocol, stream, mode), fault, said) for mode in ("sync", "async"))
                if not sync:
                    continue
                row = found.setdefault(to_source(fault), {}).setdefault("streamed" if stream else "whole", {})
                row[SDKS[protocol]] = sync if sync == other else f"sync: {sync}; async: {other}"
    return found


def spot_checked(kind: str) -> Iterator[tuple[tuple[str, str, str], str, str]]:
    """Where in the file (fault, form, SDK) a reaction stands, what it is now, and what is written of it.

    The first of its choices on each protocol: whole for sync clients, streamed for async ones. All of them take minutes.
    """
    written = json.loads(FILE.read_text())["faults"][kind]
    for protocol in SDKS:
        for stream, mode in ((False, "sync"), (True, "async")):
            fault, said = next(_faults(kind, protocol, stream=stream), (None, ""))
            now = _reaction((protocol, stream, mode), fault, said) if fault else ""
            if fault and now:
                place = to_source(fault), "streamed" if stream else "whole", SDKS[protocol]
                cell = written.get(place[0], {}).get(place[1], {}).get(place[2], "")
                yield place, now, _of_mode(cell, mode)


def _of_mode(cell: str, mode: str) -> str:
    """What a cell says of sync or async clients, which it tells apart where they differ."""
    if not cell.startswith("sync: "):
        return cell
    sync, _, other = cell.removeprefix("sync: ").partition("; async: ")
    return sync if mode == "sync" else other


def _faults(kind: str, protocol: str, *, stream: bool) -> Iterator[tuple[WireFault, str]]:
    """The fault with each of its choices and its numbers at their mildest; on a text, or else on tool calls."""
    cls = WIRE_FAULTS[kind]
    offered: dict[str, tuple[Mapping[str, Any], str]] = {}
    for said in _tried(cls, protocol, stream=stream):
        offered |= {
            str(choice): (choice, said) for choice in cls.openings(target_of((protocol, stream, said)))
        }
    for choice, said in offered.values():
        yield next(at_edges(cls, choice)), said


def _tried(cls: type[WireFault], protocol: str, *, stream: bool) -> list[str]:
    """What a fault is tried on: what a model says, or vectors, for which there is no stream."""
    if protocol not in _SPELLED:
        return [*reversed(SAID)]
    return [_SPELLED[protocol]] if "embeddings" in cls.needs and not stream else []


def _reaction(call: Call, fault: WireFault, said: str) -> str:
    """What happens where it strikes once, and every time where that is retried; '' where it never had a site."""
    once = _told(call, [fault], said)
    always = _told(call, [fault] * _ATTEMPTS, said) if "retr" in once else once
    return once if always == once else f"{once}; every time: {always}"


def _told(call: Call, faults: list[WireFault], said: str) -> str:
    subject, cassette, clean = _clean(call, said)
    trace = trial(subject, cassette, Plan.of((f"call 0.{i}", one) for i, one in enumerate(faults)))
    if not trace.fired:
        return ""
    retries = len(trace.calls) - 1
    after = f", after {retries} {'retry' if retries == 1 else 'retries'}" if retries else ""
    return f"{_outcome(trace, clean, call[0])}{after}"


@cache
def _clean(call: Call, said: str) -> tuple[BaselineScenario, Cassette, Trace]:
    protocol, stream, _ = call
    subject = scenario((AGENTS | EMBEDDERS)[call])
    given = target_of((protocol, stream, said)).reply if protocol in _SPELLED else None
    cassette = recorded(subject, [given or spoken(protocol, SAID[said], stream=stream)])
    return subject, cassette, trial(subject, cassette)


def _outcome(trace: Trace, clean: Trace, protocol: str) -> str:
    if trace.raised:
        return trace.raised[0].type
    told, whole = trace.answers[0], clean.answers[0]
    if told.value == whole.value:
        return "as recorded"
    if protocol in _SPELLED:
        return "other vectors, without an error"
    if told.text == whole.text:
        return "passed on"
    if told.text and whole.text.startswith(told.text):
        return "a part of it"
    return "another text" if told.text else "nothing, without an error"


def written() -> str:
    """The data file with what is measured now."""
    versions = {name: version(name) for name in ("anthropic", "openai", "google-genai")}
    found = {kind: measured(kind) for kind in WIRE_FAULTS}
    return json.dumps({"sdks": versions, "faults": found}, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(written())
