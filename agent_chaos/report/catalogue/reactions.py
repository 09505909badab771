"""How the SDKs of the providers take each fault, with their own defaults: measured, and kept beside this file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

SDKS = {
    "anthropic": "Anthropic",
    "openai chat": "OpenAI, chat",
    "openai responses": "OpenAI, responses",
    "google-genai": "google-genai",
    "openai embeddings": "OpenAI, embeddings",
    "google-genai embeddings": "google-genai, embeddings",
}
"""The clients that were measured, by their name in the file."""


@dataclass(frozen=True, slots=True)
class Reaction:
    """What each SDK does with a fault at every place it can act; `at` says which parameters, and whole or streamed."""

    at: str
    by_sdk: dict[str, str]


def reactions(kind: str) -> tuple[Reaction, ...]:
    """The measured reactions to a fault, equal ones told once; none for faults that no SDK sees, as those of tools."""
    rows: dict[str, list[tuple[str, str]]] = {}
    for written, forms in _measured()["faults"].get(kind, {}).items():
        same = len(forms) == 2 and forms["whole"] == forms["streamed"]
        for form, row in list(forms.items())[: 1 if same else 2]:
            rows.setdefault(json.dumps(row), []).append((_choice(written), "" if same else form))
    return tuple(Reaction(at=_at(places), by_sdk=json.loads(row)) for row, places in rows.items())


def measured_with() -> Mapping[str, str]:
    """The releases of the SDKs that were measured, by distribution."""
    return dict(_measured()["sdks"])


@cache
def _measured() -> dict[str, Any]:
    return dict(json.loads(Path(__file__).with_name("reactions.json").read_text(encoding="utf-8")))


def _choice(written: str) -> str:
    return written.partition("(")[2].removesuffix(")")


def _at(places: list[tuple[str, str]]) -> str:
    """The parameters and forms that have one reaction, in words: `shape="null"; shape="list", streamed`."""
    forms = dict.fromkeys(form for _, form in places)
    told = [
        ", ".join(
            filter(None, (" or ".join(filter(None, (one for one, its in places if its == form))), form))
        )
        for form in forms
    ]
    return "; ".join(filter(None, told)) or "every reply"
