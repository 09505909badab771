"""Faults and oracles chosen by name, and searches that keep to what was chosen."""

import pytest

from agent_chaos import ChaosSpace, ContextFuzzConfig, LLMFuzzConfig, StreamFuzzConfig, ToolFuzzConfig
from agent_chaos.errors import UsageError
from agent_chaos.faults.catalogue import fault_types
from agent_chaos.search.scope import EVERYTHING
from agent_chaos.search.search import find_failures
from agent_chaos.search.selection import judges, kinds, scoped
from agent_chaos.search.space import Space
from agent_chaos.search.variants.space_file import chaos_space
from tests.search import shop
from tests.search.shop import Logged


def of_family(family):
    return {kind for kind, cls in fault_types().items() if cls.family.name == family}


@pytest.mark.parametrize(
    ("name", "stands_for"),
    [
        ("truncate", {"truncate"}),
        ("rate-limit-long", {"rate_limit_long"}),
        ("truncation", of_family("truncation")),
        ("refusal", {"refusal"}),
        ("family:refusal", of_family("refusal")),
    ],
    ids=lambda value: value if isinstance(value, str) else str(len(value)),
)
def test_a_name_stands_for_a_fault_else_for_a_family(name, stands_for):
    assert kinds([name]) == stands_for


def test_unknown_names_are_one_error_with_near_ones():
    with pytest.raises(UsageError) as caught:
        kinds(["trunkate", "server_error", "zzz"])

    assert str(caught.value) == (
        "unknown fault or family 'trunkate'; did you mean truncate, truncation, rechunk?; "
        "unknown fault or family 'zzz'; agent-chaos faults lists them"
    )


def test_only_and_skip_narrow_a_search():
    narrow = scoped(only=["server"], skip=["server_error"])

    assert set(narrow.by_kind) == of_family("server") - {"server_error"}
    assert scoped() == EVERYTHING
    with pytest.raises(UsageError, match="no fault is left"):
        scoped(only=["truncate"], skip=["truncation"])


def test_oracles_are_chosen_by_name():
    assert list(judges(only=["termination", "empty-answer"], skip=["termination"])) == ["empty_answer"]
    with pytest.raises(UsageError, match="unknown oracle 'empty_anser'; did you mean empty_answer"):
        judges(skip=["empty_anser"])
    with pytest.raises(UsageError, match="no oracle is left"):
        judges(only=["termination"], skip=["termination"])


SPACE = ChaosSpace(
    llm=LLMFuzzConfig(faults=["rate_limit", "overloaded"], retry_after_range=(3, 9)),
    stream=StreamFuzzConfig(faults=["stream_cut"], cut_after_chunks=(2, 6)),
    tool=ToolFuzzConfig(faults=["error", "timeout"], targets=["refund"], timeout_range=(40, 50)),
    min_per_scenario=2,
    max_per_scenario=3,
)


@pytest.fixture(scope="module")
def in_space():
    """A search of the careless shop that keeps to the space, and every plan it ran."""
    subject = Logged()
    return subject, find_failures(subject, max_examples=60, scope=SPACE.scope())


def test_a_search_keeps_to_the_faults_and_ranges_of_a_space(in_space):
    subject, _ = in_space
    faults = [placed.fault for plan in subject.plans for placed in plan.faults]

    assert {fault.kind for fault in faults} == {
        *("rate_limit", "overloaded", "reset_in_body", "tool_error", "tool_timeout")
    }
    assert {f.retry_after_s for f in faults if f.kind == "rate_limit"} <= set(range(3, 10))
    assert {(f.boundary, f.offset) for f in faults if f.kind == "reset_in_body"} <= {
        ("after_frames", offset) for offset in range(2, 7)
    }
    assert {f.timeout_seconds for f in faults if f.kind == "tool_timeout"} <= set(range(40, 51))
    assert {f.message for f in faults if f.kind == "tool_error"} <= set(SPACE.tool.error_messages)


def test_every_example_of_a_space_has_its_number_of_faults(in_space):
    subject, campaign = in_space
    searched = subject.plans[: campaign.figures.examples]

    assert {len(plan) for plan in searched} == {2, 3}


def test_a_failure_found_in_a_space_stays_in_it_when_it_is_made_small(in_space):
    _, campaign = in_space

    assert campaign.findings
    for finding in campaign.findings:
        for placed in finding.failure.plan.faults:
            assert placed.fault.kind in SPACE.scope().by_kind
            assert placed.fault.kind != "reset_in_body" or placed.fault.offset >= 2


def test_tools_that_are_not_named_are_left_alone():
    space = Space.of(shop.rehearsal().clean, ChaosSpace.tool_focused(["ship"]).scope())

    assert space.menus == ()
    assert set(space.without_site) == {"tool_error", "tool_timeout", "tool_empty"}


def test_a_space_of_functions_alone_cannot_be_searched():
    none = {"llm": LLMFuzzConfig.disabled(), "stream": StreamFuzzConfig(probability=0)}
    space = ChaosSpace(
        **none, tool=ToolFuzzConfig.disabled(), context=ContextFuzzConfig.with_mutators([list])
    )

    with pytest.raises(UsageError, match=r"nothing to search.*mutators run in variants of fuzz_chaos only"):
        space.scope()


@pytest.fixture
def spaces(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "spaces.py").write_text(
        "from agent_chaos import ChaosSpace\ncalm = ChaosSpace(max_per_scenario=1)\n"
        "def wild():\n    return ChaosSpace.stress()\nnumber = 3\n"
    )
    (tmp_path / "two.py").write_text(
        "from agent_chaos import ChaosSpace\na = ChaosSpace()\nb = ChaosSpace()\n"
    )


@pytest.mark.parametrize(
    ("ref", "most"),
    [
        ("spaces.py:calm", 1),
        ("spaces.py", 1),
        ("spaces.py:wild", 5),
        ("agent_chaos:ChaosSpace.stress", 5),
        ("spaces:calm", 1),
    ],
)
def test_a_space_is_loaded_by_file_or_module(spaces, ref, most):
    assert chaos_space(ref).max_per_scenario == most


@pytest.mark.parametrize(
    ("ref", "words"),
    [
        ("nowhere.py:calm", "no such file"),
        ("nowhere", "no such file"),
        ("spaces.py:clam", "no 'clam' there; spaces in it: calm"),
        ("spaces.py:number", "expected a ChaosSpace, found int"),
        ("two.py", "name one of its spaces.*in it: a, b"),
    ],
)
def test_a_space_that_is_not_there_is_a_clear_error(spaces, ref, words):
    with pytest.raises(UsageError, match=words):
        chaos_space(ref)
