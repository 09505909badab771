"""Puts every patch in place, once per process. All are inert until a run is active."""

from __future__ import annotations

import logging
import os

from agent_chaos.patch import (
    aiohttp_wire,
    chance,
    clock,
    guard,
    httpx_transport,
    loops,
    requests_adapter,
    threads,
    tls,
)

PLACEHOLDER = "agent-chaos-placeholder-key"
"""Value of key variables that are absent; the SDKs refuse to be built without one."""

KEY_VARIABLES = (
    "ANTHROPIC_API_KEY",
    "OPENAI_API_KEY",
    "GEMINI_API_KEY",
    "GOOGLE_API_KEY",
    "AZURE_OPENAI_API_KEY",
    "GROQ_API_KEY",
    "MISTRAL_API_KEY",
    "OPENROUTER_API_KEY",
    "DEEPSEEK_API_KEY",
    "TOGETHER_API_KEY",
    "FIREWORKS_API_KEY",
    "XAI_API_KEY",
    "CEREBRAS_API_KEY",
    "PERPLEXITY_API_KEY",
)

_PROXIES = ("http_proxy", "https_proxy", "all_proxy")


def install() -> None:
    """Patches clocks, loops, chance, threads and transports; for recording as for replay."""
    clock.install()
    loops.install()
    chance.install()
    threads.install()
    for stack in (httpx_transport, aiohttp_wire, requests_adapter):
        stack.install()


def install_offline() -> None:
    """`install`, and what only an offline process may do: the guard, placeholder keys, cached TLS contexts.

    Call it before the target is imported: `client = OpenAI()` at module level is normal.
    """
    install()
    guard.install()
    tls.install()
    for name in KEY_VARIABLES:
        if not os.environ.get(name):  # CI sets an absent secret to nothing
            os.environ[name] = PLACEHOLDER
    for name in _PROXIES:
        os.environ.pop(name, None)
        os.environ.pop(name.upper(), None)
    logging.getLogger("google_genai._api_client").addFilter(_not_about_two_keys)


def _not_about_two_keys(record: logging.LogRecord) -> bool:
    return "GOOGLE_API_KEY and GEMINI_API_KEY" not in record.getMessage()
