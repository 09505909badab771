"""What a recording kept, in figures."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from agent_chaos.cassette.model import Cassette
from agent_chaos.providers.registry import protocols
from agent_chaos.scenario.model import Scenario
from agent_chaos.trial.unobserved_tools import structured_outputs, unwrapped_tools
from agent_chaos.trial.wordless import wordless_replies

_SPEAKERS = ("anthropic", "openai", "google-genai", "httpx2", "httpx", "aiohttp", "vcrpy")


@dataclass(frozen=True, slots=True)
class RecordSummary:
    """What a recording kept; tokens as the providers counted them. `fresh` is False where an earlier one was kept."""

    path: Path
    size_bytes: int
    calls: int
    input_tokens: int
    output_tokens: int
    tools: tuple[str, ...]
    hosts: tuple[str, ...]
    fresh: bool = True
    unwrapped: tuple[str, ...] = ()
    """Tools that the model called and no boundary saw."""
    outputs: tuple[str, ...] = ()
    """Structured output, by name: no tool runs for it, and what the agent's code does with it is seen by no boundary."""
    passed: tuple[str, ...] = ()
    """Hosts whose requests went by unrecorded, connections and programs that no recording sees."""
    connections: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()
    silent: bool = False
    """Whether no turn gave anything to read."""
    wordless: tuple[str, ...] = ()
    """A line for each good reply that says nothing at all."""


def record_summary(scenario: Scenario, cassette: Cassette) -> RecordSummary:
    """The figures of a cassette; nothing of what went by it."""
    path = scenario.cassette_path
    turns = [
        protocols()[exchange.protocol].parse(exchange.reply)
        for exchange in cassette.exchanges
        if exchange.protocol in protocols()
    ]
    usages = [turn.usage for turn in turns if turn.usage is not None]
    return RecordSummary(
        path=path,
        size_bytes=path.stat().st_size,
        calls=len(cassette.exchanges),
        input_tokens=sum(usage.input_tokens for usage in usages),
        output_tokens=sum(usage.output_tokens for usage in usages),
        tools=tuple(sorted({record.name for record in cassette.tools if record.is_call})),
        hosts=tuple(sorted({exchange.request.address for exchange in cassette.exchanges})),
        unwrapped=unwrapped_tools(cassette, scenario.pure_tools),
        outputs=tuple(name for name in structured_outputs(cassette) if name not in scenario.pure_tools),
        wordless=tuple(wordless_replies(cassette)),
        silent=not any(mark.answer for mark in cassette.turns),
    )


def installed_versions() -> dict[str, str]:
    """Versions of the packages that speak to providers."""
    found: dict[str, str] = {}
    for name in _SPEAKERS:
        # Only what is there: an SDK that is not installed has not spoken.
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found
