"""Requests that a run sends again, for the oracles of retries and cost: what came back before, and how long it waited."""

from __future__ import annotations

import re
from collections.abc import Iterator

from agent_chaos.oracles.oracle import Evidence
from agent_chaos.stream.exchange import Reply
from agent_chaos.trace.trace import Call, Trace

Key = tuple[int, str, bytes]

_RETRY_DELAY = re.compile(rb'"retryDelay"\s*:\s*"([0-9.]+)s"')


def sendings(trace: Trace) -> dict[Key, list[Call]]:
    """The calls of a run by what was asked: the scenario's turn, the address and the body, byte for byte."""
    found: dict[Key, list[Call]] = {}
    for call in trace.calls:
        # Without headers: SDKs count their retries in one (`x-stainless-retry-count`), so that no two
        # sendings are equal.
        found.setdefault((call.turn, call.request.url, call.request.body), []).append(call)
    return found


def sent_again(evidence: Evidence) -> Iterator[list[Call]]:
    """Requests sent more than once, in order; not those that the clean run repeats, as pollers and voters do."""
    usual: dict[Key, list[Call]] | None = None
    for key, calls in sendings(evidence.trace).items() if evidence.trace.fired else ():
        if len(calls) > 1:
            usual = sendings(evidence.clean) if usual is None else usual
            if len(usual.get(key, ())) < 2:
                yield calls


def waited_s(trace: Trace, before: Call, then: Call) -> float | None:
    """Virtual seconds between the end of one reply and the next sending; None where they overlapped."""
    delivered = trace.deliveries.get(before.seq)
    if delivered is None or delivered.seq > then.seq:
        return None
    return then.at - delivered.at


def told_to_wait_s(reply: Reply) -> float:
    """Seconds a provider asked for: `retry-after-ms`, `retry-after`, or `RetryInfo` in a Gemini body; 0 for none."""
    milliseconds, seconds = _number(reply.header("retry-after-ms")), _number(reply.header("retry-after"))
    # In the order in which the SDKs look: milliseconds first, since they are more precise.
    if milliseconds or seconds:
        return milliseconds / 1_000 or seconds
    hint = _RETRY_DELAY.search(reply.body)
    return _number(hint[1].decode()) if hint else 0.0


def _number(text: str) -> float:
    return float(text) if text.replace(".", "", 1).isdigit() else 0.0
