"""`fuzz_chaos`: variants that really inject, the same for the same seed, in the words and bounds of 0.1.3."""

import copy
import random
from collections import Counter

import anthropic
import pytest
from pydantic import ValidationError

import agent_chaos
from agent_chaos import ChaosSpace, ContextFuzzConfig, LLMFuzzConfig, StreamFuzzConfig, ToolFuzzConfig
from agent_chaos.cassette.model import TurnMark
from agent_chaos.cassette.redaction.redactor import Redactor
from agent_chaos.cassette.storage.writer import CassetteWriter
from agent_chaos.chaos import llm_server_error, tool_error
from agent_chaos.errors import UsageError
from agent_chaos.faults.catalogue import fault_types
from agent_chaos.faults.fault import ToolFault, WireFault
from agent_chaos.run.run import run_rehearsed
from agent_chaos.scenario.loader import load
from agent_chaos.search.variants.call_slot import assumed_slots
from agent_chaos.trial.rehearsal import Rehearsal
from tests.search import shop
from tests.spoken import spoken
from tests.standin.said import Said
from tests.trials import recorded

TURNS = ("Where is my order?", "When does it come?", "Thank you.")


def helpful(ctx, text):
    """One call a turn, not streamed; says so where the provider fails."""
    client = ctx.agent_state.setdefault("client", anthropic.Anthropic(api_key="unused", max_retries=1))
    try:
        message = client.messages.create(
            model="claude-sonnet-5", max_tokens=99, messages=[{"role": "user", "content": text}]
        )
    except anthropic.APIError as exc:
        return f"Please try again later ({type(exc).__name__}: {exc})."
    return message.content[0].text


def three_turns(**fields):
    return agent_chaos.BaselineScenario(name="helpful", agent=helpful, turns=TURNS, **fields)


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def spoken_to(project):
    """The scenario of three turns of one call, not streamed, and its recording."""
    said = [
        spoken("anthropic_messages", Said(f"Answer {i} is on its way."), i, stream=False) for i in range(3)
    ]
    kept = recorded(three_turns(), said)
    return three_turns(), saved_with_turns(kept, project / "cassettes" / "helpful.msgpack")


def saved_with_turns(kept, path):
    """Writes a cassette whose every exchange is a turn, with the marks that `record` leaves."""
    writer = CassetteWriter(path, kept.header, Redactor.from_environ({}))
    for one in kept.exchanges:
        writer.turn(TurnMark(turn=one.turn, at=one.at, input=TURNS[one.turn]))
        writer.exchange(one.request, one.reply, at=one.at, transport=one.transport)
    return writer.finish()


@pytest.fixture
def shop_recorded(project):
    shop.write_project(project)
    return shop.scenario(shop.careful)


@pytest.fixture(scope="module")
def shop_rehearsed():
    """Ready for trials of every variant: without faults they all run as the scenario does."""
    rehearsal = Rehearsal(shop.scenario(shop.careful), cassette=shop.cassette())
    rehearsal.prepare()
    return rehearsal


def ran(rehearsal):
    return run_rehearsed(rehearsal).report


def kinds(variants):
    return Counter(chaos.fault.kind for variant in variants for chaos in variant.chaos)


def test_all_of_many_variants_of_an_agent_of_one_call_a_turn_inject_something(spoken_to):
    base, cassette = spoken_to
    reports = [
        ran(Rehearsal(variant, cassette=cassette)) for variant in agent_chaos.fuzz_chaos(base, n=30, seed=3)
    ]

    assert sum(bool(report.faults_fired) for report in reports) == 30
    assert Counter(report.verdict for report in reports)["NOT TESTED"] == 0
    assert {turn for report in reports for turn in (f.turn for f in report.metrics.faults)} == {0, 1, 2}


def test_a_recording_that_does_not_know_its_turns_is_faulted_by_call(project, spoken_to):
    base, cassette = spoken_to
    imported = shop.save(cassette, project / "cassettes" / "helpful.msgpack")
    reports = [
        ran(Rehearsal(variant, cassette=imported))
        for variant in agent_chaos.fuzz_chaos(base, n=20, seed=3, space=ChaosSpace(max_per_scenario=1))
    ]

    assert all(report.faults_fired for report in reports)
    assert {fault.turn for report in reports for fault in report.metrics.faults} == {0, 1, 2}


def test_a_stream_fault_is_not_drawn_for_replies_that_were_not_streamed(spoken_to):
    drawn = kinds(agent_chaos.fuzz_chaos(spoken_to[0], n=60, seed=1))

    assert set(drawn) == {"rate_limit", "timeout_before_headers", "server_error"}


def test_streams_and_tools_are_faulted_where_the_recording_has_them(shop_recorded):
    variants = agent_chaos.fuzz_chaos(shop_recorded, n=80, seed=1)

    assert set(kinds(variants)) == {
        *("rate_limit", "timeout_before_headers", "server_error"),
        *("reset_in_body", "slow_first_byte"),
        *("tool_error", "tool_timeout", "tool_empty"),
    }


def test_every_variant_of_a_streaming_agent_with_a_tool_injects_something(shop_recorded):
    space = ChaosSpace.stress()
    reports = [
        ran(Rehearsal(variant, cassette=shop.cassette()))
        for variant in agent_chaos.fuzz_chaos(shop_recorded, n=12, seed=5, space=space)
    ]

    assert all(report.faults_fired for report in reports)
    assert "NOT TESTED" not in {report.verdict for report in reports}


def test_a_seed_gives_the_same_variants_and_leaves_the_global_chance_alone(shop_recorded):
    random.seed(4)
    before = random.getstate()
    one = agent_chaos.fuzz_chaos(shop_recorded, n=12, seed=9)
    same = agent_chaos.fuzz_chaos(shop_recorded, n=12, seed=9)
    other = agent_chaos.fuzz_chaos(shop_recorded, n=12, seed=10)

    assert [v.chaos for v in one] == [v.chaos for v in same]
    assert [v.chaos for v in one] != [v.chaos for v in other]
    assert random.getstate() == before
    assert agent_chaos.fuzz_chaos(shop_recorded, n=3) == agent_chaos.fuzz_chaos(shop_recorded, n=3)


def test_a_variant_says_what_it_is(shop_recorded):
    base = shop.scenario(shop.careful, description="A refund.", tags=("money",))
    variants = agent_chaos.fuzz_chaos(base, n=3, seed=9)

    assert [v.name for v in variants] == ["shop--fuzz-0", "shop--fuzz-1", "shop--fuzz-2"]
    assert [v.name for v in agent_chaos.fuzz_chaos(base, n=1, tag="drawn")] == ["shop--drawn-0"]
    assert {v.tags for v in variants} == {("money", "fuzz")}
    assert {(v.parent, v.meta["_parent"], v.cassette_path.name) for v in variants} == {
        ("shop", "shop", "shop.msgpack")
    }
    for number, variant in enumerate(variants):
        said = ", ".join(map(str, variant.chaos))
        assert variant.description == f"A refund. [fuzz seed 9, variant {number}: {said}]"


def test_chaos_of_the_base_stays_and_its_call_is_left_to_it(spoken_to):
    base = spoken_to[0].variant(name="broken", chaos=[llm_server_error().on_turn(1)])
    variants = agent_chaos.fuzz_chaos(base, n=30, seed=2)

    assert {v.chaos[0] for v in variants} == {base.chaos[0]}
    assert {chaos.trigger.on_turn for v in variants for chaos in v.chaos[1:]} <= {0, 2, None}
    assert all(len(v.chaos) > 1 for v in variants)
    assert {v.parent for v in variants} == {"helpful"}


def test_a_scenario_that_was_never_recorded_gets_faults_that_its_turns_are_sure_to_meet(project, spoken_to):
    base, cassette = spoken_to
    (project / "cassettes" / "helpful.msgpack").unlink()
    space = ChaosSpace(stream=StreamFuzzConfig.disabled())
    reports = [
        ran(Rehearsal(variant, cassette=cassette))
        for variant in agent_chaos.fuzz_chaos(base, n=30, seed=1, space=space)
    ]

    assert all(report.faults_fired for report in reports)
    assert all(f.turn < 3 for report in reports for f in report.metrics.faults)


def test_tools_that_are_named_are_taken_on_trust_where_nothing_was_recorded(spoken_to):
    base, _ = spoken_to
    slots = assumed_slots(base, ["refund"])

    assert [(one.of_tool, one.turn, one.tool) for one in slots[len(base.turns) :]] == [(True, None, "refund")]
    assert [one.of_tool for one in slots[: len(base.turns)]] == [False] * len(base.turns)


def test_messages_and_waiting_times_arrive(shop_recorded):
    """Defect 4 of 0.1.3: both were dropped."""
    said = ToolFuzzConfig(faults=["error"], error_messages=["the shelf fell over"])
    waits = LLMFuzzConfig(faults=["timeout"], timeout_range=(41, 43))
    none = {"stream": StreamFuzzConfig.disabled()}
    (broken,) = agent_chaos.fuzz_chaos(
        shop_recorded, 1, 1, ChaosSpace(tool=said, llm=LLMFuzzConfig.disabled(), **none)
    )
    (late,) = agent_chaos.fuzz_chaos(
        shop_recorded,
        1,
        1,
        ChaosSpace(llm=waits, tool=ToolFuzzConfig.disabled(), max_per_scenario=1, **none),
    )
    failing = ran(Rehearsal(broken, cassette=shop.cassette()))
    waiting = ran(Rehearsal(late, cassette=shop.cassette()))

    results = [e for e in failing.conversation if e["type"] == "tool_result"]
    assert "the shelf fell over" in str(results)
    assert waiting.elapsed_s > 41
    assert "APITimeoutError" in waiting.error or "APIConnectionError" in waiting.error


def test_ranges_bound_what_is_drawn(shop_recorded):
    space = ChaosSpace(
        llm=LLMFuzzConfig(faults=["rate_limit"], retry_after_range=(7, 9)),
        stream=StreamFuzzConfig(faults=["stream_cut"], cut_after_chunks=(2, 4)),
        tool=ToolFuzzConfig(faults=["timeout"], timeout_range=(50, 51)),
    )
    faults = [c.fault for v in agent_chaos.fuzz_chaos(shop_recorded, 60, 1, space) for c in v.chaos]

    assert {f.retry_after_s for f in faults if f.kind == "rate_limit"} == {7, 8, 9}
    assert {f.offset for f in faults if f.kind == "reset_in_body"} == {2, 3, 4}
    assert {f.timeout_seconds for f in faults if f.kind == "tool_timeout"} == {50.0, 51.0}


def test_a_cut_behind_the_end_of_every_stream_has_no_place(shop_recorded):
    space = ChaosSpace(
        llm=LLMFuzzConfig.disabled(),
        stream=StreamFuzzConfig(faults=["stream_cut"], cut_after_chunks=(5_000, 6_000)),
        tool=ToolFuzzConfig.disabled(),
    )

    with pytest.raises(
        UsageError, match="shop: nothing in the ChaosSpace can act at a call of its recording"
    ):
        agent_chaos.fuzz_chaos(shop_recorded, space=space)


def upper(tool_name, result):
    return str(result).upper()


def shouting(messages):
    return [{**message, "content": str(message["content"]).upper()} for message in messages]


def test_functions_that_change_things_are_drawn_by_their_weight(shop_recorded):
    space = ChaosSpace(
        llm=LLMFuzzConfig.disabled(),
        stream=StreamFuzzConfig.disabled(),
        tool=ToolFuzzConfig(mutators=[upper], mutator_probability=1.0),
        context=ContextFuzzConfig.with_mutators([shouting], probability=0.3),
    )
    variants = agent_chaos.fuzz_chaos(shop_recorded, n=20, seed=1, space=space)

    assert set(kinds(variants)) == {"tool_mutate", "context_mutate"}
    assert {c.mutator for v in variants for c in v.chaos} == {upper, shouting}


def test_probabilities_are_weights(shop_recorded):
    llm = LLMFuzzConfig(probability=0.9, faults=["timeout"])
    tool = ToolFuzzConfig(probability=0.1, faults=["timeout"])
    space = ChaosSpace(llm=llm, tool=tool, stream=StreamFuzzConfig.disabled(), max_per_scenario=1)
    drawn = kinds(agent_chaos.fuzz_chaos(shop_recorded, n=60, seed=1, space=space))

    assert drawn["timeout_before_headers"] > 3 * drawn["tool_timeout"] > 0
    without = ChaosSpace(llm=LLMFuzzConfig(probability=0.0), stream=StreamFuzzConfig(probability=0))
    assert all(
        kind.startswith("tool_") for kind in kinds(agent_chaos.fuzz_chaos(shop_recorded, 9, 1, without))
    )


def test_only_named_tools_are_faulted(shop_recorded):
    named = ChaosSpace.tool_focused(["refund"])
    variants = agent_chaos.fuzz_chaos(shop_recorded, n=6, seed=1, space=named)

    assert {c.trigger.tool for v in variants for c in v.chaos} == {"refund"}
    with pytest.raises(UsageError, match="name tools it calls"):
        agent_chaos.fuzz_chaos(shop_recorded, space=ChaosSpace.tool_focused(["ship"]))


@pytest.mark.parametrize("kind", sorted(k for k, c in fault_types().items() if c.searched))
def test_every_kind_of_the_catalogue_can_be_named(shop_recorded, shop_rehearsed, kind):
    of_tool = issubclass(fault_types()[kind], ToolFault)
    none = {"stream": StreamFuzzConfig.disabled()}
    config = (
        {"tool": ToolFuzzConfig(faults=[kind]), "llm": LLMFuzzConfig.disabled()}
        if of_tool
        else {"llm": LLMFuzzConfig(faults=[kind]), "tool": ToolFuzzConfig.disabled()}
    )
    if not issubclass(fault_types()[kind], WireFault | ToolFault):
        pytest.skip("acts on the conversation")
    try:
        variants = agent_chaos.fuzz_chaos(shop_recorded, 1, 1, ChaosSpace(**config, **none))
    except UsageError:
        pytest.skip("has no site in a streamed recording of Anthropic")

    assert set(kinds(variants)) == {kind}
    for variant in variants:
        rehearsed = copy.copy(shop_rehearsed)
        rehearsed.scenario = variant

        assert ran(rehearsed).faults_fired


def test_an_unknown_fault_is_an_error_that_names_the_known_ones():
    with pytest.raises(ValidationError, match="unknown fault 'rate_limt'; did you mean rate_limit") as caught:
        LLMFuzzConfig(faults=["rate_limt"])

    assert "known are rate_limit, timeout, server_error, auth_error, context_length; also" in str(
        caught.value
    )
    with pytest.raises(ValidationError, match="known are error, timeout, empty"):
        ToolFuzzConfig(faults=["stream_cut"])
    with pytest.raises(ValidationError, match="known are stream_cut, stream_hang, slow_ttft, slow_chunks"):
        StreamFuzzConfig(faults=["tool_error"])


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: ChaosSpace(min_per_scenario=3, max_per_scenario=2), "min_per_scenario=3 is above"),
        (lambda: ChaosSpace(min_faults=1), "Extra inputs are not permitted"),
        (lambda: LLMFuzzConfig(probability=1.5), "less than or equal to 1"),
        (lambda: LLMFuzzConfig(timeout_range=(60, 5)), "least <= greatest"),
        (lambda: StreamFuzzConfig(cut_after_chunks=(-1, 5)), "least <= greatest"),
        (lambda: ToolFuzzConfig(error_messages=[]), "at least 1 item"),
    ],
    ids=["size", "extra", "probability", "range", "negative", "messages"],
)
def test_settings_that_make_no_sense_are_refused(make, words):
    with pytest.raises(ValidationError, match=words):
        make()


def test_settings_are_those_of_the_earlier_release():
    space = ChaosSpace.default()

    assert (space.llm.probability, space.llm.faults) == (0.3, ("rate_limit", "timeout", "server_error"))
    assert (space.stream.probability, space.stream.faults) == (0.2, ("stream_cut", "slow_ttft"))
    assert (space.tool.probability, space.tool.faults) == (0.3, ("error", "timeout", "empty"))
    assert (space.context.enabled, space.context.probability) == (False, 0.1)
    assert (space.min_per_scenario, space.max_per_scenario, space.after_calls_range) == (1, 3, (1, 5))
    assert not LLMFuzzConfig.disabled().enabled
    assert ToolFuzzConfig.for_tools(["a"], probability=0.9).targets == ("a",)
    assert not ChaosSpace.llm_focused().tool.enabled
    assert not ChaosSpace.stream_focused().llm.enabled
    with pytest.raises(ValidationError, match="frozen"):
        space.min_per_scenario = 2


def test_fuzz_is_a_function_that_waits_for_its_scenario_or_decorates_what_makes_it(shop_recorded):
    @agent_chaos.fuzz(n=4, seed=1)
    def get_scenarios():
        return shop_recorded

    at_once = agent_chaos.fuzz(n=4, seed=1)(shop_recorded)

    assert at_once == agent_chaos.fuzz_chaos(shop_recorded, n=4, seed=1)
    assert get_scenarios() == at_once
    assert get_scenarios.__name__ == "get_scenarios"


def test_a_file_of_variants_is_loaded_and_run(project):
    shop.write_project(project, "careful")
    (project / "fuzzed.py").write_text(
        "from agent_chaos import BaselineScenario, ChaosSpace, fuzz_chaos\n"
        "from tests.search.shop import QUESTION, careful\n\n"
        "base = BaselineScenario(name='shop', agent=careful, turns=[QUESTION])\n"
        "scenarios = [base, *fuzz_chaos(base, n=3, seed=1, space=ChaosSpace.llm_focused())]\n"
    )

    assert [one.scenario.name for one in load(["fuzzed.py"], variants=True)] == [
        "shop",
        *(f"shop--fuzz-{i}" for i in range(3)),
    ]


def test_a_turns_own_chaos_stays_with_its_turn(shop_recorded):
    base = shop_recorded.variant(name="own", turns=[agent_chaos.at(0, chaos=[tool_error()])])
    (variant,) = agent_chaos.fuzz_chaos(base, n=1, seed=1)

    assert variant.turns == base.turns
    assert not any(isinstance(chaos.fault, ToolFault) for chaos in variant.chaos)
