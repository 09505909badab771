"""Every fault of the catalogue has a word and a class form, and both make the same plan."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import pytest

import agent_chaos.chaos as dsl
from agent_chaos.chaos import HistoryChaos, StreamChaos, ToolChaos, after_calls, history_truncate, on_turn
from agent_chaos.chaos.builder import Chaos
from agent_chaos.chaos.constructors import to_source
from agent_chaos.faults.catalogue import fault_types
from agent_chaos.faults.fault import Fault, ToolFault
from agent_chaos.faults.plan import Plan, fault_of
from agent_chaos.report.catalogue.samples import TOOL
from agent_chaos.search.space import number_fields
from tests.faults.catalogued import WIRE_FAULTS, all_choices, at_edges

every_kind = pytest.mark.parametrize("kind", fault_types())


def edges(kind: str) -> Iterator[Fault]:
    """The fault with every choice, and its numbers at their edges."""
    if kind in WIRE_FAULTS:
        yield from (one for choice in all_choices(kind) for one in at_edges(WIRE_FAULTS[kind], choice))
        return
    cls = fault_types()[kind]
    for choice in cls.openings(TOOL):
        drawn = [(name, low, high) for name, low, high in number_fields(cls) if name not in choice]
        for values in product(*((low, high) for _, low, high in drawn)):
            yield cls(**choice, **{name: value for (name, _, _), value in zip(drawn, values, strict=True)})


def fluent(fault: Fault) -> Chaos:
    """The fault as its word writes it."""
    word, _, arguments = to_source(fault).partition("(")
    return eval(f"word({arguments}", {"word": getattr(dsl, word)})  # what a user pastes


def as_class(fault: Fault) -> Chaos:
    """The fault as its class form writes it."""
    word, _, arguments = to_source(fault).partition("(")
    owner = ToolChaos if isinstance(fault, ToolFault) else dsl.LLMChaos
    form = getattr(owner, word.removeprefix("tool_").removeprefix("llm_"))
    return eval(f"form({arguments}", {"form": form})


@every_kind
def test_word_and_class_form_make_the_same_plan(kind):
    site = "tool 0" if issubclass(fault_types()[kind], ToolFault) else "call 0"
    for fault in edges(kind):
        word, form = fluent(fault).at(site), as_class(fault).at(site)

        assert (word.fault, word.word) == (fault, form.word)
        assert Plan.of([(word.trigger.site, word.fault)]) == Plan.of([(form.trigger.site, form.fault)])


@pytest.mark.parametrize("message", ['say "hi"', "it's", """both ' and \"""", "two\nlines"])
def test_a_message_with_quotes_is_still_python(message):
    fault = fault_of({"kind": "tool_error", "message": message})

    assert fluent(fault).fault == fault


def test_a_hang_says_how_long_where_that_is_not_the_default():
    assert str(dsl.llm_stream_hang(2)) == "llm_stream_hang(after_chunks=2)"
    assert str(dsl.llm_stream_hang(2, 90)) == "llm_stream_hang(after_chunks=2, hang_seconds=90)"


@every_kind
def test_class_forms_take_conditions(kind):
    fault = next(edges(kind))
    arguments = to_source(fault).partition("(")[2]
    owner = ToolChaos if isinstance(fault, ToolFault) else dsl.LLMChaos
    form = getattr(owner, to_source(fault).partition("(")[0].removeprefix("tool_").removeprefix("llm_"))
    made = eval(f"form(on=on_turn(1), {arguments}", {"form": form, "on_turn": on_turn})

    assert made == fluent(fault).on_turn(1)


@pytest.mark.parametrize("kind", [kind for kind, cls in fault_types().items() if issubclass(cls, ToolFault)])
def test_class_forms_of_tools_name_the_tool_first(kind):
    fault = next(edges(kind))
    word, _, arguments = to_source(fault).partition("(")
    form = getattr(ToolChaos, word.removeprefix("tool_"))
    made = eval(f"form('refund', {arguments}", {"form": form})

    assert made == fluent(fault).for_tool("refund")


def test_forms_beside_the_catalogue_mean_their_words():
    last_one, told = HistoryChaos.truncate(1, on=on_turn(2)), history_truncate(1).on_turn(2)

    assert ToolChaos.raises("refund", "gone", "ValueError") == dsl.tool_raise("gone", "ValueError").for_tool(
        "refund"
    )
    assert StreamChaos.stall(
        boundary="after_frames", frames=2, seconds=3, on=after_calls(1)
    ) == dsl.llm_stall(boundary="after_frames", frames=2, seconds=3).after_calls(1)
    assert (last_one.fault, last_one.trigger) == (told.fault, told.trigger)


@pytest.mark.parametrize(
    ("made", "seconds"),
    [
        (dsl.llm_slow_chunks(0.25), 0.25),
        (dsl.llm_slow_ttft(delay=1.5), 1.5),
        (dsl.llm_timeout(delay=30.0), 30),
        (dsl.llm_stream_hang(after_chunks=2, hang_seconds=0.5), 0.5),
    ],
    ids=lambda value: getattr(value, "word", None),
)
def test_seconds_are_those_that_were_written(made, seconds):
    plan = Plan.of([("call 0", made.fault)])

    assert plan.faults[0].fault.seconds == seconds
    assert Plan.from_json(plan.to_json()) == plan
    assert fluent(made.fault).fault == made.fault
