"""DeepEval's metrics judge finished runs, as they judge anything else: deterministic ones, without a model or a network."""

import asyncio
import os
import time

import pytest

from agent_chaos.cli import run_command
from agent_chaos.integrations.deepeval import (
    ConversationalDeepEvalAssertion,
    DeepEvalAssertion,
    as_assertion,
    build_conversational_test_case,
    build_llm_test_case,
    wrap_metric,
)
from tests.integrations.ran import ANSWER, context, judged
from tests.search import shop

os.environ.setdefault("DEEPEVAL_TELEMETRY_OPT_OUT", "1")
os.environ.setdefault("DEEPEVAL_DISABLE_DOTENV", "1")
WHY = "DeepEval is not installed: pip install 'agent-chaos[deepeval]'"
metrics = pytest.importorskip("deepeval.metrics", reason=WHY)
models = pytest.importorskip("deepeval.models", reason=WHY)
cases = pytest.importorskip("deepeval.test_case", reason=WHY)


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """DeepEval keeps a folder where it runs."""
    monkeypatch.chdir(tmp_path)


class Share(metrics.BaseMetric):
    """The share of words of the question that the answer has, too; looks at a clock and a loop as metrics do."""

    def __init__(self, threshold=0.1):
        self.threshold = threshold
        self.seen = []

    def measure(self, test_case, *args, **kwargs):
        started = time.monotonic()
        self.score = asyncio.run(self.a_measure(test_case))
        time.sleep(0.002)
        self.seen.append((test_case, time.monotonic() - started))
        return self.score

    async def a_measure(self, test_case, *args, **kwargs):
        await asyncio.sleep(0.001)
        asked = set(test_case.input.lower().split())
        self.reason = f"of {len(asked)} words"
        return len(asked & set(test_case.actual_output.lower().split())) / len(asked)

    @property
    def __name__(self):
        return "Share"


class Turns(metrics.BaseConversationalMetric):
    """How many messages a conversation has."""

    def __init__(self, threshold=2):
        self.threshold = threshold

    def measure(self, test_case, *args, **kwargs):
        self.score = len(test_case.turns)
        self.reason = (
            f"{test_case.chatbot_role or 'nobody'}: {', '.join(turn.role for turn in test_case.turns)}"
        )
        return self.score

    @property
    def __name__(self):
        return "Turns"


class Broken(metrics.BaseMetric):
    threshold = 0.5

    def measure(self, test_case, *args, **kwargs):
        raise ConnectionError("no such model")


class Mute(models.DeepEvalBaseLLM):
    """A model that must not be asked."""

    def load_model(self, *args, **kwargs):
        return None

    def generate(self, *args, **kwargs):
        raise AssertionError("asked a model")

    async def a_generate(self, *args, **kwargs):
        raise AssertionError("asked a model")

    def get_model_name(self, *args, **kwargs):
        return "mute"


def test_a_metric_is_an_assertion_of_a_run():
    metric = Share()
    report = judged(as_assertion(metric))
    (result,) = report.assertion_results

    assert (report.verdict, result.name, result.passed, result.expected) == ("PASS", "Share", True, 0.1)
    assert result.measured == pytest.approx(1 / 8)
    assert result.message == "of 8 words"


def test_a_metric_that_is_not_content_fails_the_run():
    report = judged(wrap_metric(Share(), threshold=0.9, name="words"))

    assert report.verdict == "FAIL"
    assert report.reason == "words: of 8 words"


def test_one_metric_serves_several_assertions_each_with_its_threshold():
    metric = Share(threshold=0.05)
    report = judged(as_assertion(metric), as_assertion(metric, threshold=0.9))

    assert [result.passed for result in report.assertion_results] == [True, False]
    assert [result.expected for result in report.assertion_results] == [0.05, 0.9]
    assert metric.threshold == 0.05


def test_a_metric_is_asked_in_real_time_after_the_run():
    metric = Share()
    report = judged(as_assertion(metric))
    ((_, took),) = metric.seen

    assert report.elapsed_s > 7
    assert took >= 0.003


def test_a_metric_may_be_made_when_it_is_needed():
    made = []

    def share():
        made.append(Share())
        return made[-1]

    assertion = as_assertion(share)
    before = len(made)
    report = judged(assertion, as_assertion(Share))

    assert (before, len(made)) == (0, 1)
    assert [(one.name, one.passed) for one in report.assertion_results] == [("share", True), ("Share", True)]


def test_a_function_may_make_a_conversational_metric():
    report = judged(as_assertion(lambda: Turns(), name="turns"))

    assert [(one.name, one.measured) for one in report.assertion_results] == [("turns", 2)]


@pytest.mark.parametrize(
    ("metric", "said"),
    [
        (Broken(), "the evaluator failed: ConnectionError: no such model"),
        (lambda: 1 / 0, "the evaluator failed: ZeroDivisionError: division by zero"),
        (Share(threshold=None), "the metric has no threshold (its score is 0.125)"),
    ],
    ids=["raises", "cannot be made", "judges nothing"],
)
def test_a_metric_that_cannot_judge_is_a_failed_assertion(metric, said):
    report = judged(as_assertion(metric))
    (result,) = report.assertion_results

    assert (report.verdict, result.passed) == ("FAIL", False)
    assert result.message.startswith(said)


def test_a_test_case_tells_of_the_run():
    case = build_llm_test_case(context(), ["refund"], "Your refund is on its way.")

    assert (case.input, case.actual_output) == (shop.QUESTION, ANSWER)
    assert case.expected_output == "Your refund is on its way."
    assert case.context == ["fault in turn 0: rate limit (429), retry after 7 s"]
    assert case.retrieval_context == ["refunded 1500 on order A-17"]
    assert case.tools_called == [
        cases.ToolCall(
            name="refund",
            input_parameters={"order": "A-17", "amount": 1500},
            output="refunded 1500 on order A-17",
        )
    ]
    assert [tool.name for tool in case.expected_tools] == ["refund"]


def test_turns_before_are_context():
    ctx = context()
    first = ctx.turn_results[0]
    later = {"turn_number": 2, "input": "When?", "response": "On Friday."}
    failed = {
        "turn_number": 1,
        "input": "Hello?",
        "response": "",
        "success": False,
        "error": "ValueError: no",
    }
    ctx.turn_results.extend([first.model_copy(update=failed), first.model_copy(update=later)])
    case = build_llm_test_case(ctx, turn=2)

    assert (case.input, case.actual_output) == ("When?", "On Friday.")
    assert case.context[:4] == [
        f"user: {shop.QUESTION}",
        f"assistant: {ANSWER}",
        "user: Hello?",
        "(failed: ValueError: no)",
    ]
    assert not case.tools_called


def test_a_conversation_tells_of_every_turn():
    case = build_conversational_test_case(
        context(), scenario="a refund", expected_outcome="paid", chatbot_role="clerk"
    )

    assert [(turn.role, turn.content) for turn in case.turns] == [
        ("user", shop.QUESTION),
        ("assistant", ANSWER),
    ]
    assert [tool.name for tool in case.turns[1].tools_called] == ["refund"]
    assert (case.scenario, case.expected_outcome, case.chatbot_role) == ("a refund", "paid", "clerk")


def test_a_conversational_metric_is_told_apart():
    report = judged(as_assertion(Turns(), chatbot_role="clerk"), as_assertion(Turns(threshold=3)))

    assert isinstance(as_assertion(Turns()), ConversationalDeepEvalAssertion)
    assert isinstance(as_assertion(Share()), DeepEvalAssertion)
    assert isinstance(as_assertion(lambda: Share(), chatbot_role="clerk"), ConversationalDeepEvalAssertion)
    assert [(one.passed, one.message) for one in report.assertion_results] == [
        (True, "clerk: user, assistant"),
        (False, "nobody: user, assistant"),
    ]


def test_deepevals_own_metrics_judge():
    report = judged(
        as_assertion(metrics.PatternMatchMetric(pattern=r"Your refund of \$[\d,]+ is on its way.*")),
        as_assertion(metrics.ExactMatchMetric(), expected_output="Something else."),
        as_assertion(
            lambda: metrics.ToolCorrectnessMetric(model=Mute()), expected_tools=["refund"], name="tools"
        ),
        as_assertion(
            lambda: metrics.ToolCorrectnessMetric(model=Mute()), expected_tools=["escalate"], name="others"
        ),
    )

    assert [one.passed for one in report.assertion_results] == [True, False, True, False]


def test_an_assertion_of_a_turn_is_about_that_turn():
    report = judged(of_turn=(as_assertion(Share()),))
    missing = as_assertion(Share(), turn=4)(context())

    assert [(one.turn, one.passed) for one in report.assertion_results] == [(0, True)]
    assert (missing.passed, missing.message) == (False, "turn 4 has not run")


SCENARIO = """
import os

os.environ.setdefault("DEEPEVAL_TELEMETRY_OPT_OUT", "1")

from deepeval.metrics import PatternMatchMetric

from agent_chaos.chaos import llm_rate_limit
from agent_chaos.integrations.deepeval import as_assertion
from agent_chaos.scenario import BaselineScenario
from tests.search.shop import QUESTION, careful

shop = BaselineScenario(name="shop", agent=careful, turns=[QUESTION])
limited = shop.variant(
    name="limited",
    chaos=[llm_rate_limit().attempts(1)],
    assertions=[as_assertion(PatternMatchMetric(pattern={pattern!r}), name="pattern")],
)
scenarios = [limited]
"""


@pytest.mark.parametrize(("pattern", "code"), [("Your refund.*", 0), ("Goodbye.*", 1)])
def test_the_command_asks_metrics_too(pattern, code, tmp_path, capsys):
    shop.write_project(tmp_path)
    (tmp_path / "judged.py").write_text(SCENARIO.format(pattern=pattern))

    assert run_command(["run", "judged.py"]) == code
    assert f"{'✗' if code else '✓'} pattern: " in capsys.readouterr().out
