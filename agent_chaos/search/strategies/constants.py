"""Keeps Hypothesis from drawing numbers that it found in the user's modules."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from hypothesis.internal.conjecture import providers
from hypothesis.internal.constants_ast import Constants


@contextmanager
def no_local_constants() -> Iterator[None]:
    """While it lasts, which of the user's modules are loaded does not decide what is drawn.

    Hypothesis tries the literals of local source files, and has no setting for it. With them, a seed would mean other
    plans beside another scenario, or under pytest. A release that looks for them elsewhere is left alone.
    """
    # Both names are private (hypothesis/internal/conjecture/providers.py), so that a release without them
    # must not break a search.
    if not hasattr(providers, "_get_local_constants") or not hasattr(providers, "CONSTANTS_CACHE"):
        yield
        return
    providers.CONSTANTS_CACHE.cache.clear()
    try:
        with patch.object(providers, "_get_local_constants", Constants):
            yield
    finally:
        providers.CONSTANTS_CACHE.cache.clear()
