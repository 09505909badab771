"""pydantic-evals' evaluators judge finished runs: its own deterministic ones and users', plain and async."""

import asyncio
import time
from dataclasses import dataclass
from typing import Any

import pytest

from agent_chaos.chaos import tool_error
from agent_chaos.cli import run_command
from agent_chaos.integrations.pydantic_evals import as_assertion, build_evaluator_context
from tests.integrations.ran import ANSWER, context, judged
from tests.search import shop

evals = pytest.importorskip(
    "pydantic_evals.evaluators",
    reason="pydantic-evals is not installed: pip install 'agent-chaos[pydantic-evals]'",
)


@dataclass
class Gives(evals.Evaluator):
    """Gives what it is told to."""

    value: Any

    def evaluate(self, ctx):
        return self.value


@dataclass
class Slow(evals.Evaluator):
    """Waits, in a loop and without one, and reads a clock."""

    async def evaluate(self, ctx):
        started = time.monotonic()
        await asyncio.sleep(0.002)
        time.sleep(0.002)
        return time.monotonic() - started


@dataclass
class Broken(evals.Evaluator):
    def evaluate(self, ctx):
        raise ConnectionError("no such judge")


@pytest.mark.parametrize(
    ("evaluator", "how", "passed"),
    [
        (evals.Contains("on its way"), {}, True),
        (evals.Contains("gone"), {}, False),
        (evals.Equals(ANSWER), {}, True),
        (evals.EqualsExpected(), {"expected_output": ANSWER}, True),
        (evals.EqualsExpected(), {"expected_output": "No."}, False),
        (evals.EqualsExpected(), {}, False),
        (evals.IsInstance("str"), {}, True),
        (evals.MaxDuration(10), {}, True),
        (evals.MaxDuration(7), {}, False),
        (evals.ToolCorrectness(["refund"]), {"threshold": 1}, True),
        (evals.ToolCorrectness(["escalate"]), {"threshold": 1}, False),
        (evals.TrajectoryMatch(["refund"]), {"threshold": 1}, True),
        (evals.ArgumentCorrectness("refund", {"order": "A-17", "amount": 1500}), {}, True),
        (evals.ArgumentCorrectness("refund", {"order": "A-17", "amount": 15}), {}, False),
        (evals.MaxToolCalls(1), {}, True),
        (evals.MaxToolCalls(0), {}, False),
        (evals.MaxModelRequests(2), {}, True),
        (evals.MaxModelRequests(1), {}, False),
        (evals.HasMatchingSpan({"name_equals": "execute_tool refund"}), {}, True),
    ],
    ids=repr,
)
def test_its_own_evaluators_judge_a_run(evaluator, how, passed):
    report = judged(as_assertion(evaluator, **how))
    (result,) = report.assertion_results

    assert (result.passed, report.verdict) == (passed, "PASS" if passed else "FAIL"), result.message
    assert result.name == type(evaluator).__name__


@pytest.mark.parametrize(
    ("value", "threshold", "passed"),
    [
        (True, None, True),
        (0.8, 0.8, True),
        (0.7, 0.8, False),
        (1, 0.5, True),
        ({"polite": True, "score": 0.2}, None, True),
        ({"polite": True, "score": 0.2}, 0.5, False),
        ({"polite": False, "kind": "refund"}, None, False),
        (evals.EvaluationReason(value=True, reason="because"), None, True),
        (0.8, None, False),
        ("refund", None, False),
        ({}, None, False),
    ],
    ids=repr,
)
def test_results_decide_by_their_type(value, threshold, passed):
    result = as_assertion(Gives(value), threshold=threshold)(context())

    assert result.passed is passed


def test_a_result_is_told_with_its_reason():
    result = as_assertion(Gives(evals.EvaluationReason(value=0.4, reason="too short")), threshold=0.5)(
        context()
    )

    assert (result.message, result.measured, result.expected) == ("too short", 0.4, 0.5)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0.4, "the evaluator decides nothing: it gave 0.4; a score needs threshold=…"),
        ("refund", "the evaluator decides nothing: it gave 'refund'; a score needs threshold=…"),
        ({}, "the evaluator decides nothing: it gave {}; a score needs threshold=…"),
    ],
    ids=repr,
)
def test_what_decides_nothing_says_so(value, said):
    assert as_assertion(Gives(value))(context()).message == said


def test_an_evaluator_is_asked_in_real_time_after_the_run():
    report = judged(as_assertion(Slow(), threshold=0.004))

    assert report.elapsed_s > 7
    assert report.verdict == "PASS"


def test_an_evaluator_that_raises_is_a_failed_assertion():
    report = judged(as_assertion(Broken(), name="judge"))

    assert (report.verdict, report.reason) == (
        "FAIL",
        "judge: the evaluator failed: ConnectionError: no such judge",
    )


def test_an_evaluator_of_a_turn_that_has_not_run_fails():
    result = as_assertion(evals.Contains("x"), turn=3)(context())

    assert (result.passed, result.message, result.turn) == (False, "turn 3 has not run", 3)


def test_a_context_tells_of_the_run():
    ctx = build_evaluator_context(context(), expected_output="Paid.")

    assert (ctx.name, ctx.inputs, ctx.output, ctx.expected_output) == ("shop", shop.QUESTION, ANSWER, "Paid.")
    assert ctx.metadata["faults"] == ["fault in turn 0: rate limit (429), retry after 7 s"]
    assert ctx.attributes["tools"] == [
        {
            "name": "refund",
            "arguments": {"order": "A-17", "amount": 1500},
            "result": "refunded 1500 on order A-17",
        }
    ]
    assert ctx.metrics == {"llm_calls": 2, "input_tokens": 824, "output_tokens": 116}
    assert ctx.duration > 7


def test_evaluators_need_not_be_told_of_faults():
    assert "faults" not in build_evaluator_context(context(), include_chaos_info=False).metadata


def test_what_a_faulted_tool_gave_is_what_evaluators_see():
    ctx = build_evaluator_context(context(chaos=(tool_error("out of order"),)))

    assert [tool["result"] for tool in ctx.attributes["tools"]] == ['{"error": "out of order"}']


SCENARIO = """
from pydantic_evals.evaluators import Contains

from agent_chaos.chaos import llm_rate_limit
from agent_chaos.integrations.pydantic_evals import as_assertion
from agent_chaos.scenario import BaselineScenario
from tests.search.shop import QUESTION, careful

shop = BaselineScenario(name="shop", agent=careful, turns=[QUESTION])
limited = shop.variant(
    name="limited",
    chaos=[llm_rate_limit().attempts(1)],
    assertions=[as_assertion(Contains({wanted!r}))],
)
scenarios = [limited]
"""


@pytest.mark.parametrize(("wanted", "code"), [("refund", 0), ("goodbye", 1)])
def test_the_command_asks_evaluators_too(wanted, code, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    shop.write_project(tmp_path)
    (tmp_path / "evaluated.py").write_text(SCENARIO.format(wanted=wanted))

    assert run_command(["run", "evaluated.py"]) == code
    assert f"{'✗' if code else '✓'} Contains: " in capsys.readouterr().out
