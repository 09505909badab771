"""A run as the span tree that pydantic-evals reads: one span for each model call and each tool call.

Names and attributes are those of OpenTelemetry's conventions for generative AI, as pydantic-ai writes them.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any

from agent_chaos.integrations.evaluation import tools_used
from agent_chaos.results.context import ChaosContext

_START = datetime(2000, 1, 1, tzinfo=UTC)
"""Runs are in virtual time; only differences count."""


def span_tree(ctx: ChaosContext, turn: int | None = None) -> Any:
    """The spans of a turn, or of the whole run, under one root."""
    spans = import_module("pydantic_evals.otel.span_tree")
    described = [*_model_calls(ctx, turn), *_tool_calls(ctx, turn)]
    root = _node(spans, 0, "agent run", ctx.elapsed_s, {}, "unset")
    tree = spans.SpanTree()
    tree.add_spans([root, *(_node(spans, number, *one) for number, one in enumerate(described, start=1))])
    return tree


def _model_calls(ctx: ChaosContext, turn: int | None) -> list[tuple[str, float, dict[str, Any], str]]:
    return [
        (
            f"chat {record.model}",
            0.0,
            {
                "gen_ai.operation.name": "chat",
                "gen_ai.request.model": record.model,
                "gen_ai.usage.input_tokens": record.usage.get("input_tokens", 0),
                "gen_ai.usage.output_tokens": record.usage.get("output_tokens", 0),
            },
            "unset" if record.success else "error",
        )
        for record in ctx.metrics.history
        if turn is None or record.turn == turn
    ]


def _tool_calls(ctx: ChaosContext, turn: int | None) -> list[tuple[str, float, dict[str, Any], str]]:
    return [
        (
            f"execute_tool {used.name}",
            used.at,
            {
                "gen_ai.tool.name": used.name,
                "gen_ai.tool.call.arguments": json.dumps(used.arguments, ensure_ascii=False, default=str),
                "gen_ai.tool.call.result": used.told,
            },
            "error" if used.error else "unset",
        )
        for used in tools_used(ctx, turn)
    ]


def _node(spans: Any, number: int, name: str, at: float, attributes: dict[str, Any], status: str) -> Any:
    """A span; those that start at one time keep their order by a microsecond each."""
    started = _START + timedelta(seconds=at if number else 0.0, microseconds=number)
    return spans.SpanNode(
        name=name,
        trace_id=1,
        # From 1, since 0 is no valid id of a span in OpenTelemetry.
        span_id=number + 1,
        parent_span_id=1 if number else None,
        start_timestamp=started,
        end_timestamp=started + timedelta(seconds=0.0 if number else at),
        attributes=attributes,
        status=status,
    )
