"""Tools of Semantic Kernel: methods of plugins. The model knows them by the names of both, as `Shop-refund`."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from agent_chaos.patch.frameworks.held_functions import sees

MODULE = "semantic_kernel.functions.kernel_function_from_method"

_INJECTED = ("kernel", "service", "execution_settings", "arguments")


def patch(module: ModuleType) -> None:
    """Puts the seam into the method, below the filters and the error result for its failure."""
    kind: Any = vars(module)["KernelFunctionFromMethod"]
    sees(
        kind,
        # Private: the public `invoke` runs filters around it, which are the agent's own code.
        "_invoke_internal",
        "method",
        lambda function: str(function.fully_qualified_name),
        hidden=lambda function: lambda name, value: name in _INJECTED,
    )
