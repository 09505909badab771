"""Recordings of other tools, in and out of files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from agent_chaos.cassette.interchange.format import Contents, Interaction, RecordingFormat, Unfit
from agent_chaos.cassette.interchange.registry import format_for, format_of, recording_formats
from agent_chaos.cassette.interchange.text import SUFFIXES, parsed_document, written_document
from agent_chaos.cassette.interchange.told_tools import told_tools
from agent_chaos.cassette.interchange.traces import as_streams
from agent_chaos.cassette.keys import KEY_VERSION
from agent_chaos.cassette.model import Cassette, Header, ToolRecord, TurnMark
from agent_chaos.cassette.redaction.redactor import Redactor
from agent_chaos.cassette.storage.writer import CassetteWriter
from agent_chaos.errors import CassetteDamaged, CassetteError, CassetteMissing, UsageError

_MAX_BYTES = 256 * 1024 * 1024
_Record = Interaction | ToolRecord | TurnMark


def import_cassette(
    source: Path,
    target: Path,
    *,
    scenario: str = "",
    redactor: Redactor | None = None,
    streamed: bool = False,
) -> Cassette:
    """Writes a recording of another tool as a cassette, redacted like a recording; an earlier `target` is replaced.

    Tool calls are derived from the results that requests tell the model, where the file holds none of its own.

    Args:
        streamed: model calls of a trace, which has no bytes, are written as streams.

    Raises:
        CassetteMissing, CassetteDamaged, CassetteError: `source` cannot be read, or holds an interaction that is none.
        UsageError: its name does not end as one of a format that is known.
        RecordError: `target` cannot be written.
    """
    _, contents = read_foreign(source)
    if streamed:
        contents = as_streams(contents)
    header = contents.header or Header(
        scenario=scenario or target.stem, started_at=0.0, key_version=KEY_VERSION
    )
    writer = CassetteWriter(target, header, redactor)
    for record in _in_order(contents):
        _write(writer, record)
    return writer.finish()


def read_foreign(source: Path) -> tuple[RecordingFormat, Contents]:
    """The format of a file and what it holds, as it is, bodies decoded. Raises as `import_cassette`."""
    document = _document(source)
    found = format_of(document)
    if found is None:
        known = ", ".join(one.name for one in recording_formats())
        raise CassetteDamaged(f"{source} is of no format that is known here ({known})")
    try:
        return found, found.read(document)
    except Unfit as exc:
        raise CassetteDamaged(f"{source} ({found.name}): {exc}") from None


def export_cassette(cassette: Cassette, target: Path) -> int:
    """Writes a cassette in the format of the suffix, and gives the number of exchanges that its own tools can play.

    Raises UsageError by suffix, and where JSON cannot hold a binary body.
    """
    found = format_for(target.suffix)
    if found is None or found.write is None:
        endings = ", ".join(suffix for one in recording_formats() for suffix in one.suffixes)
        raise UsageError(f"{target}: exports end in one of {endings}")
    made = found.write(cassette)
    try:
        text = written_document(made.document, target.suffix)
    except UsageError as exc:
        raise UsageError(f"{target}: {exc}") from None
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, "utf-8")
    return made.playable


def _document(path: Path) -> Mapping[str, Any]:
    if path.suffix not in SUFFIXES:
        raise UsageError(f"{path}: recordings of other tools end in one of {', '.join(SUFFIXES)}")
    try:
        return parsed_document(_read(path), path.suffix)
    except FileNotFoundError:
        raise CassetteMissing(f"there is no file {path} to import") from None
    except OSError as exc:
        raise CassetteError(f"{path} cannot be read: {exc.strerror or exc}") from None
    except UnicodeDecodeError as exc:
        raise CassetteDamaged(
            f"{path}: byte {exc.start} is no UTF-8; expected a recording of another tool as text"
        ) from None
    except (ValueError, CassetteDamaged) as exc:
        raise CassetteDamaged(f"{path}: {exc}") from None


def _read(path: Path) -> str:
    if not path.is_file() and path.exists():
        raise CassetteError(f"{path} is not a file")
    if path.stat().st_size > _MAX_BYTES:
        raise CassetteError(f"{path} is larger than {_MAX_BYTES // 2**20} MB; it is not imported")
    # Editors on Windows may put a byte order mark first.
    return path.read_text("utf-8-sig")


def _in_order(contents: Contents) -> list[_Record]:
    """Everything in the order it happened; at the same instant a mark comes first, and a call before a tool's."""
    # A file that agent-chaos exported has its own tool calls, as they were recorded.
    told = () if contents.tools else told_tools(contents.interactions)
    records: list[_Record] = [*contents.turns, *contents.interactions, *contents.tools, *told]
    return sorted(records, key=lambda record: record.at)


def _write(writer: CassetteWriter, record: _Record) -> None:
    if isinstance(record, Interaction):
        writer.exchange(record.request, record.reply, at=record.at, transport=record.transport)
    elif isinstance(record, ToolRecord):
        writer.tool(record)
    else:
        writer.turn(record)
