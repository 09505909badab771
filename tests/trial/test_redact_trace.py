"""What oracles quote of requests is without the keys that those carry."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agent_chaos.cassette.model import ToolEnd
from agent_chaos.cassette.redaction.redactor import Redactor
from agent_chaos.oracles.oracle import Violation
from agent_chaos.oracles.verdict import Outcome, Verdict
from agent_chaos.trace.trace import Answer, Incident, Raised, ToolRun
from agent_chaos.trial.redact_trace import redact_outcome, redact_requests, redact_trace
from tests.report.refund_campaign import BROKEN

KEY = "desk-unshaped-key-7hq2-9931"
"""Only its header tells that it is one."""


def test_a_finding_quotes_no_key_that_a_request_carries():
    (first, *others) = BROKEN.calls
    asked = replace(first.request, headers=(("x-api-key", KEY),), body=f'{{"system": "{KEY}"}}'.encode())
    trace = replace(BROKEN, entries=(replace(first, request=asked), *others))
    found = Violation(
        oracle="o", subject="s", reason=f"sent {KEY}", advice="a", before=[KEY], after={"k": KEY}
    )

    outcome = redact_outcome(Outcome(Verdict.FAIL, trace, (found,), reason=f"sent {KEY}"), Redactor({}))
    told = redact_requests(trace, Redactor({}))

    assert KEY not in f"{outcome.violations} {outcome.reason}"
    assert outcome.fingerprints == {"o:s"}
    assert KEY not in str(told.calls[0].request)
    assert KEY in str(outcome.trace.calls[0].request)


ENTRIES = {
    "an answer": Answer(1, 0, 1.0, input=KEY, text=KEY, value={"said": [KEY]}),
    "an exception": Raised(1, 0, 1.0, KEY, "ValueError", KEY, (), "agent.py:ask", f"Traceback: {KEY}"),
    "a tool that returned": ToolRun(1, 0, 1.0, None, "look", {"key": KEY}, ToolEnd([KEY])),
    "a tool that raised": ToolRun(1, 0, 1.0, None, "look", {}, ToolEnd(error_type="E", error=KEY)),
    "an incident": Incident(1, 1.0, "harness", f"setup fails: {KEY}"),
}


@pytest.mark.parametrize("entry", ENTRIES.values(), ids=ENTRIES)
def test_what_an_agent_says_raises_and_hands_on_is_told_without_the_keys_of_its_requests(entry):
    (first, *_) = BROKEN.calls
    asked = replace(first.request, headers=(("x-api-key", KEY),))
    trace = replace(BROKEN, entries=(entry, replace(first, request=asked)))
    told, call = redact_trace(trace, Redactor({})).entries

    assert KEY in repr(entry)
    assert KEY not in repr(told)
    assert call.request == asked
