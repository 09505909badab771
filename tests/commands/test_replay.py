"""What `replay` says of a run."""

import subprocess

from agent_chaos.commands.replay import played
from tests.trials import nothing_recorded, scenario, trial


def test_a_replay_names_each_program_that_the_run_started_once():
    def agent(ctx, text):
        for _ in range(2):
            subprocess.run(["true", "of", "course"], check=True)
        return "done"

    said = played(trial(scenario(agent), nothing_recorded()))

    assert said.endswith(" virtual; ran for real: true of course")


def test_a_replay_says_nothing_of_programs_where_none_ran():
    said = played(trial(scenario(lambda ctx, text: "done"), nothing_recorded()))

    assert said == "0 s virtual"
