"""The page of the Python API, read from signatures and docstrings."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

import agent_chaos
from agent_chaos import scenario
from docs.reference.markdown import WRITTEN, prose

_ASSERTIONS = [name for name in dir(scenario) if name.startswith(("Max", "Min", "Turn", "Completes", "All"))]
_ASSERTIONS += ["ExpectError", "RecoveredAfterFailure", "TokenBurstDetection"]
_BUILDER: tuple[str, ...] = (
    "on_call",
    "after_calls",
    "on_turn",
    "after_turns",
    "between_turns",
    "with_probability",
)
_BUILDER += ("for_provider", "for_tool", "attempts", "always", "at")


def python_page() -> str:
    """Everything `agent_chaos` exports, the assertions, and when a fault of the DSL strikes."""
    from agent_chaos.chaos.builder import Chaos

    lines = [WRITTEN, "", "# Python API", "", "## agent_chaos", ""]
    for name in agent_chaos.__all__:
        lines += _entry(name, getattr(agent_chaos, name))
    lines += ["## agent_chaos.scenario: assertions", ""]
    for name in sorted({*_ASSERTIONS} - {"Turn", "TurnResult"}):
        lines += _entry(name, getattr(scenario, name))
    lines += ["## agent_chaos.chaos: when a fault strikes", ""]
    lines += [
        "The words for faults, `llm_…` and `tool_…`, are on the page [Faults](faults.md); each gives a `Chaos`.",
        "",
    ]
    for name in _BUILDER:
        lines += _entry(f"Chaos.{name}", getattr(Chaos, name))
    return "\n".join(lines).rstrip("\n") + "\n"


def _entry(name: str, value: Any) -> list[str]:
    return [f"### {name}", "", "```text", *_signature(name, value), "```", "", *prose(_docstring(value)), ""]


def _docstring(value: Any) -> str:
    return inspect.cleandoc(value.__doc__ or "")


def _signature(name: str, value: Any) -> Iterator[str]:
    """One line where it fits, else one for each parameter; annotations without their modules."""
    if not callable(value):
        yield f"{name} = {_short(str(value))}"
        return
    raised = isinstance(value, type) and issubclass(value, Exception)
    parameters = [] if raised else list(_parameters(value))
    line = f"{name}({', '.join(parameters)})"
    if len(line) <= 100:
        yield line
    else:
        yield from (f"{name}(", *(f"    {one}," for one in parameters), ")")


def _parameters(value: Any) -> Iterator[str]:
    written = _annotations(value)
    named_only = inspect.isclass(value)  # a model takes all its fields by name
    # Models are built at their first use, and have no signature of their own before.
    if isinstance(value, type) and issubclass(value, BaseModel):
        value.model_rebuild()
    for one in inspect.signature(value).parameters.values():
        if one.kind is one.KEYWORD_ONLY and not named_only:
            named_only = True
            yield "*"
        if one.name not in ("self", "cls"):
            yield _parameter(one, written.get(one.name, ""))


def _annotations(value: Any) -> dict[str, str]:
    """As they are written; a model's fields keep them where its signature has only what they stand for."""
    places = reversed(value.__mro__) if inspect.isclass(value) else (value,)
    found: dict[str, Any] = {}
    for place in places:
        found |= inspect.get_annotations(place)
    return {name: one for name, one in found.items() if isinstance(one, str)}


def _parameter(one: inspect.Parameter, annotation: str) -> str:
    stars = "*" if one.kind is one.VAR_POSITIONAL else "**" if one.kind is one.VAR_KEYWORD else ""
    typed = f": {annotation}" if annotation else ""
    return f"{stars}{one.name}{typed}{_default(one)}"


def _default(one: inspect.Parameter) -> str:
    if one.default is one.empty:
        return ""
    text = repr(one.default)
    return f" = {text}" if len(text) <= 60 and "<" not in text else " = …"


def _short(text: str) -> str:
    """Without the modules that names come from."""
    return " | ".join(one.rpartition(".")[2] for one in text.split(" | "))
