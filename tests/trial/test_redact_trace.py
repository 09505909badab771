"""What oracles quote of requests is without the keys that those carry."""

from __future__ import annotations

from dataclasses import replace

from agent_chaos.cassette.redaction.redactor import Redactor
from agent_chaos.oracles.oracle import Violation
from agent_chaos.oracles.verdict import Outcome, Verdict
from agent_chaos.trial.redact_trace import redact_outcome, redact_requests
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
