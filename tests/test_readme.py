"""The README says what happens: its commands are those of CI, its report is what the first command prints."""

import re
import shutil
from pathlib import Path

import pytest

from tests.forked import command

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text()
COMMANDS = [line for line in README.splitlines() if line.startswith("python3 -m venv .venv")]
SHOWN = re.search(r"<!-- report -->\n```text\n(.*?)```\n<!-- /report -->", README, re.DOTALL)


def test_readme_opens_with_two_commands():
    assert [command.split(" && ")[-1] for command in COMMANDS] == [
        ".venv/bin/agent-chaos fuzz scenarios/refund.py",
        ".venv/bin/pytest -n auto",
    ]


def test_ci_runs_the_test_command():
    assert ".venv/bin/pytest -n auto" in (ROOT / ".ci" / "run").read_text().splitlines()


def printed_by_the_first_command(folder: Path) -> str:
    for part in ("scenarios", "cassettes"):
        shutil.copytree(ROOT / part, folder / part)
    arguments = COMMANDS[0].split(" && ")[-1].split()[1:]
    done = command(folder, *arguments)
    assert done.returncode == 1, done.stderr
    return done.stdout


def test_the_report_in_the_readme_is_what_the_first_command_prints(tmp_path):
    printed = printed_by_the_first_command(tmp_path)
    failures = re.split(r"\n(?=F-\w{4}  )", printed)

    assert SHOWN is not None
    assert SHOWN[1].strip("\n") == failures[1].strip("\n")
    assert "amount=15)" in failures[1]
    assert "call 1: the stream ends inside a number of a tool argument" in failures[1]


@pytest.mark.parametrize(
    "code", re.findall(r"```python\n(.*?)```", README, re.DOTALL), ids=lambda code: code[:30]
)
def test_code_in_the_readme_compiles(code):
    compile(code, "README.md", "exec")
