"""What tools are given and what they give: as JSON, which recordings hold, and back in the types of their functions."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

from pydantic import PydanticUserError, TypeAdapter
from pydantic_core import PydanticSerializationError, to_jsonable_python

from agent_chaos.errors import HarnessError
from agent_chaos.providers.json_values import compact
from agent_chaos.runtime.tape import words_of


def jsonable(value: Any) -> Any:
    """A JSON value for tool arguments and results; objects JSON cannot hold become their `str`."""
    try:
        return to_jsonable_python(value, fallback=words_of, bytes_mode="base64", inf_nan_mode="strings")
    except (PydanticSerializationError, ValueError, RecursionError) as exc:
        raise HarnessError(
            f"a value that a tool or the agent gave cannot be kept as JSON: {exc}; give texts, numbers, lists and dictionaries"
        ) from None


def typed(fn: Callable[..., Any], value: Any) -> Any:
    """The JSON value in the type the function says it returns, where pydantic can build that type; as text for text."""
    adapter = _adapter(fn)
    if adapter is None:
        return value
    try:
        return adapter.validate_python(value)
    except ValueError:
        # A function that returns text may have been recorded below its framework, or by a fault, as an
        # object.
        return compact(value) if adapter.core_schema["type"] == "str" else value


# To build an adapter takes longer than most tools do.
@functools.lru_cache(maxsize=512)
def _adapter(fn: Callable[..., Any]) -> TypeAdapter[Any] | None:
    try:
        # Of the innermost function: decorators that keep no annotations are usual.
        returns = inspect.get_annotations(inspect.unwrap(fn), eval_str=True).get("return")
        return None if returns in (None, Any) else TypeAdapter(returns)
    # Annotations may name what is imported for type checkers only, or what pydantic cannot build.
    except (NameError, TypeError, AttributeError, SyntaxError, PydanticUserError):
        return None
