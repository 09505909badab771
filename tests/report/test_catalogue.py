"""The catalogues say of every fault and oracle what the classes do."""

import json

import pytest

import agent_chaos.chaos as chaos
from agent_chaos.cli import run_command
from agent_chaos.faults.catalogue import fault_types
from agent_chaos.oracles.registry import all_oracles
from agent_chaos.report.catalogue.entries import fault_entries, oracle_entries
from agent_chaos.report.catalogue.entry import matching
from agent_chaos.report.catalogue.faults import faults_of_code
from agent_chaos.report.catalogue.oracles import oracles_of_code
from tests.faults.catalogued import WIRE_FAULTS, forms_of

OF_CLASSES = [entry for entry in fault_entries() if entry.name in fault_types()]
FAULTS = pytest.mark.parametrize("entry", OF_CLASSES, ids=lambda entry: entry.name)


class Words(dict):
    """The words of the DSL, as a scenario imports them."""

    def __missing__(self, name):
        return getattr(chaos, name)


def test_every_fault_and_every_oracle_is_listed_once():
    faults = [entry.name for entry in fault_entries()]

    assert len(set(faults)) == len(faults)
    assert fault_types().keys() <= set(faults)
    assert [entry.name for entry in oracle_entries()] == sorted(all_oracles())


def test_the_entries_that_were_written_are_those_of_the_code():
    assert fault_entries() == faults_of_code()
    assert oracle_entries() == oracles_of_code()


@FAULTS
def test_what_a_fault_is_written_as_makes_that_fault(entry):
    made = eval(entry.word, {}, Words())

    assert made.fault.kind == entry.name


@pytest.mark.parametrize(
    "entry", [entry for entry in OF_CLASSES if entry.name in WIRE_FAULTS], ids=lambda entry: entry.name
)
def test_a_fault_is_said_to_act_where_it_acts_on_replies_of_the_providers(entry):
    acting = forms_of(entry.name)

    assert {protocol for protocol, _, _ in acting} <= set(entry.protocols)
    assert {"streamed" if stream else "whole" for _, stream, _ in acting} == set(entry.forms)


@pytest.mark.parametrize(
    "entry", [*OF_CLASSES, *oracle_entries()], ids=lambda entry: f"{type(entry).__name__}-{entry.name}"
)
def test_an_entry_says_what_it_does_and_who_met_it(entry):
    assert len(entry.does.split()) >= 4
    assert entry.source


@pytest.mark.parametrize("entry", oracle_entries(), ids=lambda entry: entry.name)
def test_an_oracle_advises_in_whole_sentences(entry):
    assert entry.advice
    assert all(one[0].isupper() and one.endswith(".") for one in entry.advice)


def test_a_pattern_finds_every_entry_that_holds_all_its_words_whatever_their_case():
    found = {entry.name for entry in matching(fault_entries(), "RETRY-after rate")}

    assert {"rate_limit", "rate_limit_long"} <= found
    assert found < {entry.name for entry in fault_entries()}
    assert [entry.name for entry in matching(fault_entries(), "rate_limit")] == ["rate_limit"]
    assert matching(fault_entries(), "") == fault_entries()


def test_a_fault_that_was_asked_for_is_shown_in_full(capsys):
    assert run_command(["faults", "stall"]) == 0

    shown = capsys.readouterr().out
    assert 'llm_stall(boundary="mid_body", seconds=10)' in shown
    assert "0 to 1,000,000; a search draws 10 to 900" in " ".join(shown.split())
    assert "hermes-agent#75463" in shown


@pytest.mark.parametrize(
    ("command", "names"), [("faults", fault_types), ("oracles", all_oracles)], ids=["faults", "oracles"]
)
def test_the_whole_list_names_each_and_as_json_too(command, names, capsys):
    assert run_command([command]) == 0
    table = capsys.readouterr().out
    assert run_command([command, "--json"]) == 0
    values = json.loads(capsys.readouterr().out)

    assert all(name in table for name in names())
    assert names().keys() <= {value["name"] for value in values}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["faults", "truncat", "nothing"], "error: nothing: more than was expected"),
        (["faults", "trunkate"], "did you mean truncate"),
        (["oracles", "quux"], "agent-chaos oracles lists all"),
        (["faults", "--json", "--markdown"], "give one of them"),
    ],
)
def test_what_cannot_be_listed_is_told_in_one_line(arguments, said, capsys):
    code = run_command(arguments)
    told = capsys.readouterr().err

    assert code == 2
    assert said in told
    assert len(told.splitlines()) == 1
