"""The stand-in's embeddings: a vector of word counts for each text, so that texts which share words are near."""

from __future__ import annotations

import json
import math
import re
from base64 import b64encode
from hashlib import blake2b
from struct import pack
from typing import Any

DIMENSION = 64


def vector_of(text: str) -> list[float]:
    """The vector of a text, of length 1."""
    counts = [0.0] * DIMENSION
    for word in re.findall(r"\w+", text.lower()):
        counts[blake2b(word.encode(), digest_size=1).digest()[0] % DIMENSION] += 1
    length = math.sqrt(sum(count * count for count in counts)) or 1.0
    return [round(count / length, 6) for count in counts]


def embeddings(path: str, body: dict[str, Any]) -> bytes | None:
    """What a provider sends for the texts of a request; None where the path asks for something else."""
    if path.endswith("/api/embed"):
        return _ollama(body)
    if path.endswith("/v2/embed"):
        return _cohere(body)
    if path.endswith(":predict"):
        return _vertex(body)
    if path.endswith("/embeddings"):
        return _openai(body)
    if path.endswith(":batchEmbedContents"):
        return _json({"embeddings": [{"values": vector_of(_text(one))} for one in body["requests"]]})
    return (
        _json({"embedding": {"values": vector_of(_text(body))}}) if path.endswith(":embedContent") else None
    )


def _openai(body: dict[str, Any]) -> bytes:
    texts = [body["input"]] if isinstance(body["input"], str) else body["input"]
    vectors = [vector_of(text) for text in texts]
    held: list[Any] = vectors
    if body.get("encoding_format") == "base64":
        held = [b64encode(pack(f"<{DIMENSION}f", *vector)).decode() for vector in vectors]
    data = [{"object": "embedding", "index": at, "embedding": one} for at, one in enumerate(held)]
    tokens = sum(len(text.split()) for text in texts)
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    return _json({"object": "list", "data": data, "model": body["model"], "usage": usage})


def _ollama(body: dict[str, Any]) -> bytes:
    texts = [body["input"]] if isinstance(body["input"], str) else body["input"]
    vectors = [vector_of(text) for text in texts]
    spent = {"total_duration": 14_143_917, "load_duration": 1_019_500, "prompt_eval_count": 8}
    return _json({"model": body["model"], "embeddings": vectors, **spent})


def _cohere(body: dict[str, Any]) -> bytes:
    texts = body["texts"]
    billed = {"input_tokens": sum(len(text.split()) for text in texts)}
    return _json(
        {
            "id": "da6e531f-54c5-4a73-bf92-f60566d8d753",
            "embeddings": {"float": [vector_of(text) for text in texts]},
            "texts": texts,
            "meta": {"api_version": {"version": "2"}, "billed_units": billed},
            "response_type": "embeddings_by_type",
        }
    )


def _vertex(body: dict[str, Any]) -> bytes:
    texts = [one["content"] for one in body["instances"]]
    counts = [{"token_count": len(text.split()), "truncated": False} for text in texts]
    made = [
        {"embeddings": {"values": vector_of(text), "statistics": count}}
        for text, count in zip(texts, counts, strict=True)
    ]
    return _json({"predictions": made, "metadata": {"billableCharacterCount": sum(map(len, texts))}})


def _text(request: dict[str, Any]) -> str:
    return " ".join(part["text"] for part in request["content"]["parts"])


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()


TEXTS = ("Returns are free.", "Shipping to Norway costs 12 EUR.", "Gift cards never expire.")


_PROJECT = "projects/p/locations/us-central1/publishers/google/models"
_OTHERS: dict[str, tuple[str, dict[str, Any]]] = {
    "ollama": (
        "http://localhost:11434/api/embed",
        {"model": "all-minilm", "input": TEXTS},
    ),
    "cohere": (
        "https://api.cohere.com/v2/embed",
        {
            "model": "embed-v4.0",
            "texts": TEXTS,
            "input_type": "search_document",
            "embedding_types": ["float"],
        },
    ),
    "vertex": (
        f"https://us-central1-aiplatform.googleapis.com/v1/{_PROJECT}/text-embedding-005:predict",
        {"instances": [{"content": text} for text in TEXTS]},
    ),
}


def asked_and_given(spelling: str) -> tuple[str, bytes, bytes]:
    """A URL, what is asked there and what comes back.

    `base64` or `floats` from OpenAI, `batch` or `single` from Gemini, else from the provider that is named.
    """
    own = _asked_of_openai if spelling in ("base64", "floats") else _asked_of_gemini
    url, body = _OTHERS.get(spelling) or own(spelling)
    given = embeddings(url, body)
    assert given is not None
    return url, _json(body), given


def _asked_of_openai(spelling: str) -> tuple[str, dict[str, Any]]:
    body = {"model": "text-embedding-3-small", "input": TEXTS}
    form = {"encoding_format": "base64"} if spelling == "base64" else {}
    return "https://api.openai.com/v1/embeddings", body | form


def _asked_of_gemini(spelling: str) -> tuple[str, dict[str, Any]]:
    asked = [{"content": {"parts": [{"text": text}]}} for text in TEXTS]
    verb, body = (
        ("batchEmbedContents", {"requests": asked}) if spelling == "batch" else ("embedContent", asked[0])
    )
    return f"https://generativelanguage.googleapis.com/v1beta/models/gemini-embedding-001:{verb}", body
