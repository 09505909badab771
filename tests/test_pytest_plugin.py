"""The plugin, in pytest sessions of its own: collection, the mark, the fixtures, what a failure prints."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from agent_chaos.faults.plan import Plan
from agent_chaos.faults.transport.truncate import Truncate
from agent_chaos.oracles.oracle import Violation
from agent_chaos.search.failure import Failure
from tests.forked import ROOT, command
from tests.patch.raw_server import serving
from tests.patch.sdk_calls import provider

KEPT = Failure(
    id="F-KJPT",
    scenario="refund",
    target="scenarios/refund.py:refund",
    fingerprint="unfinished_tool_call:refund (cut arguments)",
    violation=Violation(
        oracle="unfinished_tool_call", subject="refund (cut arguments)", reason="ran", advice=""
    ),
    plan=Plan.of([("call 1", Truncate(boundary="mid_number", offset=0))]),
    seed=0,
)


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project with the shipped refund agent, outside of any other pytest project."""
    for folder, name in (("scenarios", "refund.py"), ("cassettes", "refund.msgpack")):
        (tmp_path / folder).mkdir()
        shutil.copy(ROOT / folder / name, tmp_path / folder / name)
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = -p no:cacheprovider\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def alone() -> dict[str, str]:
    """The environment of a session without the plugins of others, as what they load is not measured here."""
    return {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}


def session(folder: Path, *arguments: str) -> tuple[int, str]:
    plugin = ("-q", "-p", "agent_chaos.pytest_plugin")
    done = command(folder, *plugin, *arguments, module="pytest", environment=alone())
    return done.returncode, done.stdout + done.stderr


def test_without_the_option_no_scenario_is_collected_and_nothing_heavy_is_imported(project):
    (project / "test_own.py").write_text(
        "import sys\n\ndef test_it():\n"
        "    assert not {'hypothesis.internal', 'agent_chaos.search', 'pydantic', 'rich'} & set(sys.modules)\n"
    )
    fresh = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "agent_chaos.pytest_plugin",
        "test_own.py",
        "scenarios",
    ]
    done = subprocess.run(fresh, capture_output=True, text=True, check=False, env=alone())
    code, said = done.returncode, done.stdout

    assert code == 0, said
    assert "1 passed" in said


def test_every_scenario_and_every_stored_failure_is_a_test_and_a_failure_prints_the_finding(project):
    (project / ".agent_chaos").mkdir()
    (project / ".agent_chaos" / "F-KJPT.json").write_text(KEPT.model_dump_json())
    code, said = session(project, "--chaos", "--chaos-examples", "1", "-k", "F-KJPT or refund")

    assert code == 1
    assert "FAILED scenarios/refund.py::refund:F-KJPT" in said
    assert "unfinished tool call" in said
    assert "agent-chaos replay F-KJPT" in said
    assert "pytest_fixtures.py" not in said
    assert "Traceback" not in said


def test_tags_choose_scenarios_as_those_of_the_commands_do(project):
    (project / "scenarios" / "shop.py").write_text(
        "from agent_chaos import BaselineScenario\n\n"
        "scenario = BaselineScenario(name='shop', agent=str, turns=['hi'], tags=['money'])\n"
    )
    code, said = session(project, "--chaos", "--collect-only", "-k", "money")

    assert code == 0
    assert "scenarios/shop.py::shop" in said
    assert "refund.py" not in said


def test_a_file_that_does_not_import_is_an_error_in_one_line(project):
    (project / "scenarios" / "refund.py").write_text("import nothing_of_this_name\n")
    (project / "scenarios" / "broken.py").write_text("def f(:\n")
    code, said = session(project, "--chaos")

    assert code == 2
    assert "broken.py" in said
    assert "SyntaxError" in said
    assert "loader.py" not in said


@pytest.mark.thorough
def test_one_process_and_two_workers_find_store_and_print_the_same(project):
    for folder, name in (("scenarios", "careful_refund.py"), ("cassettes", "careful_refund.msgpack")):
        shutil.copy(ROOT / folder / name, project / folder / name)
    ended = []
    for workers in ("0", "2"):
        shutil.rmtree(project / ".agent_chaos", ignore_errors=True)
        options = (
            "-p",
            "xdist",
            "-n",
            workers,
            "--junit-xml",
            "junit.xml",
            "--chaos",
            "--chaos-examples",
            "4",
        )
        code, said = session(project, *options)
        stored = {one.name: one.read_bytes() for one in (project / ".agent_chaos").glob("*.json")}
        results = ElementTree.parse(project / "junit.xml").iter("testcase")
        told = sorted(
            (one.get("name"), [_without_seconds(part.text or "") for part in one]) for one in results
        )
        ended.append((code, stored, told))
        assert ("bringing up nodes" in said) == (workers == "2")

    assert ended[0][0] == 1
    assert len(ended[0][1]) > 1
    assert "agent-chaos replay F-" in str(ended[0][2])
    assert ended[0] == ended[1]


def _without_seconds(told: str) -> str:
    return re.sub(r"[\d.]+ s, seed", "", told)


def test_the_project_says_how_its_tests_search(project):
    (project / "pyproject.toml").write_text(
        '[tool.agent-chaos]\nmax-examples = 3\nonly-faults = ["rate_limit"]\nonly-oracles = ["leaks"]\n'
    )
    (project / "test_own.py").write_text(
        "def test_settings(chaos):\n"
        "    done = chaos.fuzz('scenarios/refund.py')\n"
        "    assert chaos.settings.max_examples == 3\n"
        "    assert set(done.figures.fired) == {'rate_limit'}\n"
    )
    code, said = session(project, "test_own.py")
    (project / "pyproject.toml").write_text("[tool.agent-chaos]\nmax-example = 3\n")
    refused, why = session(project, "test_own.py")

    assert code == 0, said
    assert refused == 1
    assert "did you mean max-examples?" in why


def test_the_fixture_searches_with_the_settings_of_the_mark(project):
    (project / "test_own.py").write_text(
        "import pytest\n\n"
        "@pytest.mark.chaos(max_examples=1, seed=5)\n"
        "def test_settings(chaos):\n"
        "    assert (chaos.settings.max_examples, chaos.settings.seed) == (1, 5)\n"
        "@pytest.mark.chaos(examples=1)\n"
        "def test_a_word_that_the_mark_does_not_know(chaos):\n    pass\n"
    )
    code, said = session(project, "test_own.py")

    assert code == 1
    assert "1 passed, 1 error" in said
    assert "the chaos mark takes max_examples, seed and faults, not examples" in said


def test_the_chaos_fixture_prints_the_finding_at_the_line_of_the_test(project):
    (project / "test_own.py").write_text(
        "import pytest\n\n"
        "@pytest.mark.chaos(max_examples=1)\n"
        "def test_refund(chaos):\n    chaos.fuzz('scenarios/refund.py')\n"
        "def test_mistyped(chaos):\n    chaos.fuzz('scenarios/refunds.py')\n"
        "def test_unrecorded(cassette):\n    pass\n"
    )
    code, said = session(project, "test_own.py")

    assert code == 1
    assert "agent-chaos replay F-KJPT" in said
    assert "scenarios/refunds.py: no such file or folder" in said
    assert "record it: pytest --chaos-record=once" in said
    assert "pytest_fixtures.py" not in said
    assert "contextlib.py" not in said


TRAFFIC = """
import anthropic
import pytest
from agent_chaos.chaos import llm_rate_limit

def asked():
    client = anthropic.Anthropic(base_url="{url}", max_retries=0)
    return client.messages.create(
        model="claude-sonnet-5", max_tokens=10, messages=[{{"role": "user", "content": "hi"}}]
    ).content[0].text

def test_plain(cassette):
    assert asked()

@pytest.mark.chaos(faults=[llm_rate_limit()])
def test_limited(cassette):
    with pytest.raises(anthropic.RateLimitError):
        asked()

async def test_async(cassette):
    pass
"""


def test_the_cassette_fixture_records_once_and_replays_without_the_server_and_with_faults(
    project, monkeypatch
):
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-test-0123456789abcdef")
    monkeypatch.setenv("CI", "true")  # what is asked for on the command line is recorded there as well
    test = project / "test_traffic.py"
    with serving(provider) as url:
        test.write_text(TRAFFIC.format(url=url))
        without, said_without = session(project, "test_traffic.py", "-k", "plain")
        recorded, said = session(project, "test_traffic.py", "--chaos-record", "once", "-k", "plain")
    kept = project / "cassettes" / "test_traffic" / "test_plain.msgpack"
    shutil.copy(kept, kept.with_name("test_limited.msgpack"))
    before = kept.read_bytes()
    monkeypatch.delenv("ANTHROPIC_API_KEY")
    afresh, _ = session(project, "test_traffic.py", "--chaos-record", "all", "-k", "plain")
    code, replayed = session(project, "test_traffic.py")

    assert without == 1
    assert "pytest --chaos-record=once" in said_without
    assert recorded == 0, said
    assert (afresh, kept.read_bytes()) == (1, before)
    assert code == 1
    assert "2 passed, 1 error" in replayed, replayed
    assert "call" in replayed
    assert "asyncio.run(main())" in replayed
