"""Small cassettes made for tests."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from agent_chaos.cassette.model import Cassette, Header, ToolEnd, ToolRecord, TurnMark
from agent_chaos.cassette.redaction.redactor import Redactor
from agent_chaos.cassette.storage.writer import CassetteWriter
from agent_chaos.stream.exchange import Abort, Data, End, Head, Reply, Request, reply

HEADER = Header(
    scenario="made", started_at=1_763_900_000.0, seed=7, versions={"anthropic": "2.12.0"}, turns=1
)
NO_SECRETS = Redactor.from_environ({})
SSE = (("content-type", "text/event-stream"),)


def asking(text: str, **fields: Any) -> Request:
    """A request of the Anthropic Messages API."""
    message = {"role": "user", "content": text}
    body = {"model": "claude-opus-4-8", "max_tokens": 64, "messages": [message], **fields}
    headers = (("content-type", "application/json"), ("anthropic-version", "2023-06-01"))
    return Request("POST", "https://api.anthropic.com/v1/messages", headers, json.dumps(body).encode())


def answering(*frames: bytes) -> Reply:
    return reply(200, SSE, frames or (b"data: 1\n\n", b"data: 2\n\n"), at=0.5, gap_s=0.25)


BROKEN = Reply(
    (Head(200, SSE, 0.5, "OK"), Data(b"data: 1\n\n", 0.75), Abort("reset", 0.8, "Connection reset"))
)
REFUSED = Reply((Abort("refused", 0.1, "All connection attempts failed"),))
EMPTY = Reply((Head(204, (), 0.1, "No Content"), End(0.1)))


def filled(writer: CassetteWriter) -> CassetteWriter:
    """Two turns with every kind of record."""
    writer.turn(TurnMark(0, 0.0, "Refund order 7."))
    writer.exchange(asking("Refund order 7."), answering(), at=0.1, transport="httpx2")
    writer.tool(
        ToolRecord(
            0, 0, 2.0, "refund", {"order": 7, "why": "broken \ud83d"}, ToolEnd({"paid": 15.0}), pure=True
        )
    )
    writer.exchange(asking("Refund it."), BROKEN, at=3.0, transport="httpx2")
    writer.turn(TurnMark(0, 4.0, "Refund order 7.", "end", "Done."))
    writer.turn(TurnMark(1, 5.0, "Thanks."))
    writer.tool(
        ToolRecord(0, 1, 5.5, "notify", [1, None], ToolEnd(None, "app.MailError", "no such address"), 0.25)
    )
    writer.exchange(asking("Thanks."), REFUSED, at=6.0, transport="aiohttp")
    writer.exchange(asking("Thanks!"), EMPTY, at=7.0, transport="aiohttp")
    return writer


def writer_at(path: Path) -> CassetteWriter:
    return CassetteWriter(path, HEADER, NO_SECRETS)


def cassette_at(path: Path) -> Cassette:
    return filled(writer_at(path)).finish()
