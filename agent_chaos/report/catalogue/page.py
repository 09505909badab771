"""The catalogues as Markdown, which the documentation holds as pages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from agent_chaos.report.catalogue.entry import FaultEntry, OracleEntry
from agent_chaos.report.catalogue.reactions import SDKS, measured_with

_GENERATED = "<!-- Written by `python -m docs.generate`; do not edit. -->"
_LEVELS = {
    "transport": "Status, headers, bytes and time of a reply.",
    "stream": "The events of a streamed reply.",
    "message": "What the model says, written by the protocol again.",
    "tool": "What a tool gives back to the agent.",
    "conversation": "What is asked, changed by a function of the scenario; never searched.",
}


def faults_page(entries: Sequence[FaultEntry]) -> str:
    """The page of faults: an overview, then every fault."""
    searched = sum(entry.searched for entry in entries)
    intro = (
        f"{len(entries)} faults, {searched} of them drawn by `agent-chaos fuzz`. A *transparent* fault is one that a "
        "correct stack recovers from with the same answer; after a *visible* one the agent must do something. How often one "
        "is met in production is told by public reports: everyday, sometimes, rare, or hostile (allowed by the wire, or "
        "seen once). Evidence names public issues and pull requests of GitHub as `owner/repository#number`. The "
        f"tables say what the SDKs do by themselves ({_releases()}), retries and exceptions, where the fault strikes once "
        "and, if it is retried, every time; a test compares them with the SDKs."
    )
    lines = [_GENERATED, "", "# Faults", "", intro]
    for level, members in groupby(entries, key=lambda entry: entry.level):
        group = list(members)
        lines += ["", f"## {level.capitalize()}", "", _LEVELS[level], "", *_overview(group)]
        for entry in group:
            lines += ["", *_fault(entry)]
    return "\n".join(lines) + "\n"


def _releases() -> str:
    return ", ".join(f"{name} {release}" for name, release in measured_with().items())


def _overview(entries: Iterable[FaultEntry]) -> Iterator[str]:
    yield from ("| fault | family | met | outcome | acts on |", "| --- | --- | --- | --- | --- |")
    for entry in entries:
        cells = (
            f"[`{entry.name}`](#{entry.name})",
            entry.family,
            entry.frequency,
            outcome(entry),
            entry.where,
        )
        yield f"| {' | '.join(cells)} |"


def outcome(entry: FaultEntry) -> str:
    """Whether the agent must deal with it, and whether a search draws it."""
    return ("transparent" if entry.transparent else "visible") + ("" if entry.searched else ", not searched")


_HEARD = {
    "turn": "everything: nothing of the turn arrives",
    "text": "the text",
    "calls": "the tool calls",
    "other_parts": "reasoning and other parts",
    "stop": "the reason to stop",
    "usage": "the tokens",
    "end": "whether the reply ends",
    "error": "an error in the body",
}


def changes(entry: FaultEntry) -> str:
    """What a client may hear otherwise than recorded, in words."""
    return ", ".join(_HEARD[one] for one in entry.changes)


def _fault(entry: FaultEntry) -> Iterator[str]:
    yield from (f"### {entry.name}", "", entry.does, "", f"- Written: `{entry.word}`")
    for parameter in entry.parameters:
        drawn = f"; a search draws {parameter.drawn}" if parameter.drawn else ""
        yield f"- `{parameter.name}`: {parameter.values}{drawn}"
    if entry.changes:
        yield f"- Changes: {changes(entry)}"
    yield f"- Evidence: {entry.source}"
    met = {sdk: name for sdk, name in SDKS.items() if any(sdk in one.by_sdk for one in entry.reactions)}
    if met:
        yield from ("", "| at | " + " | ".join(met.values()) + " |", "| --- |" + " --- |" * len(met))
    for one in entry.reactions:
        cells = (one.by_sdk.get(sdk, "-") for sdk in met)
        yield f"| {one.at} | {' | '.join(cells)} |"


def oracles_page(entries: Sequence[OracleEntry]) -> str:
    """The page of oracles."""
    intro = (
        f"{len(entries)} oracles judge every run, without a line of your code. Each is silent on a run without faults. "
        "What one finds after a reply on a lower rung of replay than it needs does not count."
    )
    lines = [_GENERATED, "", "# Oracles", "", intro]
    for entry in entries:
        lines += ["", f"## {entry.name}", "", entry.does, "", f"- Severity: {entry.severity}"]
        lines += [f"- Needs: {entry.needs}", *(f"- Advice: {one}" for one in entry.advice)]
        lines += [f"- Evidence: {entry.source}"]
    return "\n".join(lines) + "\n"
