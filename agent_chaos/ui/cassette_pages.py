"""The pages about recordings: their list, one as a conversation, one call as its bytes, and two beside each other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from agent_chaos.cassette.model import Cassette
from agent_chaos.cassette.summary import call_line, summarise
from agent_chaos.errors import AgentChaosError
from agent_chaos.ui.cassette_folder import MOST_CASSETTES, CassetteFolder
from agent_chaos.ui.cassettes_compared import conversations_compared
from agent_chaos.ui.recorded import (
    CALLS_ON_A_PAGE,
    CHUNKS_SHOWN,
    chunks,
    replied,
    requested,
    scenes,
    tree_rows,
)
from agent_chaos.ui.replaced import replaced

_LOOKED_THROUGH = 200
"""Recordings of more calls are not looked through for secrets while somebody waits for the page."""
Page = Callable[..., Response]
"""Renders a template with values, as `ui.app` does for every page."""


class CassettePages:
    """The pages about the cassettes of one folder."""

    def __init__(self, root: Path, page: Page) -> None:
        self._folder = CassetteFolder(root)
        self._page = page

    def routes(self) -> list[BaseRoute]:
        """What is answered; the first that fits counts."""
        return [
            Route("/cassettes", self.every),
            # Before the path that fits every name.
            Route("/cassettes/diff", self.compared),
            Route("/cassettes/{file:path}/calls/{call}", self.call),
            Route("/cassettes/{file:path}", self.one),
        ]

    def every(self, request: Request) -> Response:
        rows = self._folder.rows()
        return self._page("cassettes.html", rows=rows, cassettes=str(self._folder.root), most=MOST_CASSETTES)

    def one(self, request: Request) -> Response:
        file = request.path_params["file"]
        try:
            cassette = self._folder.opened(file)
            if cassette is None:
                return self._missing(file)
            return self._page(
                "cassette.html",
                file=file,
                **self._values(file, cassette, _number(request.query_params.get("from", "")) or 0),
            )
        except AgentChaosError as exc:
            return self._page("unreadable.html", status=422, file=file, problem=str(exc))

    def call(self, request: Request) -> Response:
        file, named = request.path_params["file"], request.path_params["call"]
        try:
            cassette, number = self._folder.opened(file), _number(named)
            if cassette is None or number is None or number >= len(cassette.exchanges):
                return self._missing(f"{file}, call {named}")
            exchange = cassette.exchanges[number]
            return self._page(
                "call.html",
                file=file,
                exchange=exchange,
                line=call_line(exchange),
                calls=len(cassette.exchanges),
                asked=requested(exchange),
                replied=replied(exchange),
                chunks=chunks(exchange),
                more=max(0, len(exchange.reply.events) - CHUNKS_SHOWN),
            )
        except AgentChaosError as exc:
            return self._page("unreadable.html", status=422, file=file, problem=str(exc))

    def compared(self, request: Request) -> Response:
        names = [request.query_params.get(name, "") for name in ("before", "after")]
        try:
            before, after = (self._folder.opened(name) for name in names)
            if before is None or after is None:
                return self._missing(" and ".join(name or "(none chosen)" for name in names))
            rows = conversations_compared(before, after)
            return self._page("cassette_diff.html", before=names[0], after=names[1], rows=rows)
        except AgentChaosError as exc:
            return self._page("unreadable.html", status=422, file=" and ".join(names), problem=str(exc))

    def _values(self, file: str, cassette: Cassette, first: int) -> dict[str, object]:
        first = min(first, max(0, len(cassette.exchanges) - 1))
        return {
            "header": cassette.header,
            "summary": summarise(cassette),
            "scenes": scenes(cassette, first),
            "tree": tree_rows(cassette),
            "secrets": self._folder.secrets(file) if len(cassette.exchanges) <= _LOOKED_THROUGH else [],
            "looked_through": len(cassette.exchanges) <= _LOOKED_THROUGH,
            "replaced": replaced(cassette),
            "first": first,
            "last": min(first + CALLS_ON_A_PAGE, len(cassette.exchanges)) - 1,
            "on_a_page": CALLS_ON_A_PAGE,
            "others": [name for name in self._folder.names() if name != file],
        }

    def _missing(self, what: str) -> Response:
        return self._page("missing.html", status=404, what=f"cassette {what}")


def _number(written: str) -> int | None:
    # Of so many digits that no page has a number of them, Python reads more than four thousand only on request.
    return int(written) if written.isascii() and written.isdigit() and len(written) < 10 else None
