"""Tools of smolagents: whatever a `Tool` does when it is called, from a tool call as from the model's code."""

from __future__ import annotations

import functools
from types import ModuleType
from typing import Any

from agent_chaos.patch.frameworks.seam import no_tool, sync_tool

MODULE = "smolagents.tools"

_ANSWER = "final_answer"
"""The tool by which an agent answers; it does nothing else."""


def patch(module: ModuleType) -> None:
    """Puts the seam under `Tool.__call__`, so that smolagents tells the model of failures as it does."""
    kind: Any = module.Tool
    real = kind.__call__

    @functools.wraps(real)
    def call(self: Any, *args: Any, sanitize_inputs_outputs: bool = False, **kwargs: Any) -> Any:
        run = functools.partial(real, self, *args, sanitize_inputs_outputs=sanitize_inputs_outputs, **kwargs)
        if self.name == _ANSWER:
            no_tool(_ANSWER)
            return run()

        def revive(value: Any) -> Any:
            # smolagents makes its own types (`AgentText`, `AgentImage`) only where it is asked to.
            typed = sanitize_inputs_outputs
            return vars(module)["handle_agent_output_types"](value, self.output_type) if typed else value

        return sync_tool(self.forward, self.name, _asked(self, args, kwargs), run, revive=revive)

    kind.__call__ = call


def _asked(tool: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    # As `Tool.__call__` reads a dictionary that comes alone: as the arguments by name.
    if len(args) == 1 and not kwargs and isinstance(args[0], dict) and args[0].keys() <= tool.inputs.keys():
        return args[0]
    return {**dict(zip(tool.inputs, args, strict=False)), **kwargs}
