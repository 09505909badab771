"""What the page of a run shows, out of a document that may lack anything."""

from __future__ import annotations

from typing import Any

from agent_chaos.providers.json_values import JsonObject

_STEPS = ("system", "user", "assistant", "tool_call", "tool_result", "chaos", "error")


def page_values(report: JsonObject) -> JsonObject:
    """The values of the page of a run: turns with their steps, findings, assertions and metrics."""
    entries = [one for one in _items(report.get("conversation")) if isinstance(one, dict)]
    results = [_fields(one) for one in _items(report.get("turn_results"))]
    metrics = _fields(report.get("metrics"))
    return {
        "name": str(report.get("scenario_name", "")),
        "verdict": str(report.get("verdict", "")),
        "passed": report.get("passed") is True,
        "reason": str(report.get("reason") or ""),
        "description": str(report.get("description") or ""),
        "parent": str(_fields(report.get("meta")).get("_parent") or ""),
        "tags": list(map(str, _items(report.get("tags")))),
        "system": str(_fields(metrics.get("conv")).get("system_prompt") or ""),
        "turns": [_turn(number, result, entries) for number, result in enumerate(results)],
        "violations": [_fields(one) for one in _items(report.get("violations"))],
        "assertions": [_fields(one) for one in _items(report.get("assertion_results"))],
        "unfired": list(map(str, _items(report.get("unfired")))),
        "configured": [
            _fields(one) for one in _items(_fields(report.get("scorecard")).get("scenario_chaos"))
        ],
        "metrics": _metrics(report, metrics),
        "calls": [_fields(one) for one in _items(metrics.get("history"))],
    }


def _turn(number: int, result: JsonObject, entries: list[JsonObject]) -> JsonObject:
    mine = [one for one in entries if one.get("turn_number") == number and one.get("type") in _STEPS]
    return {
        "number": number,
        "success": result.get("success") is True,
        "error": str(result.get("error") or ""),
        "seconds": _number(result.get("duration_s")),
        "calls": result.get("llm_calls", 0),
        "tokens": result.get("total_tokens", 0),
        "steps": [_step(one) for one in mine if one["type"] != "system"],
    }


def _step(entry: JsonObject) -> JsonObject:
    """A step of the timeline: who, when, what was said, and for chaos what it was before and after."""
    known = {
        "type": entry["type"],
        "at": _number(entry.get("timestamp_ms")) / 1_000,
        "text": entry.get("content"),
        "final": entry.get("final") is True,
        "tool": str(entry.get("tool_name") or ""),
        "value": entry.get("args") if entry["type"] == "tool_call" else entry.get("result"),
        "effect": str(entry.get("effect") or ""),
        "failed": entry.get("success") is False,
        "error": str(entry.get("error") or ""),
        "what": str(entry.get("description") or entry.get("fault_type") or ""),
    }
    return {**known, "original": entry.get("original"), "mutated": entry.get("mutated")}


def _metrics(report: JsonObject, metrics: JsonObject) -> list[tuple[str, str]]:
    tokens, stream = _fields(metrics.get("tokens")), _fields(metrics.get("stream"))
    calls = _fields(metrics.get("calls"))
    first = [_number(one) for one in _items(stream.get("ttft_times"))]
    return [
        ("LLM calls", str(calls.get("count", 0))),
        ("retries", str(calls.get("retries", 0))),
        ("tokens in", f"{int(_number(tokens.get('input'))):,}"),
        ("tokens out", f"{int(_number(tokens.get('output'))):,}"),
        ("time to first token", f"{max(first):.2f} s at most" if first else "-"),
        ("stalls", str(stream.get("stalls", 0))),
        ("streams cut", str(stream.get("stream_cuts", 0))),
        ("tools called", str(len(_items(metrics.get("tools_called"))))),
        ("virtual time", f"{_number(report.get('elapsed_s')):.2f} s"),
    ]


def _fields(value: Any) -> JsonObject:
    return value if isinstance(value, dict) else {}


def _items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _number(value: Any) -> float:
    # The folder holds files of older versions, and what people put there: a page shows what it can.
    return float(value) if isinstance(value, (int, float)) else 0.0
