"""Runs of one second do not share a folder."""

from __future__ import annotations

from agent_chaos.scenario.folders import RUNS, run_folder


def test_a_second_run_of_the_same_second_has_a_folder_of_its_own(tmp_path):
    folders = [run_folder(tmp_path, "run")]
    for _ in range(40):
        folders[-1].mkdir()
        folders.append(run_folder(tmp_path, "run"))

    assert len(set(folders)) == 41
    assert all(one.name.split("-")[2] == "run" for one in folders)


def test_git_ignores_what_runs_leave_and_nothing_else(tmp_path):
    run_folder(tmp_path, "run")
    run_folder(tmp_path / RUNS, "run")

    assert not (tmp_path / ".gitignore").exists()
    assert (tmp_path / RUNS / ".gitignore").read_text() == "*\n"
