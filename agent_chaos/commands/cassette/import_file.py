"""`agent-chaos cassette import`: a recording of another tool becomes a cassette."""

from __future__ import annotations

from pathlib import Path

from agent_chaos.cassette.interchange.text import SUFFIXES
from agent_chaos.cassette.interchange.traces import rendered_from
from agent_chaos.cassette.storage.foreign import import_cassette
from agent_chaos.commands.output import print_line
from agent_chaos.errors import UsageError
from agent_chaos.report.printable import count

_RENDERED = (
    "A trace of {} holds what was said, not its bytes: requests and replies are written as the provider would, and options of "
    "the request that the trace lacks are missing. Next: agent-chaos replay says how well the agent's requests match."
)


def import_(file: Path, output: Path | None, *, force: bool, streamed: bool) -> int:
    """Writes `cassettes/<name>.msgpack`, or `output`. Raises UsageError where a file is in the way."""
    target = output or Path("cassettes") / f"{file.stem}.msgpack"
    # What cannot be imported at all is told as that, whatever lies where its cassette would.
    if file.suffix in SUFFIXES and target.exists() and not force:
        raise UsageError(f"{target}: exists; --force writes over it")
    cassette = import_cassette(file, target, streamed=streamed)
    kept = f"{target}: {count(len(cassette.exchanges), 'call')}, {count(len(cassette.tools), 'tool call')}"
    print_line(kept)
    if source := next(filter(None, map(rendered_from, cassette.exchanges)), ""):
        print_line(_RENDERED.format(source), "yellow")
    return 0
