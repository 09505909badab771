"""Requests that have a provider count the tokens of a prompt, and get a number instead of a model's words."""

from __future__ import annotations

import re

from agent_chaos.stream.exchange import Request

_COUNTS = re.compile(r"(/responses/input_tokens|/messages/count_tokens|:countTokens)$")
"""OpenAI Responses, Anthropic Messages and Gemini, as their API references name them."""


def counts_tokens(request: Request) -> bool:
    """Whether a request only counts."""
    return bool(_COUNTS.search(request.path.partition("?")[0]))
