"""Tools of Simon Willison's `llm`: functions in `Tool.implementation`."""

from __future__ import annotations

import functools
from types import ModuleType
from typing import Any

from agent_chaos.patch.frameworks.held_functions import only, seen

MODULE = "llm.models"

_STOPS = ("PauseChain", "CancelToolCall")


def patch(module: ModuleType) -> None:
    """Puts the seam into functions as they become tools, below the error text for their failure."""
    kind: Any = vars(module)["Tool"]
    real = kind.__post_init__

    @functools.wraps(real)
    def made(self: Any) -> None:
        real(self)
        declared = only(lambda: self.input_schema.get("properties", {}))
        self.implementation = seen(self.implementation, lambda: str(self.name), hidden=declared, stops=_STOPS)

    kind.__post_init__ = made
