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
    """What OpenAI or Gemini sends for the texts of a request; None where the path asks for something else."""
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


def _text(request: dict[str, Any]) -> str:
    return " ".join(part["text"] for part in request["content"]["parts"])


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()


TEXTS = ("Returns are free.", "Shipping to Norway costs 12 EUR.", "Gift cards never expire.")


def asked_and_given(spelling: str) -> tuple[str, bytes, bytes]:
    """A URL, what is asked there and what comes back: `base64` or `floats` from OpenAI, `batch` or `single` from Gemini."""
    if spelling in ("base64", "floats"):
        body: dict[str, Any] = {"model": "text-embedding-3-small", "input": TEXTS}
        body |= {"encoding_format": "base64"} if spelling == "base64" else {}
        url = "https://api.openai.com/v1/embeddings"
    else:
        asked = [{"content": {"parts": [{"text": text}]}} for text in TEXTS]
        verb, body = (
            ("batchEmbedContents", {"requests": asked}) if spelling == "batch" else ("embedContent", asked[0])
        )
        url = f"https://generativelanguage.googleapis.com/v1beta/models/gemini-embedding-001:{verb}"
    given = embeddings(url, body)
    assert given is not None
    return url, _json(body), given
