"""Changes that a function makes: to a tool's result, to what the model is asked, to what the user says."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, ClassVar, Literal

from agent_chaos.faults.family import MUTATION, Family, Frequency
from agent_chaos.faults.fault import Fault, Level

Point = Literal["user_input", "llm_call", "stream", "tool_result", "messages"]


class Mutation(Fault, frozen=True):
    """A record that a function of the user's changed something. It holds no function, and cannot be searched or stored.

    Source: the mutators of 0.1.3 (`tool_mutate`, `context_mutate`, `history_*`, `user_input_mutate`).
    """

    level: ClassVar[Level] = "conversation"
    family: ClassVar[Family] = MUTATION
    frequency: ClassVar[Frequency] = Frequency.SOMETIMES

    kind: Literal[
        "tool_mutate",
        "context_mutate",
        "history_mutate",
        "history_truncate",
        "history_inject",
        "user_input_mutate",
    ]
    name: str = ""

    def describe(self) -> str:
        return f"{self.kind}[{self.name}]" if self.name else self.kind


def called(mutator: Callable[..., Any], context: Any, *values: Any) -> Any:
    """Calls a mutator with the values, and with the context first where it asks for one.

    It does where its first parameter is called `ctx`, or where it takes one more than there are values.
    """
    try:
        parameters = [
            p
            for p in inspect.signature(mutator).parameters.values()
            if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
        ]
    # Builtins and some C callables have no signature that Python could read.
    except (TypeError, ValueError):
        return mutator(*values)
    # By what it requires, so that `(messages, keep=3)` is a mutator of messages alone.
    required = [p for p in parameters if p.default is p.empty]
    wants_context = bool(parameters) and parameters[0].name == "ctx"
    return (
        mutator(context, *values) if wants_context or len(required) == len(values) + 1 else mutator(*values)
    )


def last_messages(messages: list[Any], keep_last: int, keep_system: bool) -> list[Any]:
    """The last messages that are not the system's, behind the system's own where those stay."""
    # OpenAI calls the system's role `developer` in its newer models.
    system = [one for one in messages if _role(one) in ("system", "developer")]
    others = [one for one in messages if _role(one) not in ("system", "developer")]
    # `[-0:]` would be all of them.
    kept = others[-keep_last:] if keep_last else []
    return [*system, *kept] if keep_system else kept


def _role(message: Any) -> str:
    return str(message.get("role", "")) if isinstance(message, dict) else ""
