"""Writes a cassette as it happens: records go to a journal beside the target, which becomes the target at the end."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from threading import RLock

from agent_chaos.cassette.keys import KEY_VERSION, keys_of
from agent_chaos.cassette.model import Cassette, Exchange, Header, ToolRecord, TurnMark
from agent_chaos.cassette.redaction.redactor import Redactor
from agent_chaos.cassette.storage.file import open_cassette
from agent_chaos.cassette.storage.frames import (
    EXCHANGE,
    HEADER,
    INDEX,
    PREAMBLE_BYTES,
    TOOL,
    TURN,
    footer,
    framed,
    preamble,
)
from agent_chaos.cassette.storage.index import IndexRow, built, index_record
from agent_chaos.cassette.storage.journal import journal_of, new_journal, sync_folder, write
from agent_chaos.cassette.storage.records import (
    exchange_record,
    header_record,
    key_bytes,
    tool_record,
    turn_record,
)
from agent_chaos.errors import RecordError
from agent_chaos.providers.registry import recognise
from agent_chaos.stream.exchange import Reply, Request


class CassetteWriter:
    """A recording being written; implements `Scribe`, thread-safe.

    What is given is redacted before it reaches the disk. Each call hands whole records to the operating system, so
    that a kill of this process loses none; `finish` puts the cassette in place at once, until then an earlier one stays.
    A disk that fails is reported by `finish`, not to the agent that is being recorded.

    Args:
        path: where the cassette is to lie; folders are made.
        header: its first record.
        redactor: by default the secrets of this process's environment.

    Raises:
        RecordError: the journal cannot be written, or another recording of this cassette is running.
    """

    def __init__(self, path: Path | str, header: Header, redactor: Redactor | None = None) -> None:
        self.path = Path(path)
        self.journal = journal_of(self.path)
        self._redactor = redactor or Redactor.from_environ(os.environ)
        # Re-entrant: `finish` calls `leave`, and `leave` `discard`, while they hold it.
        self._lock = RLock()
        self._turn = 0
        self._size = PREAMBLE_BYTES
        self._digest = hashlib.blake2b(digest_size=16)
        self._exchanges: list[IndexRow] = []
        self._tools: list[IndexRow] = []
        self._turns: list[IndexRow] = []
        self._failure: Exception | None = None
        self._carried_s = 0.0
        self._known: list[ToolRecord] = []
        self._marked: set[tuple[int, str]] = set()
        self._count = 0
        # Whether anything was paid for: an attempt that only failed leaves no journal behind.
        self._answered = False
        self._file = new_journal(self.journal)
        try:
            write(self._file, preamble(finished=False))
        except OSError as exc:
            raise RecordError(f"{self.journal} cannot be written: {exc.strerror or exc}") from None
        self._record(HEADER, lambda: header_record(header))

    @property
    def size(self) -> int:
        """Bytes written so far."""
        return self._size

    def __len__(self) -> int:
        """Exchanges written so far."""
        return len(self._exchanges)

    def exchange(self, request: Request, reply: Reply, *, at: float, transport: str) -> None:
        """Keeps an exchange of the running turn; of a credential exchange (OAuth) what it fetched is replaced."""
        with self._lock:
            self._answered = self._answered or (reply.head is not None and reply.ok)
            # Kept for all that follows: an agent may put the key of this request into a later prompt.
            self._redactor = self._redactor.learning(request, reply)
            kept, answer = self._redactor.request(request), self._redactor.reply(reply)
            protocol = recognise(kept)
            self._keep(
                Exchange(
                    index=len(self._exchanges),
                    turn=self._turn,
                    at=at + self._carried_s,
                    request=kept,
                    reply=answer,
                    keys=keys_of(kept),
                    protocol=protocol.name if protocol else "",
                    transport=transport,
                )
            )

    def tool(self, record: ToolRecord) -> None:
        """Keeps a tool call; its `index`, `turn` and `after` are derived from what was written, not read."""
        with self._lock:
            kept = self._redacted_tool(record)
            if not self._is_known(kept):
                self._keep_tool(replace(kept, turn=self._turn, at=kept.at + self._carried_s))

    def turn(self, mark: TurnMark) -> None:
        """Keeps a turn mark; what follows belongs to its turn."""
        with self._lock:
            self._turn = mark.turn
            text = self._redactor.text
            kept = replace(mark, input=text(mark.input), answer=text(mark.answer))
            if (mark.turn, mark.kind) not in self._marked:
                self._keep_turn(replace(kept, at=mark.at + self._carried_s))

    def carry(self, earlier: Cassette) -> None:
        """Puts an earlier cassette's records first, so that sites in old plans stay valid; keys of an old kind are renewed.

        A tool call or turn mark of this recording that the earlier one has too is not written twice.
        """
        with self._lock:
            fresh = earlier.header.key_version == KEY_VERSION
            for exchange in earlier.exchanges:
                self._keep(
                    exchange
                    if fresh
                    else replace(exchange, keys=keys_of(self._redactor.request(exchange.request)))
                )
            for record in earlier.tools:
                self._known.append(record)
                # As it is: its turn and time are those of the earlier recording.
                self._keep_tool(record)
            for mark in earlier.turns:
                self._keep_turn(mark)
            # What is recorded now comes after all that was: the order of records is the order of their times.
            ends = [exchange.at + exchange.reply.duration for exchange in earlier.exchanges]
            self._carried_s = max([*ends, *(record.at for record in earlier.tools)], default=0.0)

    def finish(self) -> Cassette:
        """Puts the cassette in its place and opens it. Raises RecordError where the disk failed; then nothing changed."""
        with self._lock:
            index = built(self._exchanges, self._tools, self._turns)
            # Before the failure is looked at, since the disk may fail at this very record.
            index_offset = self._record(INDEX, lambda: index_record(index))
            if self._failure is not None:
                raise RecordError(f"{self.path} was not written: {self._failure}; {self.leave()}") from None
            try:
                self._put_in_place(index_offset)
            except OSError as exc:
                raise RecordError(f"{self.path} was not written: {exc}; {self.leave()}") from None
        return open_cassette(self.path)

    def leave(self) -> str:
        """Stops before the end and says what was kept: the journal, where a provider gave an answer that was paid for."""
        with self._lock:
            if not self._answered:
                self.discard()
                return "nothing was kept"
            self._file.close()
            return f"keep what was recorded so far with 'agent-chaos cassette repair {self.journal}'"

    def discard(self) -> None:
        """Throws the recording away; an earlier cassette stays as it was."""
        with self._lock:
            self._file.close()
            self.journal.unlink(missing_ok=True)

    def _keep(self, exchange: Exchange) -> None:
        offset = self._record(EXCHANGE, lambda: exchange_record(exchange))
        self._exchanges.append(IndexRow(offset, exchange.at, key_bytes(exchange.keys)))

    def _keep_tool(self, record: ToolRecord) -> None:
        self._tools.append(IndexRow(self._record(TOOL, lambda: tool_record(record)), record.at))

    def _keep_turn(self, mark: TurnMark) -> None:
        self._marked.add((mark.turn, mark.kind))
        self._turns.append(IndexRow(self._record(TURN, lambda: turn_record(mark)), mark.at))

    def _redacted_tool(self, record: ToolRecord) -> ToolRecord:
        redactor = self._redactor
        return replace(
            record,
            arguments=redactor.value(record.arguments),
            end=replace(
                record.end, result=redactor.value(record.end.result), error=redactor.text(record.end.error)
            ),
        )

    def _is_known(self, record: ToolRecord) -> bool:
        """Whether the earlier cassette has this call; each of its calls answers once."""
        for known in self._known:
            if _outcome(known) == _outcome(record):
                self._known.remove(known)
                return True
        return False

    def _record(self, kind: int, make: Callable[[], bytes]) -> int:
        """Writes a record and gives its offset; after a failure nothing more is written."""
        offset = self._size
        if self._failure is None:
            try:
                data = framed(kind, make())
                write(self._file, data)
            except (OSError, ValueError, RecursionError) as exc:
                # Kept, not raised: the agent is in the middle of a call, and would take it for an error of
                # its provider.
                self._failure = exc
            else:
                self._size += len(data)
                # The digest is that of the content: it stays when only the index is made anew.
                if kind != INDEX:
                    self._digest.update(data)
                    self._count += 1
        return offset

    def _put_in_place(self, index_offset: int) -> None:
        """Footer, finished state, fsync, replace, fsync of the folder: in this order a crash leaves old or new, whole."""
        write(self._file, footer(index_offset, self._count, self._digest.digest()))
        os.fsync(self._file.fileno())
        self._file.seek(0)
        write(self._file, preamble(finished=True))
        os.fsync(self._file.fileno())
        self._file.close()
        os.replace(self.journal, self.path)
        sync_folder(self.path.parent)


def _outcome(record: ToolRecord) -> tuple[object, ...]:
    return record.name, record.arguments, record.end
