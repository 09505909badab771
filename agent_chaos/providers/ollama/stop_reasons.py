"""Stop reasons and token counts of Ollama in neutral words, and back."""

from __future__ import annotations

from typing import Any

from agent_chaos.providers.json_values import count_of
from agent_chaos.providers.parts.stop_reasons import StopReasons
from agent_chaos.providers.turn import Usage

STOPS = StopReasons(
    means={"stop": "end", "length": "length", "load": "other", "unload": "other"},
    words={
        "end": "stop",
        "tool_use": "stop",
        "length": "length",
        "filter": "stop",
        "pause": "stop",
        "other": "unload",
    },
)

COUNTS = ("prompt_eval_count", "eval_count")


def read_usage(body: dict[str, Any]) -> Usage | None:
    """The counts of the last message; a count of nothing may be left out, as the server does for a cached prompt."""
    # Which were sent is kept: a server leaves out the count of a prompt that it had in its cache.
    sent = [name for name in COUNTS if name in body]
    if not sent:
        return None
    asked, answered = (count_of(body.get(name)) for name in COUNTS)
    return Usage(asked, answered, {} if len(sent) == len(COUNTS) else {"sent": sent})


def written_usage(usage: Usage | None) -> dict[str, int]:
    """The counts as the wire has them."""
    if usage is None:
        return {}
    counts = dict(zip(COUNTS, (usage.input_tokens, usage.output_tokens), strict=True))
    sent = usage.extra.get("sent", COUNTS)
    return {name: count for name, count in counts.items() if count or name in sent}
