"""In how many processes a search runs."""

from agent_chaos.commands.fuzz import notes_of
from agent_chaos.commands.resolve_options import FuzzOptions, resolve_options
from agent_chaos.commands.search_workers import most_processes, searched_in
from agent_chaos.search.executors.processes import Processes
from tests.search import plain


def test_more_processes_than_a_machine_can_use_are_not_started_and_that_is_said():
    asked = FuzzOptions(workers=99_999)
    wanted = resolve_options(asked)

    with searched_in(plain.rehearsal(plain.careful), asked, wanted) as executor:
        assert isinstance(executor, Processes)
        assert executor.many == most_processes() < 99_999
    assert list(notes_of(asked, wanted)) == [
        f"--workers 99999: at most {most_processes()} processes run, four for each core of this machine."
    ]


def test_as_many_processes_as_were_asked_for_run_where_the_machine_has_the_cores():
    asked = FuzzOptions(workers=most_processes())
    wanted = resolve_options(asked)

    with searched_in(plain.rehearsal(plain.careful), asked, wanted) as executor:
        assert isinstance(executor, Processes)
        assert executor.many == most_processes()
    assert not list(notes_of(asked, wanted))
