"""One verdict of many findings: HARNESS ERROR > FAIL > UNDECIDED > NOT TESTED > PASS."""

from contextlib import suppress
from dataclasses import dataclass, replace

import anthropic
import httpx2
import pytest

from agent_chaos.faults.plan import Plan
from agent_chaos.oracles.judge import judge, judge_asserted
from agent_chaos.oracles.oracle import Budget, Evidence, Undecided, Violation
from agent_chaos.oracles.registry import all_oracles
from agent_chaos.oracles.verdict import Verdict, decide
from agent_chaos.trace.fidelity import Fidelity
from agent_chaos.trace.trace import Incident, Trace
from tests.oracles.desk import KEY, fault, judged
from tests.spoken import spoken
from tests.standin.said import Said
from tests.standin.wires import MODELS
from tests.trials import recorded, scenario, trial

ANSWER = (Said("The ferry leaves at nine."),)
FIRED = {"call 0": fault("server_error")}
NEVER_FIRED = {"call 7": fault("server_error")}


def ask(text, max_tokens=99):
    client = anthropic.Anthropic(api_key=KEY, max_retries=0)
    asked = {"model": MODELS["anthropic_messages"], "max_tokens": max_tokens}
    return client.messages.create(**asked, messages=[{"role": "user", "content": text}]).content[0].text


def retries(ctx, text):
    try:
        return ask(text)
    except anthropic.APIError:
        return ask(text)


def asks_something_new(ctx, text):
    try:
        return ask(text)
    except anthropic.APIError:
        return ask("Which other town is near?")


def calls_home(ctx, text):
    try:
        return ask(text)
    except anthropic.APIError:
        with suppress(httpx2.HTTPError):
            httpx2.get("http://home.example.com/")
        return ask(text)


@dataclass
class Finds:
    """Finds what it is given in every run that has a plan."""

    name: str
    finding: Violation | Undecided | Exception
    needs: Fidelity = Fidelity.MISS
    timed: bool = False

    def judge(self, evidence):
        if evidence.trace.plan.faults:
            if isinstance(self.finding, Exception):
                raise self.finding
            yield self.finding


def trace():
    return Trace(Plan(), (), 0.0)


def violation(severity="error"):
    return Violation(oracle="fails", subject="it", reason="it fails", advice="do not", severity=severity)


FAILS = Finds("fails", violation())
WARNS = Finds("warns", violation("warning"))
DOUBTS = Finds("doubts", Undecided(oracle="doubts", reason="cannot tell"))
FAITHFUL = Finds("faithful", violation(), Fidelity.QUESTION)
BREAKS = Finds("breaks", KeyError("oops"))

ORDER = {
    "error-over-fail": (
        calls_home,
        FIRED,
        [FAILS],
        Verdict.HARNESS_ERROR,
        "refused a connection to home.example.com",
    ),
    "fail-over-broken-oracle": (retries, FIRED, [BREAKS, FAILS], Verdict.FAIL, "it fails"),
    "broken-oracle-over-undecided": (
        retries,
        FIRED,
        [DOUBTS, BREAKS, WARNS],
        Verdict.HARNESS_ERROR,
        "oracle breaks failed: KeyError: 'oops', at tests/oracles/test_judge.py:",
    ),
    "fail-over-undecided": (retries, FIRED, [DOUBTS, FAILS], Verdict.FAIL, "it fails"),
    "fail-over-left-recording": (asks_something_new, FIRED, [FAILS], Verdict.FAIL, "it fails"),
    "no-finding-after-a-reply-to-another-question": (
        asks_something_new,
        FIRED,
        [FAITHFUL],
        Verdict.UNDECIDED,
        "left the recording at call 1: asked",
    ),
    "fail-over-nothing-fired": (retries, NEVER_FIRED, [FAILS], Verdict.FAIL, "it fails"),
    "undecided-over-nothing-fired": (retries, NEVER_FIRED, [DOUBTS], Verdict.UNDECIDED, "cannot tell"),
    "left-recording": (
        asks_something_new,
        FIRED,
        [WARNS],
        Verdict.UNDECIDED,
        "left the recording at call 1",
    ),
    "left-recording-over-undecided": (
        asks_something_new,
        FIRED,
        [DOUBTS],
        Verdict.UNDECIDED,
        "left the recording at call 1",
    ),
    "nothing-fired": (retries, NEVER_FIRED, [WARNS], Verdict.NOT_TESTED, "no fault fired"),
    "warning-alone": (retries, FIRED, [WARNS], Verdict.PASS, ""),
    "nothing-found": (retries, FIRED, [], Verdict.PASS, ""),
}


@pytest.mark.parametrize(("agent", "faults", "judges", "verdict", "reason"), ORDER.values(), ids=ORDER)
def test_the_gravest_thing_decides(agent, faults, judges, verdict, reason):
    outcome = judged(
        agent,
        "anthropic_messages",
        faults,
        said=ANSWER,
        stream=False,
        judges={one.name: one for one in judges},
    )

    assert outcome.verdict is verdict
    assert reason in outcome.reason
    assert bool(reason) == bool(outcome.reason)


@dataclass
class PointsAt(Finds):
    """Finds it in the calls of these numbers, counted from 0: the first as a call, the second as what a tool did."""

    places: tuple[int, ...] = ()

    def judge(self, evidence):
        for one in super().judge(evidence):
            seqs = [evidence.trace.calls[number].seq for number in self.places]
            yield one.model_copy(update=dict(zip(("call_seq", "tool_seq"), seqs, strict=False)))


@pytest.mark.parametrize(
    ("places", "verdict"),
    [
        ((0,), Verdict.FAIL),
        ((1,), Verdict.UNDECIDED),
        ((0, 1), Verdict.UNDECIDED),
        ((1, 0), Verdict.UNDECIDED),
    ],
    ids=["before it", "on it", "before it and on it", "on it and before it"],
)
def test_a_finding_counts_where_the_last_that_it_rests_on_came_before_a_reply_to_another_question(
    places, verdict
):
    finds = PointsAt("faithful", violation(), Fidelity.QUESTION, places=places)
    judges = {"faithful": finds}
    outcome = judged(
        asks_something_new, "anthropic_messages", FIRED, said=ANSWER, stream=False, judges=judges
    )

    assert outcome.verdict is verdict


@pytest.mark.parametrize(
    ("incidents", "verdict"),
    [((), Verdict.FAIL), ((Incident(0, 0.0, "harness", "it broke"),), Verdict.HARNESS_ERROR)],
    ids=["sound", "broken"],
)
def test_assertions_alone_decide_where_the_harness_held(incidents, verdict):
    run = Trace(Plan(), incidents, 0.0)
    outcome = judge_asserted(run, [ASSERTED], turns=0, rewritten=False, chaos=False)

    assert outcome.verdict is verdict


def test_a_warning_is_told_and_is_no_failure():
    outcome = judged(
        retries,
        "anthropic_messages",
        FIRED,
        said=ANSWER,
        stream=False,
        judges={"warns": WARNS, "fails": FAILS},
    )

    assert [one.severity for one in outcome.violations] == ["warning", "error"]
    assert outcome.fingerprints == {"fails:it"}


def test_leaving_the_recording_before_any_fault_fired_is_the_harness_s_error():
    questions = iter(["one thing", "another"])
    subject = scenario(lambda ctx, text: ask(next(questions)))
    cassette = recorded(subject, [spoken("anthropic_messages", ANSWER[0], stream=False)])
    stray = trial(subject, cassette)
    outcome = judge(Evidence(stray, stray, Budget(), {}))

    assert outcome.verdict is Verdict.HARNESS_ERROR
    assert "the run left the recording before any fault at call 1" in outcome.reason


def test_a_fault_on_the_very_request_that_left_the_recording_came_too_late_to_cause_it():
    tokens = iter([99, 99, 50])
    subject = scenario(lambda ctx, text: ask(text, next(tokens)))
    cassette = recorded(subject, [spoken("anthropic_messages", ANSWER[0], stream=False)])
    clean = trial(subject, cassette)
    stray = trial(subject, cassette, Plan.of(FIRED.items()))

    assert stray.fired
    assert judge(Evidence(clean, clean, Budget(), {})).verdict is Verdict.PASS
    assert judge(Evidence(stray, clean, Budget(), {})).verdict is Verdict.HARNESS_ERROR


def test_every_oracle_of_the_folder_judges_where_none_are_named():
    assert set(all_oracles()) >= {
        "argument_fidelity",
        "empty_answer",
        "silent_truncation",
        "termination",
        "transparent_outcome",
        "unfinished_tool_call",
        "unhandled_exception",
    }
    assert judged(retries, "anthropic_messages", FIRED, said=ANSWER, stream=False).verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("timed", "usual", "verdict"),
    [
        (True, False, Verdict.UNDECIDED),
        (True, True, Verdict.UNDECIDED),
        (False, False, Verdict.UNDECIDED),
        (False, True, Verdict.FAIL),
    ],
)
def test_an_inexact_clock_leaves_open_what_is_judged_by_it(timed, usual, verdict):
    inexact = Incident(0, 0.0, "degraded", "a program of its own")
    clean = Trace(Plan(), (inexact,) if usual else (), 0.0)
    run = Trace(Plan.of(NEVER_FIRED.items()), (inexact,), 0.0)
    outcome = judge(Evidence(run, clean, Budget(), {}), {"fails": replace(FAILS, timed=timed)})

    assert outcome.verdict is verdict


@pytest.mark.parametrize(
    ("verdict", "code"),
    [("PASS", 0), ("FAIL", 1), ("UNDECIDED", 3), ("NOT TESTED", 3), ("UNSTABLE", 4), ("HARNESS ERROR", 5)],
)
def test_a_verdict_has_one_name_and_one_exit_code(verdict, code):
    found = Verdict(verdict)

    assert found.name.replace("_", " ") == verdict
    assert found.exit_code == code


ASSERTED = Violation(oracle="assertion", subject="max_llm_calls", reason="2 calls", advice="none")
DECIDED_BY = {
    "harness": decide(trace(), [violation()], broken="refused a connection"),
    "fails": decide(trace(), [violation("warning"), violation()]),
    "assertion max_llm_calls": decide(trace(), [ASSERTED, violation()]),
    "doubts": decide(trace(), undecided=[DOUBTS.finding], not_tested="no fault fired"),
    "faults": decide(trace(), [violation("warning")], not_tested="no fault fired"),
    "": decide(trace(), [violation("warning")]),
}


@pytest.mark.parametrize(("rule", "outcome"), DECIDED_BY.items(), ids=[one or "none" for one in DECIDED_BY])
def test_each_verdict_says_which_rule_decided(rule, outcome):
    assert outcome.rule == rule
    assert bool(outcome.reason) == (outcome.verdict is not Verdict.PASS)
