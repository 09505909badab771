"""What only developers may see reached a user, or the model's provider."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from agent_chaos.cassette.redaction.prose import REDACTED
from agent_chaos.faults.parts.canary import CANARY
from agent_chaos.oracles.oracle import Evidence, Gravity, Severity, Undecided, Violation
from agent_chaos.oracles.reading.turns import clean_answer, shown
from agent_chaos.trace.fidelity import Fidelity
from agent_chaos.trace.trace import Call, Trace

_ADVICE = {
    "credential in the answer": "Answer failures in words of your own, and keep the text of exceptions for the log.",
    "credential sent to the model": "Give the model an error result in words of your own, not the exception's: its text goes "
    "to the provider, into every later request and maybe into the answer.",
    "traceback in the answer": "Log the traceback, and tell the user in words of your own what did not work.",
    "HTML page in the answer": "Check the type of a reply before using it: an error page is text, too.",
    "provider's error in the answer": "Log the provider's error, and tell the user in words of your own what did not work.",
}
_CREDENTIAL_PLACEHOLDER = (
    r"\{\{(?:[A-Z0-9]+_)*(?:[A-Z]*KEY|TOKEN|SECRET|PASSWORD|AUTHORIZATION|CREDENTIALS?)(?:_[A-Z0-9]+)*\}\}"
)
"""The placeholders of redaction whose names are those of credentials: a prompt template's own `{{NAME}}` is no leak."""
_CREDENTIAL = re.compile(rf"{re.escape(CANARY)}|\b{re.escape(REDACTED)}\b|{_CREDENTIAL_PLACEHOLDER}")
_INTERNALS: dict[str, tuple[re.Pattern[str], Severity]] = {
    "credential in the answer": (_CREDENTIAL, "error"),
    "traceback in the answer": (
        re.compile(r'Traceback \(most recent call last\)|\bFile "[^"\n]{1,200}", line \d'),
        "error",
    ),
    "HTML page in the answer": (re.compile(r"<html\b|<!doctype html", re.IGNORECASE), "error"),
    "provider's error in the answer": (re.compile(r"""(['"])error\1\s*:\s*\{\s*['"]"""), "warning"),
}


class InternalsLeak:
    """A credential, a traceback or an HTML error page stands in what the user reads, or a credential in what the model's
    provider is sent, and neither did in the clean run. A provider's error body in an answer is a warning.

    Credentials are the one that a faulted tool quotes, and the run's own keys. Exceptions that escape the agent are
    `unhandled_exception`'s. Source: langgraph#6486, anthropic tool_runner and genai AFC (`repr(exc)` as a result),
    Anthropic's 502 message is the page itself.
    """

    name = "internals_leak"
    headline = "Internals reach somebody who must not see them"
    needs = Fidelity.MISS
    gravity = Gravity.LEAK
    severity: Severity = "error"
    timed = False

    def judge(self, evidence: Evidence) -> Iterable[Violation | Undecided]:
        """One violation per kind and turn, and one for what the provider was sent."""
        if not evidence.trace.fired:
            return
        yield from self._answers(evidence)
        if call := _telling(evidence.trace, evidence.clean):
            reason = f"call {call.call} sent the model's provider the credential in a tool's exception"
            yield self._violation("credential sent to the model", reason, call_seq=call.seq)

    def _answers(self, evidence: Evidence) -> Iterator[Violation]:
        for answer in evidence.trace.answers:
            clean = clean_answer(evidence, answer.turn)
            for about, (pattern, severity) in _INTERNALS.items():
                found = pattern.search(answer.text)
                if found and not (clean and pattern.search(clean.text)):
                    around = shown(answer.text[max(0, found.start() - 40) : found.end() + 80], 120)
                    yield self._violation(
                        about,
                        f"turn {answer.turn} answered the user with {around!r}",
                        severity,
                        before=clean.text if clean else None,
                        after=answer.text,
                    )

    def _violation(self, about: str, reason: str, severity: Severity = "error", **more: object) -> Violation:
        return Violation(
            oracle=self.name,
            subject=about,
            reason=reason,
            advice=_ADVICE[about],
            severity=severity,
            **more,
        )


def _telling(trace: Trace, clean: Trace) -> Call | None:
    """The first request to a model that holds the planted credential."""
    planted = CANARY.encode()
    told = next((call for call in trace.calls if call.wire and planted in call.request.body), None)
    # Where the clean run sends it as well, no fault brought it there.
    known = told is not None and any(planted in call.request.body for call in clean.calls)
    return None if known else told


ORACLE = InternalsLeak()
