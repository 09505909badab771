"""`agent-chaos record`: runs agents live, once, and says what was kept."""

from __future__ import annotations

from rich.text import Text

from agent_chaos.commands.speak import complain, say_skipped
from agent_chaos.errors import AgentChaosError
from agent_chaos.patch.install import install
from agent_chaos.report.exit import combined
from agent_chaos.report.printable import count, printable
from agent_chaos.report.terminal import console
from agent_chaos.scenario.loader import Loaded, load
from agent_chaos.scenario.recording import RecordSummary, record_scenario

_PRIVACY = (
    "Cassettes hold the text of the conversation, without keys and cookies; read them before you share them."
)

_UNWRAPPED = "no @agent_chaos.tool saw that, so offline it would run for real; wrap it and record again"
_EARLIER = "  kept from an earlier recording, the agent did not run; to record it afresh: --record-mode all"


def record(targets: list[str], *, mode: str) -> int:
    """Records every scenario of the targets; one that fails does not keep the others from it."""
    install()
    loaded = load(targets, skip=say_skipped)
    codes = [_one(one, mode) for one in loaded]
    if 0 in codes:
        console().print(Text(_PRIVACY))
    return combined(codes)


def _one(loaded: Loaded, mode: str) -> int:
    try:
        summary = record_scenario(loaded.scenario, mode=mode)
    except AgentChaosError as exc:
        complain(exc)
        return exc.exit_code
    console().print(Text(kept(loaded.scenario.name, summary)), soft_wrap=True)
    if summary.unwrapped:
        names = ", ".join(printable(name) for name in summary.unwrapped)
        console().print(Text(f"  the model called {names}: {_UNWRAPPED}", "yellow"), soft_wrap=True)
    if not summary.fresh:
        console().print(Text(_EARLIER), soft_wrap=True)
    return 0


def kept(name: str, summary: RecordSummary) -> str:
    """What a recording kept, in two lines."""
    tools = ", ".join(printable(tool) for tool in summary.tools) or "none"
    hosts = ", ".join(printable(host) for host in summary.hosts) or "none"
    return (
        f"{name}  {summary.path}, {_size(summary.size_bytes)}: {count(summary.calls, 'call')}, "
        f"{summary.input_tokens:,} tokens in, {summary.output_tokens:,} out\n"
        f"{' ' * len(name)}  tools: {tools}; hosts: {hosts}"
    )


def _size(size: int) -> str:
    return f"{size:,} bytes" if size < 10_000 else f"{size / 1000:,.0f} kB"
