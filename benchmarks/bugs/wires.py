"""What every wire of the desk shares: the question, its limits, and names for the ways in which a provider fails."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import anthropic
import httpx2
import openai
from google.genai import errors as genai_errors

from benchmarks.bugs.desk import Failed

ASKED = "I sent back order A-17. Please refund what I paid."
TIMEOUT_S = 30.0
REPLY_S = 60.0
_EXPECTED = (
    anthropic.APIError,
    openai.APIError,
    genai_errors.APIError,
    httpx2.HTTPError,
    ValueError,
    AssertionError,
    AttributeError,
    IndexError,
    KeyError,
    TypeError,
    RuntimeError,
)
_SPENT = re.compile(r"insufficient_quota|spend_limit|PerDay", re.IGNORECASE)
"""A 429 that no wait helps against."""
Now = Callable[[], float]


def failure(problem: Exception) -> Failed:
    """What went wrong. Raises what is none of the ways in which a provider fails."""
    if not isinstance(problem, _EXPECTED):
        raise problem
    if isinstance(problem, (anthropic.APITimeoutError, openai.APITimeoutError, httpx2.TimeoutException)):
        return Failed("timeout")
    if isinstance(problem, (anthropic.APIConnectionError, openai.APIConnectionError, httpx2.TransportError)):
        return Failed("connection")
    status = getattr(problem, "status_code", None) or getattr(problem, "code", None)
    if not isinstance(status, int):
        return Failed("in_band" if type(problem) is openai.APIError else "broken")
    spent = status == 429 and _SPENT.search(f"{problem} {getattr(problem, 'code', '')}") is not None
    return Failed("refused" if spent else _what(status), _ordered_s(problem))


def _what(status: int) -> Any:
    if status == 429:
        return "rate_limit"
    if status in (408, 409) or status >= 500:
        return "server"
    if status >= 400:
        return "refused"
    return "in_band" if status == 200 else "broken"


def _ordered_s(problem: Exception) -> float:
    """Seconds that the provider wants to be left alone; 0 where it does not say."""
    headers = getattr(getattr(problem, "response", None), "headers", None) or {}
    delay = re.search(r"'retryDelay': '([0-9.]+)s'", str(getattr(problem, "details", "")))
    try:
        return float(headers.get("retry-after", delay[1] if delay else 0))
    except ValueError:
        return 0.0
