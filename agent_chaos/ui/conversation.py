"""What the pages of a run and of a campaign show, out of documents that may lack anything."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

_STEPS = ("system", "user", "assistant", "tool_call", "tool_result", "chaos", "error")


def told(report: Json) -> Json:
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


def campaigns(document: Json) -> list[Json]:
    """The values of the page of a campaign."""
    return [_campaign(_fields(one)) for one in _items(document.get("campaigns"))]


def _turn(number: int, result: Json, entries: list[Json]) -> Json:
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


def _step(entry: Json) -> Json:
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


def _metrics(report: Json, metrics: Json) -> list[tuple[str, str]]:
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


def _campaign(campaign: Json) -> Json:
    found = [_fields(one) for one in _items(campaign.get("failures"))]
    return {
        "scenario": str(campaign.get("scenario", "")),
        "summary": str(campaign.get("summary", "")),
        "seed": campaign.get("seed", 0),
        "undecided": [
            tuple(one) for one in _items(campaign.get("undecided_reasons")) if isinstance(one, list)
        ],
        "failures": [_failure(one) for one in found],
        "coverage": [_fields(one) for one in _items(campaign.get("coverage"))],
    }


def _failure(one: Json) -> Json:
    failure = _fields(one.get("failure"))
    violation = _fields(failure.get("violation"))
    faults = [_fields(placed) for placed in _items(_fields(failure.get("plan")).get("faults"))]
    return {
        "id": str(failure.get("id", "")),
        "title": f"{violation.get('oracle', '')}: {violation.get('subject', '')}".replace("_", " "),
        "reason": str(violation.get("reason", "")),
        "advice": str(violation.get("advice", "")),
        "before": violation.get("before"),
        "after": violation.get("after"),
        "smallest": failure.get("smallest") is True,
        "checks": failure.get("checks", 0),
        "plan": [_placed(fault) for fault in faults],
        "timeline": [_fields(line) for line in _items(one.get("timeline"))],
    }


def _placed(placed: Json) -> str:
    fault = _fields(placed.get("fault"))
    details = ", ".join(f"{key} {value}" for key, value in fault.items() if key != "kind")
    kind = str(fault.get("kind", "")).replace("_", " ")
    return f"{placed.get('site', '')}: {kind}" + (f" ({details})" if details else "")


def _fields(value: Any) -> Json:
    return value if isinstance(value, dict) else {}


def _items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _number(value: Any) -> float:
    return float(value) if isinstance(value, (int, float)) else 0.0
