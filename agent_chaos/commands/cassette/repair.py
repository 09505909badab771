"""`agent-chaos cassette repair`: every whole record of a damaged cassette, or of a recording that was cut off, as a cassette."""

from __future__ import annotations

from pathlib import Path

from agent_chaos.cassette.keys import KEY_VERSION
from agent_chaos.cassette.storage.file import recover
from agent_chaos.cassette.storage.writer import CassetteWriter
from agent_chaos.commands.output import print_line
from agent_chaos.errors import UsageError
from agent_chaos.report.printable import count


def repair(file: Path, output: Path | None, *, force: bool) -> int:
    """Writes the whole records to `output`, by default beside the file. Raises UsageError where a file is in the way."""
    target = output or file.with_name(f"{file.name.partition('.')[0]}.repaired.msgpack")
    if target.exists() and not force:
        raise UsageError(f"{target}: exists; --force writes over it")
    salvage = recover(file)
    header = salvage.cassette.header.model_copy(update={"key_version": KEY_VERSION})
    writer = CassetteWriter(target, header)
    writer.carry(salvage.cassette)
    kept = writer.finish()
    made = sum(tool.is_call for tool in kept.tools)
    said = f"{target}: {count(len(kept.exchanges), 'call')}, {count(made, 'tool call')}"
    for line in (said, *(f"  lost: {one}" for one in salvage.lost)):
        print_line(line)
    return 0
