"""Configured faults strike where their triggers say, below the real SDK, and a run that they missed has not passed."""

import time

import anthropic
import openai
import pytest
from pydantic import ValidationError

import agent_chaos
from agent_chaos.chaos import (
    LLMChaos,
    Plan,
    ToolChaos,
    between_turns,
    context_mutate,
    history_inject,
    history_truncate,
    llm_auth_error,
    llm_context_length,
    llm_rate_limit,
    llm_server_error,
    llm_slow_ttft,
    llm_stream_cut,
    llm_stream_hang,
    llm_timeout,
    llm_truncate,
    on_turn,
    tool_empty,
    tool_error,
    tool_mutate,
    tool_raise,
    tool_timeout,
    user_input_mutate,
)
from agent_chaos.chaos.constructors import plan_source
from agent_chaos.errors import PlanError, ScenarioError
from agent_chaos.run.run import run_rehearsed
from agent_chaos.scenario import (
    BaselineScenario,
    ChaosScenario,
    CompletesWithin,
    ExpectError,
    MaxInputTokens,
    MaxInputTokensPerCall,
    MaxLLMCalls,
    MaxOutputTokens,
    MaxOutputTokensPerCall,
    MaxTokens,
    MaxTokensPerCall,
    MaxTokensPerTurn,
    MinChaosInjected,
    TokenBurstDetection,
    TurnResponseContains,
    at,
)
from agent_chaos.search.corpus.failure_files import Corpus, failure_of
from agent_chaos.trial.injector import ChaosInjector
from agent_chaos.trial.rehearsal import Rehearsal
from tests.search import shop
from tests.spoken import spoken
from tests.standin.said import Said
from tests.trials import recorded, scenario


def ran(*chaos, agent=shop.careful, seed=None, **fields):
    """The report of the shop's agent with chaos."""
    one = ChaosScenario(name="shop", agent=agent, turns=(shop.QUESTION,), chaos=chaos, **fields)
    return run_rehearsed(Rehearsal(one, cassette=shop.cassette()), seed=seed).report


def test_without_a_trigger_a_fault_strikes_every_attempt_of_the_first_call():
    report = ran(llm_rate_limit(retry_after=7))

    assert (report.verdict, report.llm_calls) == ("PASS", 1), (
        "the SDK's own error, for a fault that stays, is fair"
    )
    assert "RateLimitError" in report.error
    assert report.metrics.calls.retries == 1
    assert report.elapsed_s > 7


def persistent(ctx, text):
    """Asks again by itself where a call fails; its client does not."""
    for _ in range(3):
        try:
            return shop.careful(ctx, text, max_retries=0)
        except anthropic.RateLimitError:
            time.sleep(5)
    raise shop.Unavailable("three attempts")


def test_a_retry_of_the_agents_own_is_a_call_of_its_own():
    once = ran(llm_rate_limit(retry_after=5).on_call(0), agent=persistent)
    always = ran(llm_rate_limit(retry_after=5).on_turn(0), agent=persistent)

    assert (once.verdict, once.llm_calls, once.metrics.calls.retries) == ("PASS", 3, 0)
    assert (always.verdict, always.llm_calls, always.metrics.calls.retries) == ("PASS", 3, 0)


def test_a_fault_is_told_with_the_call_of_the_run_that_it_struck():
    report = ran(llm_rate_limit(retry_after=5).on_turn(0), agent=persistent)

    struck = [told.partition(": ")[0] for told in report.faults_fired]
    assert struck == ["call 0", "call 0, retry 1", "call 0, retry 2"]
    assert [fault.call_id for fault in report.metrics.faults] == ["call-0", "call-1", "call-2"]


def test_the_retry_absorbs_a_fault_of_one_attempt():
    report = ran(llm_rate_limit(retry_after=7).attempts(1))

    assert (report.verdict, report.llm_calls, report.metrics.calls.retries) == ("PASS", 2, 1)
    assert report.faults_fired == ("call 0: rate limit (429), retry after 7 s, absorbed by the SDK's retry",)


def test_what_no_retry_made_up_for_is_not_called_absorbed():
    report = ran(llm_server_error())

    assert report.faults_fired
    assert not any("absorbed" in told for told in report.faults_fired)


@pytest.mark.parametrize(
    ("chaos", "struck"),
    [
        (llm_server_error().on_call(1), ["call-1"]),
        (llm_server_error().after_calls(1), ["call-1"]),
        (llm_server_error().on_turn(0).on_call(1), ["call-1"]),
        (llm_server_error().for_provider("anthropic"), ["call-0"]),
        (llm_server_error().always(), ["call-0"]),
        (LLMChaos.server_error(on=on_turn(0)), ["call-0"]),
        (llm_server_error().at("call 1.1"), []),
        (llm_server_error().with_probability(0.0), []),
        (llm_server_error().with_probability(1.0), ["call-0"]),
    ],
    ids=str,
)
def test_a_trigger_says_which_call(chaos, struck):
    report = ran(chaos)

    assert list(dict.fromkeys(record.call_id for record in report.metrics.faults)) == struck


@pytest.mark.parametrize(
    ("chaos", "error"),
    [
        (llm_timeout(delay=5), "APITimeoutError|APIConnectionError"),
        (llm_auth_error(), "AuthenticationError"),
        (llm_auth_error("no such key"), "no such key"),
        (llm_context_length(), "BadRequestError"),
        (llm_stream_cut(after_chunks=3), "ReadError"),
        (tool_raise(error_type="ValueError"), "ValueError"),
    ],
    ids=str,
)
def test_the_error_is_the_one_the_sdk_or_the_tool_raises(chaos, error):
    report = ran(chaos, assertions=[ExpectError(error)])

    assert report.verdict == "PASS", report.reason


def test_a_hanging_stream_hangs_for_as_long_as_it_says():
    report = ran(llm_stream_hang(after_chunks=3, hang_seconds=90), assertions=[CompletesWithin(30)])

    assert report.verdict == "FAIL"
    assert report.assertion_results[0].measured == pytest.approx(90, abs=5)


@pytest.mark.parametrize(
    ("chaos", "result"),
    [
        (tool_error("out of order"), {"error": "out of order"}),
        (ToolChaos.error("refund", 'a "quoted" word'), {"error": 'a "quoted" word'}),
        (tool_empty(), ""),
        (tool_timeout(5), "Tool timed out after 5s"),
        (tool_mutate(lambda name, result: f"{name}: {result}!"), "refund: refunded 1500 on order A-17!"),
        (tool_mutate(lambda ctx, name, result: f"{ctx.name}"), "shop"),
    ],
    ids=str,
)
def test_the_agents_own_code_sees_what_a_faulted_tool_gives(chaos, result):
    report = ran(chaos)
    seen = [entry["result"] for entry in report.conversation if entry["type"] == "tool_result"]

    assert seen == [result]
    assert report.verdict == ("UNDECIDED" if "mutate" in str(chaos) else "PASS"), report.reason


def test_what_the_model_is_asked_can_be_changed():
    def shout(messages):
        return [{**messages[0], "content": "REFUND"}, *messages[1:]]

    report = ran(context_mutate(shout))

    assert report.verdict == "UNDECIDED"
    assert report.metrics.faults[0].mutated[0]["content"] == "REFUND"


def test_what_the_user_says_can_be_changed_in_its_turn():
    report = ran(user_input_mutate(str.upper).on_turn(0))

    fault = report.metrics.faults[0]

    assert (fault.original, fault.mutated) == (shop.QUESTION, shop.QUESTION.upper())
    assert report.verdict == "UNDECIDED"


@pytest.mark.parametrize(
    ("chaos", "why"),
    [
        (llm_rate_limit().after_calls(2), "the agent made 2 calls; after_calls(2) needs 3"),
        (llm_rate_limit().on_call(5), "the agent made 2 calls; on_call(5) needs 6"),
        (tool_error().for_tool("weather"), "the tool 'weather' was not called (called: refund)"),
        (llm_rate_limit().for_provider("openai"), "none of which its conditions allow"),
        (history_truncate(3).between_turns(0, 1).on_turn(0), "none of which its conditions allow"),
    ],
    ids=str,
)
def test_a_fault_that_did_not_fire_makes_a_run_not_tested_and_says_why(chaos, why):
    one = ChaosScenario(
        name="shop", agent=shop.careful, turns=(shop.QUESTION, shop.QUESTION)[:2], chaos=(chaos,)
    )
    report = run_rehearsed(
        Rehearsal(one.model_copy(update={"turns": one.turns[:1]}), cassette=shop.cassette())
    ).report

    assert (report.verdict, report.passed) == ("NOT TESTED", False)
    assert why in report.reason


@pytest.mark.parametrize(
    "chaos", [tool_error(), tool_error().for_tool("weather"), tool_empty().on_call(1)], ids=str
)
def test_a_tool_fault_in_a_run_without_tool_calls_says_which_functions_are_seen(chaos):
    (why,) = ChaosInjector((chaos,), seed=0).unfired()

    assert why.endswith("no tool was called; of plain functions, only those under @agent_chaos.tool are seen")


def test_it_may_be_allowed_not_to_fire():
    assert ran(llm_rate_limit().on_call(5), allow_unfired=True).passed


def test_scenarios_of_one_seed_do_not_all_draw_the_same():
    chaos = llm_rate_limit().attempts(1).with_probability(0.5)
    base = shop.scenario(shop.careful)
    variants = [base.variant(name=f"v{number}", chaos=[chaos]) for number in range(12)]
    struck = {
        len(run_rehearsed(Rehearsal(one, cassette=shop.cassette()), seed=4).report.metrics.faults)
        for one in variants
    }

    assert len(struck) > 1


def test_chance_is_seeded():
    chaos = llm_rate_limit().attempts(1).with_probability(0.5)
    struck = [[len(ran(chaos, seed=seed).metrics.faults) for seed in range(6)] for _ in range(2)]

    assert struck[0] == struck[1]
    assert {0, 1} <= set(struck[0])


def test_a_builder_is_immutable():
    plain = llm_rate_limit()
    plain.on_turn(1).for_tool("x")

    assert str(plain) == "llm_rate_limit(retry_after=30.0)"


def test_every_fault_of_a_plan_has_a_spelling_that_strikes_the_same():
    plan = Plan.of([("call 0", llm_truncate(boundary="mid_number", offset=0).fault)])
    spelled = plan_source(plan)
    namespace = {"llm_truncate": llm_truncate}
    chaos = eval(spelled.removeprefix("chaos="), namespace)  # what a user pastes
    report = ran(*chaos, agent=shop.careless)

    assert spelled == 'chaos=[llm_truncate(boundary="mid_number", offset=0).at("call 0")]'
    assert report.faults_fired == (str(plan),)


def test_a_stored_failure_is_chaos(tmp_path):
    subject = shop.rehearsal()
    outcome = subject.trial(shop.TRUNCATED)
    failure = failure_of(
        subject, outcome.violations[0], shop.TRUNCATED, seed=0, smallest=True, checks=1, runs_seen=1
    )
    stored = Corpus(tmp_path).save(failure)
    report = ran(agent_chaos.plan(stored.id, folder=tmp_path), agent=shop.careless)

    assert report.verdict == "FAIL"
    assert report.faults_fired == (str(shop.TRUNCATED),)


def baseline(**fields):
    return BaselineScenario(name="shop", description="d", agent=shop.careful, turns=("one", "two"), **fields)


def test_a_variant_inherits_and_adds():
    one = baseline(tags=("a",), assertions=(MaxLLMCalls(9),))
    variant = one.variant(
        name="limited", tags=["b"], assertions=[MaxTokens(10)], turns=[at(1, [llm_rate_limit()])]
    )

    assert (variant.parent, variant.description, variant.tags) == ("shop", "d", ("a", "b"))
    assert variant.assertions == (MaxLLMCalls(9), MaxTokens(10))
    assert variant.cassette_path == one.cassette_path
    assert [str(chaos) for chaos in variant.every_chaos] == ["llm_rate_limit(retry_after=30.0).on_turn(1)"]


@pytest.mark.parametrize("turn", [-1, 2])
def test_a_turn_that_does_not_exist_is_an_error_with_the_valid_range(turn):
    with pytest.raises(ScenarioError, match=r"turns count from 0 to 1"):
        baseline().variant(name="v", turns=[at(turn)])


def test_a_trigger_of_a_turn_that_does_not_exist_is_an_error():
    with pytest.raises(ValidationError, match=r"there is no turn 2; turns count from 0 to 1"):
        baseline().variant(name="v", chaos=[llm_rate_limit().on_turn(2)])


def test_an_unknown_provider_is_an_error():
    with pytest.raises(ValidationError, match="unknown provider 'nobody'"):
        baseline(providers=("nobody",))
    with pytest.raises(PlanError, match="unknown provider"):
        llm_rate_limit().for_provider("nobody")


def test_assertions_measure_and_expect():
    report = ran(
        llm_rate_limit().attempts(1),
        assertions=[
            MaxLLMCalls(1),
            MinChaosInjected(1),
            TurnResponseContains("REFUND of $1,500"),
            lambda ctx: 1 / 0,
        ],
    )
    found = [(one.name, one.passed, one.measured, one.expected) for one in report.assertion_results]

    assert report.verdict == "FAIL"
    assert found[:2] == [("max_llm_calls", False, 2, 1), ("min_chaos_injected", True, 1, 1)]
    assert [one[1] for one in found] == [False, True, True, False]
    assert "ZeroDivisionError" in report.assertion_results[3].message


def test_too_little_chaos_names_what_did_not_fire_and_a_tool_that_was_meant():
    report = ran(tool_error().for_tool("refnd"), assertions=[MinChaosInjected(1)])
    (found,) = report.assertion_results

    assert found.message == (
        "0 faults, expected at least 1; tool_error(message='Tool error').for_tool(\"refnd\") did not fire: the tool "
        "'refnd' was not called (called: refund); did you mean 'refund'?; tools called: refund"
    )


def test_of_two_faults_of_one_call_the_second_is_told_what_was_first():
    report = ran(llm_slow_ttft(2).on_call(0), llm_slow_ttft(3).on_call(0))

    assert report.verdict == "NOT TESTED"
    assert "already applies to this call: llm_slow_ttft(delay=2).on_call(0)" in report.reason


def test_a_mutator_that_changes_nothing_is_named_as_such():
    report = ran(context_mutate(lambda messages: messages))

    assert report.verdict == "NOT TESTED"
    assert report.reason.endswith("did not fire: its function changed nothing")


def fails(*values):
    raise LookupError("no such message")


@pytest.mark.parametrize(
    ("chaos", "why"),
    [
        (context_mutate(fails), "context_mutate[fails]: its function fails: LookupError: no such message"),
        (tool_mutate(fails), "tool_mutate[fails]: its function fails: LookupError: no such message"),
        (
            user_input_mutate(fails),
            "user_input_mutate[fails]: its function fails: LookupError: no such message",
        ),
        (context_mutate(print), "context_mutate[print]: its function gave None, expected a list of messages"),
        (user_input_mutate(len), "user_input_mutate[len]: its function gave 41, expected a text"),
        (
            tool_mutate(lambda name, result: {name}),
            "its function fails: TypeError: Object of type set is not JSON",
        ),
    ],
    ids=["context", "tool", "user", "no messages", "no text", "no JSON"],
)
def test_a_mutator_that_fails_is_not_the_agents_failure(chaos, why):
    report = ran(chaos, assertions=[CompletesWithin(9)])

    assert report.verdict == "HARNESS ERROR"
    assert why in report.reason


@pytest.mark.parametrize(
    "spelled", [lambda: history_truncate(1).between_turns(0, 2), lambda: between_turns(1, 1)]
)
def test_between_turns_takes_two_turns_in_a_row_however_it_is_spelled(spelled):
    with pytest.raises((PlanError, ValidationError), match="expected two turns in a row, as in"):
        spelled()


def test_an_assertion_that_was_not_made_is_an_error_and_an_async_one_fails():
    async def later(ctx):
        return True

    with pytest.raises(ValidationError, match=r"CompletesWithin is a class; write CompletesWithin\(...\)"):
        ran(llm_rate_limit(), assertions=[CompletesWithin])
    (found,) = ran(llm_rate_limit().attempts(1), assertions=[later]).assertion_results

    assert (found.passed, found.message) == (False, "is async; expected a function")


def test_what_a_plain_assertion_gave_is_told():
    report = ran(llm_rate_limit().attempts(1), assertions=[lambda ctx: None, lambda ctx: ctx.error is None])

    assert [(one.passed, one.message) for one in report.assertion_results] == [
        (False, "gave None"),
        (True, "gave True"),
    ]


def of_openai(ctx, text):
    """Does not ask for the tokens of its stream."""
    asked = {"model": "gpt-5-mini", "messages": [{"role": "user", "content": text}]}
    with openai.OpenAI(api_key="unused").chat.completions.create(**asked, stream=True) as stream:
        return "".join(chunk.choices[0].delta.content or "" for chunk in stream)


def test_tokens_that_the_provider_does_not_tell_are_no_few_tokens():
    limits = [
        MaxTokens(9),
        MaxInputTokens(9),
        MaxOutputTokens(9),
        MaxTokensPerCall(9),
        MaxInputTokensPerCall(9),
    ]
    more = [
        MaxOutputTokensPerCall(9),
        MaxTokensPerTurn(9),
        MaxTokensPerTurn(9, turn=0),
        TokenBurstDetection(),
    ]
    base = scenario(of_openai, assertions=[*limits, *more, MaxLLMCalls(1)])
    kept = recorded(base, [spoken("openai_chat", Said("Good morning."), stream=True)])
    report = run_rehearsed(Rehearsal(base, cassette=kept)).report
    passed = {one.name for one in report.assertion_results if one.passed}

    assert (report.verdict, passed) == ("FAIL", {"max_llm_calls"})
    assert "0 tokens, expected at most 9, but for 1 of 1 calls the provider told no tokens" in report.reason


def test_tokens_of_streamed_calls_are_counted():
    report = ran(llm_rate_limit().attempts(1), assertions=[MaxTokens(1)])

    assert report.metrics.total_tokens > 1
    assert report.verdict == "FAIL"


def test_messages_injected_at_random_stand_anywhere_and_for_one_history_at_one_place():
    inject = history_inject([{"role": "user", "content": "!"}], position="random")
    histories = [[{"role": "user", "content": f"{seed} {i}"} for i in range(5)] for seed in range(40)]
    places = [inject.mutator(history).index({"role": "user", "content": "!"}) for history in histories]

    assert set(places) == set(range(6))
    assert places == [
        inject.mutator(history).index({"role": "user", "content": "!"}) for history in histories
    ]
