"""What people copy from README and the pages works: code compiles and runs offline, commands are ones the tool knows."""

import re
import shlex
from pathlib import Path

import pytest

from agent_chaos import run_scenario
from agent_chaos.oracles.verdict import Verdict
from agent_chaos.search.corpus.settings import resolved, scope_of
from agent_chaos.search.selection import judges, kinds
from docs.reference.commands import commands

ROOT = Path(__file__).parents[2]
PAGES = [
    ROOT / "README.md",
    ROOT / "scenarios/frameworks/README.md",
    ROOT / "scenarios/node/README.md",
    *sorted((ROOT / "docs/pages").rglob("*.md")),
]
WRITTEN = [page for page in PAGES if "coming-from/earlier" not in str(page)]
"""Pages whose code is of today; that of the migration page is checked beside the earlier API."""


def blocks(language):
    for page in WRITTEN:
        found = re.findall(rf"^```{language}\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE)
        for number, code in enumerate(found):
            yield pytest.param(code, id=f"{page.relative_to(ROOT)}:{number}")


def said_commands():
    """Every `agent-chaos …`, in blocks for the shell, in workflows and in the text."""
    for page in WRITTEN:
        text = page.read_text()
        shell = re.findall(r"^```bash\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
        lines = [line for block in shell for line in block.splitlines()]
        lines += [f"agent-chaos {said}" for said in re.findall(r"`agent-chaos ([^`]+)`", text)]
        lines += re.findall(r"run: (agent-chaos .*)", text)
        for line in dict.fromkeys(lines):
            if said := re.match(r"(?:.*&& )?(?:\.venv/bin/)?(agent-chaos .*?)(?:  +#.*| # .*)?$", line):
                yield pytest.param(said[1], id=f"{page.relative_to(ROOT)}: {said[1]}"[:90])


@pytest.mark.parametrize("code", [*blocks("python")])
def test_code_compiles(code):
    compile(code, "page", "exec")


@pytest.mark.parametrize("table", [one for one in blocks("toml") if "[tool.agent-chaos]" in one.values[0]])
def test_settings_are_ones_that_a_search_takes(table, tmp_path):
    (tmp_path / "pyproject.toml").write_text(table)
    known = resolved(start=tmp_path).settings

    assert scope_of(known)
    assert judges(only=known.only_oracles, skip=known.skip_oracles)


@pytest.mark.parametrize("command", [one for one in said_commands() if "-faults " in one.values[0]])
def test_faults_of_a_command_are_in_the_catalogue(command):
    for names in re.findall(r"--(?:only|skip)-faults (\S+)", command):
        assert kinds(names.split(","))


@pytest.mark.parametrize("command", [*said_commands()])
def test_a_command_is_one_the_tool_knows(command):
    words = shlex.split(command)
    known = commands()
    name = next((name for name in (" ".join(words[:3]), " ".join(words[:2])) if name in known), None)
    if name is None:
        assert words[1].startswith("-") or words[1] in ("COMMAND", "cassette"), command
        return
    given = words[len(name.split()) :]
    if given:
        known[name].make_context(name, given)


@pytest.mark.parametrize(
    "code", [block for block in blocks("python") if "import BaselineScenario" in block.values[0]]
)
def test_a_whole_scenario_loads_offline(code, monkeypatch):
    for key in ("ANTHROPIC_API_KEY", "OPENAI_API_KEY", "GEMINI_API_KEY"):
        monkeypatch.setenv(key, "offline")
    made = {"__name__": "scenario_of_a_page"}
    try:
        exec(code, made)
    except ModuleNotFoundError as exc:
        pytest.skip(f"needs {exc.name}")

    assert len(made["scenario"].turns) >= 1


@pytest.mark.parametrize(
    "code", [block for block in blocks("python") if "import BaselineScenario" in block.values[0]]
)
def test_a_whole_scenario_uses_the_tools_that_it_defines(code):
    tools = re.findall(r"^@\S*tool\b.*\n(?:async )?def (\w+)", code, re.MULTILINE)

    assert [name for name in tools if len(re.findall(rf"\b{name}\b", code)) < 2] == []


def test_the_variants_written_by_hand_are_judged_as_the_page_says(monkeypatch):
    page = ROOT / "docs/pages/how-to/chaos-by-hand.md"
    code = re.findall(r"^```python\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE)[0]
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("ANTHROPIC_API_KEY", "offline")
    made = {}
    exec(code, made)
    verdicts = {name: run_scenario(made[name]).verdict for name in ("limited", "cut")}

    assert verdicts["limited"] is Verdict.PASS
    assert verdicts["cut"] is Verdict.FAIL
