"""Chat Completions as Mistral serves them (`api.mistral.ai`): tool calls come whole, with ids of nine letters and digits.

https://docs.mistral.ai/api. Requests that Azure or Google pass on to its models speak to other hosts, as `openai_chat`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from agent_chaos.providers.chat_completions.protocol import ChatCompletions
from agent_chaos.providers.mistral import errors, rules
from agent_chaos.providers.mistral.specifics import SPECIFICS
from agent_chaos.providers.protocol import Specificity
from agent_chaos.providers.rules import PriorExchange, Problem
from agent_chaos.providers.turn import ErrorKind
from agent_chaos.stream.exchange import Reply, Request

_HOST = re.compile(r"([a-z0-9-]+\.)?mistral\.ai")
_PATHS = ("/chat/completions", "/agents/completions", "/fim/completions")


class Mistral(ChatCompletions):
    """`POST /v1/chat/completions` and what answers alike, on Mistral's own hosts."""

    name = "mistral"
    vendor = "mistral"
    url = "https://api.mistral.ai/v1/chat/completions"
    # Mistral sends the counts with the last chunk unasked, and answers fields that it does not know with 422.
    counts_on_request = False
    specificity = Specificity.HOST
    carries = frozenset({"call_ids", "call_indexes", "tool_stop", "opening_event", "retry_after", "done"})
    key_variables = ("MISTRAL_API_KEY",)
    modules = ("mistralai",)
    specifics = SPECIFICS

    def recognise(self, request: Request) -> bool:
        """A POST to a completion on one of Mistral's hosts."""
        known = _HOST.fullmatch(request.host.lower()) and request.path.rstrip("/").endswith(_PATHS)
        return bool(known) and request.method.upper() == "POST"

    def error_reply(self, kind: ErrorKind, like: Request, *, retry_after_s: int | None = None) -> Reply:
        """The HTTP error for a request, with `retry-after` where it is asked for."""
        return errors.error_reply(kind, like, retry_after_s)

    def error_frames(self, kind: ErrorKind, like: Reply) -> bytes:
        """The error as an event; nothing follows it."""
        return errors.error_frames(kind)

    def problems(self, request: Request, served: PriorExchange) -> Iterable[Problem]:
        return rules.problems(request)

    def noise(self) -> tuple[bytes, ...]:
        """A comment, as gateways before it send one to keep a connection open."""
        return (b": keep-alive\n\n",)


PROTOCOL = Mistral()
