"""Docstrings as the catalogues tell them."""

from __future__ import annotations

import inspect


def docstring_parts(documented: object) -> tuple[str, str]:
    """A docstring as what it says and the source it names, each as one paragraph."""
    text = " ".join((inspect.getdoc(documented) or "").split())
    does, _, source = text.partition("Source: ")
    return does.rstrip(), source.rstrip(".")
