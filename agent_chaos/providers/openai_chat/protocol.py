"""Chat Completions as OpenAI serves them, and Azure and the many compatible hosts."""

from __future__ import annotations

from collections.abc import Iterable

from agent_chaos.providers.chat_completions.protocol import ChatCompletions
from agent_chaos.providers.json_values import fields
from agent_chaos.providers.openai_chat import errors, rules
from agent_chaos.providers.openai_chat.specifics import SPECIFICS
from agent_chaos.providers.rules import PriorExchange, Problem
from agent_chaos.providers.turn import ErrorKind
from agent_chaos.stream.exchange import Reply, Request


class OpenAIChat(ChatCompletions):
    """`…/chat/completions` on any host that has no protocol of its own."""

    name = "openai_chat"
    vendor = "openai"
    url = "https://api.openai.com/v1/chat/completions"
    counts_on_request = True
    carries = frozenset(
        {
            "call_ids",
            "tool_stop",
            "opening_event",
            "retry_after",
            "filters",
            "call_fragments",
            "call_indexes",
            "indexed_pieces",
            "done",
        }
    )
    key_variables = (
        "OPENAI_API_KEY",
        "AZURE_OPENAI_API_KEY",
        "GROQ_API_KEY",
        "OPENROUTER_API_KEY",
        "DEEPSEEK_API_KEY",
        "TOGETHER_API_KEY",
        "FIREWORKS_API_KEY",
        "XAI_API_KEY",
        "CEREBRAS_API_KEY",
        "PERPLEXITY_API_KEY",
    )
    modules = ("openai",)
    specifics = SPECIFICS

    def constrains(self, request: Request) -> bool:
        form = fields(fields(request.json).get("response_format"))
        strict = fields(form.get("json_schema")).get("strict") is True
        # Elsewhere the same request is a wish: compatible servers take the field and may answer with any
        # text.
        return request.host == "api.openai.com" and form.get("type") == "json_schema" and strict

    def error_reply(self, kind: ErrorKind, like: Request, *, retry_after_s: int | None = None) -> Reply:
        """The HTTP error for a request; `retry-after` (and `-ms`) where it is asked for."""
        return errors.error_reply(kind, like, retry_after_s)

    def error_frames(self, kind: ErrorKind, like: Reply) -> bytes:
        """An error chunk, then `[DONE]`; as OpenRouter sends it in a stream of OpenRouter."""
        return errors.error_frames(kind, self.parse(like))

    def problems(self, request: Request, served: PriorExchange) -> Iterable[Problem]:
        return rules.problems(request, served)

    def noise(self) -> tuple[bytes, ...]:
        """Comments, as OpenRouter and DeepSeek send them; the provider itself sends none."""
        return b": OPENROUTER PROCESSING\n\n", b": keep-alive\n\n"


PROTOCOL = OpenAIChat()
