"""Functions that google-genai calls for a model by itself (automatic function calling)."""

from __future__ import annotations

import functools
from types import ModuleType
from typing import Any

from agent_chaos.patch.frameworks.held_functions import seen

# Private: the SDK has no public place between what a model asks for and the function.
MODULE = "google.genai._extra_utils"


def patch(module: ModuleType) -> None:
    """Puts the seam into the function, below the SDK's own error for its failure."""
    # In the module itself: the SDK's loops look both up there at each call, and the async one runs plain
    # functions through the first, in a thread (seen in 3.6).
    for name in ("invoke_function_from_dict_args", "invoke_function_from_dict_args_async"):
        vars(module)[name] = _seeing(vars(module)[name])


def _seeing(real: Any) -> Any:
    @functools.wraps(real)
    def invoke(args: Any, function_to_invoke: Any) -> Any:
        # The SDK reads annotations off the function to convert arguments, which `functools.wraps` lets it
        # find on the wrapper.
        return real(args, seen(function_to_invoke, lambda: str(function_to_invoke.__name__)))

    return invoke
