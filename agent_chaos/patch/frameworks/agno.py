"""Tools of Agno: the entry points of its functions."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from agent_chaos.patch.frameworks.held_functions import only, sees

MODULE = "agno.tools.function"

_STOPS = ("AgentRunException", "RunCancelledException")


def patch(module: ModuleType) -> None:
    """Puts the seam into the entry point, below Agno's hooks and its error result for a failure."""
    kind: Any = vars(module)["FunctionCall"]
    # A call is made anew for every tool call, and its function is shared by them: what is exchanged is the
    # function's.
    for method in ("execute", "aexecute"):
        sees(
            kind,
            method,
            "entrypoint",
            lambda call: str(call.function.name),
            holder=lambda call: call.function,
            hidden=lambda call: only(lambda: call.function.parameters.get("properties", {})),
            stops=_STOPS,
        )
