"""The classes behind the words, as 0.1.3 named them: `RateLimitChaos(retry_after=5.0, on_call=1)`.

Each takes the arguments of its word, under the names they had, and any condition of a `Trigger`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from agent_chaos.chaos import constructors
from agent_chaos.chaos.builder import Chaos
from agent_chaos.chaos.trigger import Trigger

_Word = Callable[..., Chaos]

_CLASSES: dict[str, tuple[_Word, dict[str, str]]] = {
    "RateLimitChaos": (constructors.llm_rate_limit, {}),
    "TimeoutChaos": (constructors.llm_timeout, {"timeout_seconds": "delay"}),
    "ServerErrorChaos": (constructors.llm_server_error, {}),
    "AuthErrorChaos": (constructors.llm_auth_error, {}),
    "ContextLengthChaos": (constructors.llm_context_length, {}),
    "StreamCutChaos": (constructors.llm_stream_cut, {}),
    "StreamHangChaos": (constructors.llm_stream_hang, {}),
    "SlowTTFTChaos": (constructors.llm_slow_ttft, {}),
    "SlowChunksChaos": (constructors.llm_slow_chunks, {}),
    "ToolErrorChaos": (constructors.tool_error, {"error_message": "message"}),
    "ToolEmptyChaos": (constructors.tool_empty, {}),
    "ToolTimeoutChaos": (constructors.tool_timeout, {}),
    "ToolMutateChaos": (constructors.tool_mutate, {}),
    "ContextMutateChaos": (constructors.context_mutate, {}),
    "HistoryMutateChaos": (constructors.history_mutate, {}),
    "HistoryTruncateChaos": (constructors.history_truncate, {}),
    "HistoryInjectChaos": (constructors.history_inject, {}),
    "UserInputMutateChaos": (constructors.user_input_mutate, {}),
}
"""Word of each class, and arguments that have another name today."""

EXPORTED = ("HistoryInjectChaos", "HistoryMutateChaos", "HistoryTruncateChaos")
"""Those that `import *` gives, as it did."""

CONCRETE = tuple(name for name in _CLASSES if name not in EXPORTED)
"""The others, which are imported by name."""


def by_class_name(name: str) -> _Word | None:
    """The class of 0.1.3 with that name, as a function; None where there was none."""
    if name not in _CLASSES:
        return None
    word, renamed = _CLASSES[name]

    def made(**fields: Any) -> Chaos:
        conditions = {key: fields.pop(key) for key in Trigger.model_fields if key in fields}
        return word(**{renamed.get(key, key): value for key, value in fields.items()}).when(
            Trigger(**conditions)
        )

    made.__name__ = name
    return made
