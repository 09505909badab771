"""Every public name of 0.1.3 can be imported from where it was, or MIGRATION.md says what stands in its place."""

from __future__ import annotations

import importlib
from inspect import signature
from pathlib import Path

import pytest

from agent_chaos.chaos import LLMChaos, StreamChaos, ToolChaos, compat
from agent_chaos.chaos.base import TriggerConfig
from agent_chaos.errors import ScenarioError
from agent_chaos.events import event
from agent_chaos.scenario import loader
from agent_chaos.types import ChaosAction, ChaosPoint
from tests.forked import command

HERE = Path(__file__).parent
MIGRATION = (HERE.parent.parent / "MIGRATION.md").read_text()

NAMES = {
    "agent_chaos": """chaos_context ChaosContext BaselineScenario ChaosScenario Scenario Turn TurnResult at ChaosSpace
        LLMFuzzConfig StreamFuzzConfig ToolFuzzConfig ContextFuzzConfig fuzz_chaos fuzz""",
    "agent_chaos.types": "ChaosPoint ChaosAction TurnInputGenerator TurnInput",
    "agent_chaos.chaos": """Chaos ChaosPoint ChaosResult ChaosBuilder UserInputChaos user_input_mutate LLMChaos
        llm_rate_limit llm_timeout llm_server_error llm_auth_error llm_context_length StreamChaos llm_stream_cut
        llm_stream_hang llm_slow_ttft llm_slow_chunks ToolChaos tool_error tool_empty tool_timeout tool_mutate
        ContextChaos context_mutate HistoryMutateChaos HistoryTruncateChaos HistoryInjectChaos history_mutate
        history_truncate history_inject
        RateLimitChaos TimeoutChaos ServerErrorChaos AuthErrorChaos ContextLengthChaos StreamCutChaos
        StreamHangChaos SlowTTFTChaos SlowChunksChaos ToolErrorChaos ToolEmptyChaos ToolTimeoutChaos
        ToolMutateChaos ContextMutateChaos UserInputMutateChaos
        on_call after_calls on_turn after_turns between_turns with_probability""",
    "agent_chaos.chaos.base": "TriggerConfig ChaosAction",
    "agent_chaos.scenario": """BaselineScenario ChaosScenario Scenario Turn TurnResult at run_scenario RunReport
        AssertionResult CompletesWithin MaxLLMCalls MinLLMCalls MaxFailedCalls MinChaosInjected ExpectError
        TurnCompletes TurnCompletesWithin TurnResponseContains TurnMaxLLMCalls AllTurnsComplete
        RecoveredAfterFailure MaxTotalLLMCalls MaxTokens MaxInputTokens MaxOutputTokens MaxTokensPerCall
        MaxInputTokensPerCall MaxOutputTokensPerCall MaxTokensPerTurn TokenBurstDetection""",
    "agent_chaos.scenario.loader": """load_target load_scenario load_scenario_by_index load_scenarios
        load_scenarios_from_dir""",
    "agent_chaos.core": "ChaosContext ChaosInjector Recorder MetricsStore",
    "agent_chaos.events": """TraceStartEvent TraceEndEvent SpanStartEvent SpanEndEvent FaultInjectedEvent TTFTEvent
        StreamCutEvent StreamStatsEvent TokenUsageEvent ToolUseEvent ToolStartEvent ToolEndEvent Event EventSink
        MultiSink NullSink ListSink JsonlSink read_events""",
    "agent_chaos.integrations.deepeval": """as_assertion wrap_metric DeepEvalAssertion
        ConversationalDeepEvalAssertion build_llm_test_case build_conversational_test_case""",
    "agent_chaos.integrations.pydantic_evals": "as_assertion PydanticEvalsAssertion build_evaluator_context",
}
GONE = [
    "agent_chaos.fuzz",
    "agent_chaos.event",
    "UISink",
    "EventBus",
    "ChaosPatcher",
    "BaseProviderPatcher",
    "PROVIDER_REGISTRY",
]


@pytest.mark.parametrize(
    ("module", "name"), [(module, name) for module, names in NAMES.items() for name in names.split()]
)
def test_a_name_is_where_it_was(module, name):
    pytest.importorskip(module, exc_type=ImportError)

    assert hasattr(importlib.import_module(module), name)


@pytest.mark.parametrize("module", ["chaos", "scenario", "core", "events"])
def test_a_star_imports_every_name_but_the_concrete_classes(module):
    given: dict[str, object] = {}
    exec(f"from agent_chaos.{module} import *", given)
    known = NAMES[f"agent_chaos.{module}"].split()

    assert [name for name in known if name not in given and name not in compat.CONCRETE] == []


@pytest.mark.parametrize("name", GONE)
def test_what_is_gone_is_told(name):
    assert f"`{name}`" in MIGRATION


FIELDS = {
    "agent_chaos.chaos:llm_rate_limit": "retry_after",
    "agent_chaos.chaos:llm_timeout": "delay",
    "agent_chaos.chaos:llm_server_error": "message",
    "agent_chaos.chaos:llm_auth_error": "message",
    "agent_chaos.chaos:llm_context_length": "message",
    "agent_chaos.chaos:llm_stream_cut": "after_chunks",
    "agent_chaos.chaos:llm_stream_hang": "after_chunks",
    "agent_chaos.chaos:llm_slow_ttft": "delay",
    "agent_chaos.chaos:llm_slow_chunks": "delay",
    "agent_chaos.chaos:tool_error": "message",
    "agent_chaos.chaos:tool_timeout": "timeout_seconds",
    "agent_chaos.chaos:history_truncate": "keep_last keep_system",
    "agent_chaos.chaos:history_inject": "messages position",
    "agent_chaos:at": "turn chaos assertions",
    "agent_chaos:Turn": "input",
    "agent_chaos:fuzz_chaos": "scenario n seed space tag",
    "agent_chaos:fuzz": "n seed space",
    "agent_chaos:chaos_context": "name chaos providers emit_events event_sink description",
    "agent_chaos.scenario:run_scenario": "scenario artifacts_dir seed record_events",
    "agent_chaos.scenario:AssertionResult": "name passed message measured expected",
    "agent_chaos.scenario:CompletesWithin": "timeout_s name",
    "agent_chaos.scenario:MaxLLMCalls": "max_calls",
    "agent_chaos.scenario:MinLLMCalls": "min_calls",
    "agent_chaos.scenario:MaxFailedCalls": "max_failed",
    "agent_chaos.scenario:MinChaosInjected": "min_chaos",
    "agent_chaos.scenario:ExpectError": "pattern allows_error",
    "agent_chaos.scenario:TurnCompletes": "turn expect_error",
    "agent_chaos.scenario:TurnCompletesWithin": "timeout_s turn",
    "agent_chaos.scenario:TurnResponseContains": "substring turn case_sensitive",
    "agent_chaos.scenario:TurnMaxLLMCalls": "max_calls turn",
    "agent_chaos.scenario:AllTurnsComplete": "allow_failures",
    "agent_chaos.scenario:RecoveredAfterFailure": "failed_turn",
    "agent_chaos.scenario:MaxTotalLLMCalls": "max_calls",
    "agent_chaos.scenario:MaxTokensPerTurn": "max_tokens turn",
    "agent_chaos.scenario:TokenBurstDetection": "absolute_max burst_multiplier min_calls_for_average mode",
    "agent_chaos.scenario.loader:load_scenarios": "targets glob recursive",
    "agent_chaos.scenario.loader:load_scenarios_from_dir": "dir glob recursive",
    "agent_chaos.integrations.deepeval:as_assertion": """metric threshold expected_tools expected_output turn name
        scenario expected_outcome chatbot_role""",
    "agent_chaos.integrations.pydantic_evals:as_assertion": """evaluator threshold expected_output turn name
        include_chaos_info""",
}
"""The arguments of 0.1.3, in order."""


@pytest.mark.parametrize("where", FIELDS)
def test_arguments_have_their_names_and_places(where):
    module, _, name = where.partition(":")
    pytest.importorskip(module, exc_type=ImportError)
    found = list(signature(getattr(importlib.import_module(module), name)).parameters)
    wanted = FIELDS[where].split()

    assert found[: len(wanted)] == wanted


def test_enums_have_the_values_they_had():
    assert [one.value for one in ChaosPoint] == [
        "user_input",
        "llm_call",
        "stream",
        "tool_result",
        "messages",
    ]
    assert [one.value for one in ChaosAction] == ["proceed", "raise", "mutate", "hang", "delay"]


def test_events_are_told_apart_as_they_were():
    types = {
        one.model_fields["type"].default
        for one in vars(event).values()
        if hasattr(one, "model_fields") and "type" in one.model_fields
    }

    assert types == {
        "trace_start",
        "trace_end",
        "span_start",
        "span_end",
        "fault_injected",
        "ttft",
        "stream_cut",
        "stream_stats",
        "token_usage",
        "tool_use",
        "tool_start",
        "tool_end",
    }


CLASSES = [
    (
        "RateLimitChaos",
        {"retry_after": 5.0, "on_call": 1},
        LLMChaos.rate_limit(5.0, on=TriggerConfig(on_call=1)),
    ),
    ("TimeoutChaos", {"timeout_seconds": 9.0}, LLMChaos.timeout(9.0)),
    ("StreamCutChaos", {"after_chunks": 3, "on_turn": 0}, StreamChaos.cut(3, on=TriggerConfig(on_turn=0))),
    ("ToolErrorChaos", {"error_message": "down"}, ToolChaos.error(message="down")),
]


@pytest.mark.parametrize(("name", "fields", "same"), CLASSES, ids=[name for name, *_ in CLASSES])
def test_a_class_of_0_1_3_takes_its_arguments_and_conditions(name, fields, same):
    made = getattr(importlib.import_module("agent_chaos.chaos"), name)(**fields)

    assert (made.fault, made.trigger) == (same.fault, same.trigger)


def test_the_loaders_functions_load_what_they_loaded(monkeypatch):
    monkeypatch.chdir(HERE)
    every = [one.name for one in loader.load_scenarios(["shop_support.py"])]

    assert loader.load_scenario("shop_support.py").name == every[0] == "shop-support"
    assert loader.load_scenario_by_index("shop_support.py", 2).name == every[2] == "slow-provider"
    assert loader.load_target("shop_support.py:forgetful").name == "forgetful"
    assert [one.name for one in loader.load_target("shop_support.py")] == every
    assert set(every) <= {one.name for one in loader.load_scenarios_from_dir(HERE, glob="shop_s*.py")}
    with pytest.raises(ScenarioError, match="count from 0 to 6"):
        loader.load_scenario_by_index("shop_support.py", 7)


def test_the_command_is_a_module_too():
    done = command(HERE, "run", "shop_support.py", "--dry-run")

    assert done.returncode == 0, done.stderr
    assert "rate-limited" in done.stdout
