"""How an agent is called: with the run's context and the turn's input, or with the input alone."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

Agent = Callable[..., Any]
"""`(ctx, turn_input)` or `(turn_input)` `-> str | dict with "response" | Any`, sync or async; or a class of such callables."""


def takes_context(agent: Agent) -> bool:
    """Whether an agent is called as `agent(ctx, turn_input)`; one that takes a single value gets the input alone.

    Raises:
        ValueError: it can be called neither way.
    """
    try:
        taken = inspect.signature(agent.__call__ if inspect.isclass(agent) else agent)
    except (TypeError, ValueError):
        # Callables written in C may have no signature.
        return True
    # Of a class, its instances are called.
    itself = (None,) if inspect.isclass(agent) else ()
    # With two values first: one that takes a default for its second is called with context and input.
    for values in ((None, None), (None,)):
        try:
            # By binding, which knows of defaults, `*args` and keyword-only parameters what counting would
            # miss.
            taken.bind(*itself, *values)
        except TypeError:
            continue
        return len(values) == 2
    raise ValueError(
        f"an agent is called as agent(ctx, turn_input) or agent(turn_input), which {_named(agent)}{taken} does not take"
    )


def _named(agent: Agent) -> str:
    return getattr(agent, "__qualname__", type(agent).__qualname__)
