"""Hosts that answer for models, whatever path is asked for: there, embeddings, files and lists are a run's traffic, too."""

from __future__ import annotations

import re

_HOSTS = frozenset(
    {
        "api.anthropic.com",
        "api.openai.com",
        "generativelanguage.googleapis.com",
        "api.mistral.ai",
        "codestral.mistral.ai",
        "api.cohere.com",
        "api.cohere.ai",
        "api.groq.com",
        "openrouter.ai",
        "api.deepseek.com",
        "api.together.xyz",
        "api.together.ai",
        "api.fireworks.ai",
        "api.x.ai",
        "api.cerebras.ai",
        "api.perplexity.ai",
        "router.huggingface.co",
        "api-inference.huggingface.co",
        "api.replicate.com",
        "api.voyageai.com",
        "api.jina.ai",
        "api.moonshot.ai",
        "dashscope-intl.aliyuncs.com",
        "ollama.com",
    }
)

_PATTERN = re.compile(
    r"(bedrock(-agent)?-runtime(-fips)?\.[a-z0-9-]+\.amazonaws\.com(\.cn)?"
    r"|([a-z0-9-]+-)?aiplatform\.googleapis\.com"
    r"|([a-z]{2,3}\.)?api\.openai\.com"
    r"|[a-z0-9-]+\.openai\.azure\.com"
    r"|[a-z0-9-]+\.services\.ai\.azure\.com"
    r"|[a-z0-9-]+\.cognitiveservices\.azure\.com)"
)


def is_model_host(host: str) -> bool:
    """Whether a host, in lower case and without port, is known to answer for models."""
    return host in _HOSTS or _PATTERN.fullmatch(host) is not None
