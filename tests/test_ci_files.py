"""The action and the hooks that other projects use do what they say: their commands run in a project, as bash runs them."""

import os
import re
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
yaml = import_module("yaml")  # it has no type hints


@pytest.fixture
def project(tmp_path):
    for folder, name in (("scenarios", "refund.py"), ("cassettes", "refund.msgpack")):
        (tmp_path / folder).mkdir()
        shutil.copy(ROOT / folder / name, tmp_path / folder / name)
    return tmp_path


def ran(folder, script, **variables):
    """A script under bash, as runners start it, with the command of this environment."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "COLUMNS": "100", **variables}
    return subprocess.run(
        ["bash", "-eo", "pipefail", "-c", script],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_action_replays_and_searches_with_what_it_was_given(project):
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    given = {name: one["default"] for name, one in action["inputs"].items()}
    given |= {"options": "--max-examples 1 --only-faults truncate", "junit": "out/report.xml"}
    given["targets"] = 'scenarios/refund.py"; touch owned; "'
    assert {step["working-directory"] for step in action["runs"]["steps"]} == {
        "${{ inputs.working-directory }}"
    }
    codes = []
    for step in action["runs"]["steps"]:
        variables = {name: given[text[len("${{ inputs.") : -3]] for name, text in step.get("env", {}).items()}
        codes.append(ran(project, step["run"], **variables).returncode)
    search = action["runs"]["steps"][-1]
    done = ran(project, search["run"], **{**variables, "TARGETS": "scenarios/refund.py"})

    assert codes == [0, 0, 2]
    assert not (project / "owned").exists()
    assert done.returncode == 1
    assert "1 example" in done.stdout
    assert "<testsuites" in (project / "out" / "report.xml").read_text()


def test_the_hook_looks_at_the_cassettes_that_are_to_be_committed(project):
    verify, replay = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())

    assert ran(project, f"{verify['entry']} cassettes/refund.msgpack").returncode == 0
    (project / "cassettes" / "refund.msgpack").write_bytes(b"nothing")
    assert ran(project, f"{verify['entry']} cassettes/refund.msgpack").returncode == 5
    assert re.search(verify["files"], "cassettes/refund.msgpack")
    assert re.search(verify["files"], "services/desk/cassettes/refund.msgpack")
    assert not re.search(verify["files"], "old-cassettes/refund.msgpack")
    assert replay["entry"] == "agent-chaos replay"
    assert replay["pass_filenames"] is False
