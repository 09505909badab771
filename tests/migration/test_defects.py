"""What was wrong in 0.1.3 and is right today: a test for each defect, by its number in the list that MIGRATION.md tells."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path
from typing import Any

import anthropic
import pytest

import agent_chaos
from agent_chaos import (
    BaselineScenario,
    ChaosSpace,
    LLMFuzzConfig,
    StreamFuzzConfig,
    ToolFuzzConfig,
    Turn,
    at,
    fuzz_chaos,
)
from agent_chaos.chaos import (
    StreamChaos,
    history_inject,
    history_mutate,
    history_truncate,
    llm_auth_error,
    llm_context_length,
    llm_malformed_arguments,
    llm_misdelivered_event,
    llm_rate_limit,
    llm_server_error,
    llm_slow_chunks,
    llm_slow_ttft,
    llm_stream_cut,
    llm_stream_hang,
    llm_timeout,
    on_turn,
    tool_error,
    user_input_mutate,
)
from agent_chaos.cli import run_command
from agent_chaos.errors import ScenarioError
from agent_chaos.events import read_events
from agent_chaos.run.run import run_rehearsed
from agent_chaos.scenario import ChaosScenario, CompletesWithin, ExpectError, MaxTokens, run_scenario
from agent_chaos.trial.rehearsal import Rehearsal
from tests.migration import shop_agent
from tests.migration.desk import (
    KEY,
    ORDER,
    STOCK,
    STREAMED,
    STYLES,
    THANKS,
    plain,
    ran,
    streaming,
    stubborn,
)
from tests.search import plain as plain_agents
from tests.search.shop import save
from tests.spoken import spoken
from tests.standin.said import Said
from tests.trials import recorded

HERE = Path(__file__).parent


def turns_struck(report: Any) -> set[int]:
    return {fault.turn for fault in report.metrics.faults}


@pytest.mark.parametrize(
    "chaos", [llm_rate_limit(retry_after=7.0), llm_timeout(delay=7.0), llm_server_error()], ids=str
)
def test_01_the_sdks_retries_run_and_absorb_what_passes(chaos):
    clean, report = ran(agent=plain()), ran(chaos.on_call(0).attempts(1), agent=plain())

    assert report.verdict == "PASS", report.reason
    assert (report.llm_calls, report.metrics.calls.retries) == (clean.llm_calls, 1)
    assert report.agent_output == clean.agent_output


@pytest.mark.parametrize("chaos", [llm_auth_error(), llm_context_length()], ids=str)
def test_01_the_sdk_does_not_retry_what_does_not_pass(chaos):
    report = ran(chaos, agent=plain())

    assert report.error
    assert report.metrics.calls.retries == 0


def test_01_retry_after_is_a_header_that_the_client_obeys():
    seen = []

    def agent(ctx, text):
        try:
            return plain(max_retries=1)(ctx, text)
        except anthropic.RateLimitError as exc:
            seen.append(exc.response.headers["retry-after"])
            raise

    report = ran(llm_rate_limit(retry_after=7.0), agent=agent, turns=(ORDER,))

    assert seen == ["7"]
    assert report.metrics.history[0].attempts == 2
    assert report.elapsed_s >= 7


def test_02_a_fault_without_a_trigger_fires():
    assert turns_struck(ran(llm_rate_limit(), agent=plain())) == {0}


def test_03_a_timeout_waits_for_as_long_as_it_says():
    chaos = llm_timeout(delay=20.0)
    report = ran(chaos.attempts(1), agent=plain())

    assert str(chaos) == "llm_timeout(delay=20.0)"
    assert report.metrics.history[0].latency >= 20


def test_03_a_timeout_waits_no_longer_than_its_client():
    report = ran(llm_timeout(delay=20.0).attempts(1), agent=plain(timeout=3.0))

    assert 3 <= report.metrics.history[0].latency < 20


def fuzzed(space: ChaosSpace) -> list[str]:
    base = BaselineScenario(
        name="desk",
        agent=plain(),
        turns=(ORDER, STOCK, THANKS),
        cassette=HERE / "cassettes/shop-support.msgpack",
    )
    return [str(chaos) for one in fuzz_chaos(base, n=8, seed=1, space=space) for chaos in one.every_chaos]


def test_04_fuzzed_settings_reach_their_faults():
    only = {"stream": StreamFuzzConfig.disabled(), "max_per_scenario": 1}
    tools = fuzzed(
        ChaosSpace(
            llm=LLMFuzzConfig.disabled(),
            tool=ToolFuzzConfig(fuzz_any=True, faults=["error"], error_messages=["shelf on fire"]),
            **only,
        )
    )
    waits = fuzzed(
        ChaosSpace(
            llm=LLMFuzzConfig(faults=["timeout"], timeout_range=(17, 17)),
            tool=ToolFuzzConfig.disabled(),
            **only,
        )
    )

    assert len(tools) == len(waits) == 8
    assert all("shelf on fire" in chaos for chaos in tools)
    assert all(re.match(r"llm_timeout\(delay=17(\.0)?\)", chaos) for chaos in waits)


def test_05_calls_count_in_the_turn_that_is_named():
    report = ran(llm_server_error().on_turn(1).on_call(1), agent=plain())

    assert {fault.call_id for fault in report.metrics.faults} == {"call-3"}
    assert turns_struck(report) == {1}


def first_only(messages):
    return messages[:1]


@pytest.mark.parametrize(
    "chaos",
    [
        history_truncate(keep_last=1),
        history_mutate(first_only),
        history_inject([{"role": "user", "content": "Ignore that."}]),
    ],
    ids=str,
)
def test_06_history_changes_between_turns(chaos):
    report = ran(chaos.between_turns(0, 1), agent=plain())
    (fault,) = report.metrics.faults

    assert (fault.turn, fault.call_id) == (1, "call-2")
    assert fault.mutated or fault.original


def test_07_what_the_user_says_changes_in_the_named_turn_only():
    report = ran(user_input_mutate(str.upper).on_turn(1), agent=plain())

    assert turns_struck(report) == {1}
    assert [turn.input for turn in report.turn_results][:2] == [ORDER, STOCK.upper()]


def test_07_a_turn_that_is_left_out_is_not_changed():
    report = ran(user_input_mutate(str.upper), agent=plain())

    assert report.metrics.faults[0].mutated == ORDER.upper()


@pytest.mark.parametrize(
    ("chaos", "struck"),
    [
        (llm_stream_cut(after_chunks=4).on_turn(1), ["call-2"]),
        (llm_stream_cut(after_chunks=4).on_call(1), ["call-1"]),
        (StreamChaos.cut(4, on=on_turn(0)), ["call-0"]),
        (llm_slow_ttft(delay=3.0).on_turn(1), ["call-2", "call-3"]),
        (llm_slow_chunks(delay=1.0).after_calls(3), ["call-3"]),
        (llm_stream_cut(after_chunks=4).for_provider("openai"), []),
    ],
    ids=str,
)
def test_08_stream_faults_obey_their_triggers(chaos, struck):
    report = ran(chaos, agent=streaming(), recording=STREAMED)

    assert list(dict.fromkeys(fault.call_id for fault in report.metrics.faults)) == struck


def test_08_a_fault_of_a_turn_does_not_leak_into_the_next():
    report = ran(
        agent=stubborn(),
        recording=STREAMED,
        turns=(Turn(ORDER, chaos=[llm_stream_cut(after_chunks=4).on_call(0)]), Turn(STOCK)),
    )

    assert report.verdict == "PASS", report.reason
    assert turns_struck(report) == {0}
    assert report.metrics.stream.stream_cuts == 1


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("chaos", [llm_stream_cut(after_chunks=3), llm_slow_ttft(delay=5.0)], ids=str)
def test_09_every_way_to_stream_gets_stream_faults_and_is_counted(style, chaos, tmp_path):
    path, said = tmp_path / "one.msgpack", Said("One two three four five six.")
    base = BaselineScenario(name="one", agent=STYLES[style], turns=("go",), cassette=path)
    save(recorded(base, [spoken("anthropic_messages", said, stream=True)]), path)
    clean, report = run_scenario(base), run_scenario(base.variant(name="broken", chaos=[chaos]))

    assert (clean.passed, clean.agent_output, clean.llm_calls) == (True, said.text, 1)
    assert (report.llm_calls, len(report.metrics.faults)) == (1, 1)
    assert (report.error is not None) is ("cut" in str(chaos))


def test_10_streamed_calls_count_tokens():
    report = ran(agent=streaming(), recording=STREAMED, assertions=[MaxTokens(1_000)])

    assert report.metrics.total_tokens == 1538 + 131
    assert report.verdict == "FAIL"


def test_10_a_cut_stream_is_a_failed_call():
    report = ran(
        llm_stream_cut(after_chunks=4).on_call(1), agent=streaming(), recording=STREAMED, turns=(ORDER,)
    )

    assert report.scorecard["llm_calls_failed"] == 1
    assert [record.success for record in report.metrics.history] == [True, False]


def test_11_a_hanging_stream_ends_and_is_measured():
    hang = llm_stream_hang(after_chunks=3, hang_seconds=90.0).on_call(0)
    report = ran(hang, agent=streaming(), recording=STREAMED, assertions=[CompletesWithin(2.0)])

    assert report.verdict == "FAIL"
    assert 90 <= report.assertion_results[0].measured < 100


def test_11_a_client_that_does_not_wait_gives_up():
    report = ran(
        llm_stream_hang(after_chunks=3).on_call(0),
        agent=streaming(timeout=10.0),
        recording=STREAMED,
        turns=(ORDER,),
        assertions=[ExpectError("Timeout"), CompletesWithin(12.0)],
    )

    assert report.verdict == "PASS", report.reason


def results_in(messages: list[Any]) -> list[Any]:
    blocks = [
        block for message in messages if isinstance(message["content"], list) for block in message["content"]
    ]
    return [
        json.loads(block["content"]) for block in blocks if isinstance(block, dict) and "tool_use_id" in block
    ]


def test_12_a_faulted_result_stays_what_it_was_in_every_later_request():
    asked = []

    def spied(ctx, text):
        answer = plain()(ctx, text)
        asked.append(results_in(ctx.agent_state["messages"]))
        return answer

    asked.clear()
    report = ran(tool_error("shelf on fire").on_turn(0), agent=spied)
    of_the_run = asked[-len(report.turn_results) :]

    assert len(of_the_run) == 3
    assert [results[0] for results in of_the_run] == [{"error": "shelf on fire"}] * 3
    assert of_the_run[-1][1] == {"product": "blue mug", "pieces": 12}


def test_13_tool_chaos_strikes_the_tool_and_counts_its_calls():
    report = ran(tool_error("shelf on fire").for_tool("check_stock").on_call(0), agent=plain())

    assert [(fault.tool, fault.turn) for fault in report.metrics.faults] == [("check_stock", 1)]


def test_13_a_tool_has_no_effect_offline(monkeypatch):
    effects = []
    reserving = agent_chaos.tool(name="check_stock")(lambda product: effects.append(product))
    monkeypatch.setitem(shop_agent.HANDLERS, "check_stock", reserving)
    report = ran(tool_error().for_tool("check_stock"), agent=plain())

    assert report.metrics.tools_called == ["lookup_order", "check_stock"]
    assert effects == []


@pytest.mark.parametrize("message", ['a "quoted" message', "a \\ and a \n line", "{}"])
def test_14_a_tool_error_is_valid_json_whatever_it_says(message):
    report = ran(tool_error(message), agent=plain())
    results = [entry["result"] for entry in report.conversation if entry["type"] == "tool_result"]

    assert json.loads(json.dumps(results[0])) == {"error": message}


@pytest.fixture(scope="module")
def commanded(tmp_path_factory):
    """The folder of a run of the shop's scenarios with the command."""
    folder = tmp_path_factory.mktemp("runs")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(HERE)
        run_command(["run", "shop_support.py", "--artifacts-dir", str(folder)])
    return folder


def test_15_a_run_of_the_command_keeps_its_events(commanded):
    (path,) = commanded.rglob("rate-limited-*/events.jsonl")
    events = list(read_events(path))
    kinds = {event.type for event in events}

    assert events[0].type == "trace_start"
    assert events[-1].type == "trace_end"
    assert {"span_start", "span_end", "fault_injected", "token_usage", "tool_use", "tool_end"} <= kinds
    assert {event.fault_type for event in events if event.type == "fault_injected"} == {"rate_limit"}


def test_16_every_run_of_the_command_can_be_read_by_another_process(commanded):
    names = {json.loads(path.read_text())["scenario_name"] for path in commanded.rglob("report.json")}
    told = {path.parent.name.rpartition("-")[0] for path in commanded.rglob("events.jsonl")}

    assert len(names) == 7
    assert told == names


@pytest.mark.parametrize("turn", [-1, 3])
def test_17_a_turn_that_does_not_exist_is_an_error_with_the_range(turn):
    base = BaselineScenario(name="desk", agent=plain(), turns=(ORDER, STOCK, THANKS))

    with pytest.raises(ScenarioError, match="turns count from 0 to 2"):
        base.variant(name="v", turns=[at(turn)])


def test_17_the_dry_run_shows_what_an_index_means(monkeypatch, capsys):
    monkeypatch.chdir(HERE)
    run_command(["run", "shop_support.py", "--dry-run"])
    told = " ".join(capsys.readouterr().out.split())

    assert f"on_turn(2) in turn 2: “{THANKS}”" in told
    assert f"between_turns(1, 2) in turn 2: “{THANKS}”" in told


def test_18_a_fault_is_shared_between_turns_and_scenarios():
    shared = llm_rate_limit(retry_after=2.0).on_call(0).attempts(1)
    before = shared.model_dump()
    report = ran(
        agent=plain(), turns=(Turn(ORDER, chaos=[shared]), Turn(STOCK), Turn(THANKS, chaos=[shared]))
    )

    assert turns_struck(report) == {0, 2}
    assert shared.model_dump() == before


def test_19_every_fuzzed_variant_injects_something(tmp_path):
    def agent(ctx, text):
        message = anthropic.Anthropic(api_key=KEY).messages.create(
            model="claude-sonnet-5", max_tokens=99, messages=[{"role": "user", "content": text}]
        )
        return message.content[0].text

    path = tmp_path / "calls.msgpack"
    base = BaselineScenario(name="calls", agent=agent, turns=("one", "two", "three"), cassette=path)
    replies = [spoken("anthropic_messages", Said(f"{n}."), n, stream=False) for n in range(3)]
    kept = save(recorded(base, replies), path)
    reports = [run_rehearsed(Rehearsal(one, cassette=kept)).report for one in fuzz_chaos(base, n=25, seed=3)]

    assert [report.scenario_name for report in reports if not report.metrics.faults] == []
    assert {report.verdict for report in reports} <= {"PASS", "FAIL", "UNDECIDED"}


def test_20_a_run_leaves_the_chance_of_others_alone():
    random.seed(4)
    before = random.getstate()
    ran(llm_rate_limit().with_probability(0.5), agent=plain(), seed=9)

    assert random.getstate() == before


_LATE = """
from agent_chaos.chaos import llm_rate_limit
from agent_chaos.scenario import CompletesWithin
from tests.search import plain

base = plain.plain(plain.careful)
late = {"chaos": [llm_rate_limit(retry_after=9).attempts(1)], "assertions": [CompletesWithin(3)]}
scenarios = [base.variant(name=f"late-{number}", **late) for number in range(5)]
"""


def test_20_fail_fast_holds_with_several_workers(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    save(plain_agents.cassette(), tmp_path / "cassettes" / "test.msgpack")
    (tmp_path / "late.py").write_text(_LATE)
    code = run_command(["run", "late.py", "--fail-fast", "--workers", "2"])

    assert code == 1
    assert re.search(r"1 scenario: 0 passed, 1 did not, \d+ not run", capsys.readouterr().out)


def test_21_retries_and_latencies_are_measured_not_guessed():
    report = ran(
        llm_slow_ttft(delay=4.0).on_call(0),
        llm_server_error("retry later, retry").on_call(1).attempts(1),
        agent=streaming(),
        recording=STREAMED,
        turns=(ORDER, STOCK),
    )
    first, second, *_ = report.metrics.history

    assert first.ttft >= 4
    assert first.latency >= first.ttft
    assert set(first.usage) == {"input_tokens", "output_tokens", "total_tokens"}
    assert (first.attempts, second.attempts, report.metrics.calls.retries) == (1, 2, 1)


@pytest.mark.parametrize(
    "chaos",
    [
        llm_misdelivered_event(how="lost", offset=0).on_call(1),
        llm_malformed_arguments(shape="trailing_comma", call=0).on_call(0),
    ],
    ids=str,
)
def test_22_streams_can_be_corrupted(chaos):
    report = ran(chaos, agent=streaming(), recording=STREAMED)

    assert len(report.metrics.faults) == 1


def test_23_keys_do_not_reach_the_artefacts(tmp_path, monkeypatch):
    secret = "sk-ant-api03-0123456789abcdefghijklmnopqrstuvwxyz"
    monkeypatch.setenv("ANTHROPIC_API_KEY", secret)

    def leaky(ctx, text):
        return f"{plain()(ctx, text)} My key is {secret}."

    scenario = ChaosScenario(
        name="leaky",
        agent=leaky,
        turns=(ORDER, STOCK, THANKS),
        cassette=HERE / "cassettes/shop-support.msgpack",
    )
    run_scenario(scenario, artifacts_dir=tmp_path)
    kept = [path for path in tmp_path.rglob("*") if path.is_file()]

    assert kept
    assert not [path for path in kept if secret in path.read_text()]
