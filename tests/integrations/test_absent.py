"""A bridge to a library that is not installed says how to install it, and costs nothing before."""

import subprocess
import sys

import pytest

from agent_chaos.cli import run_command
from tests.test_cli import ROOT

BRIDGES = [("deepeval", "deepeval"), ("pydantic_evals", "pydantic-evals")]
each_bridge = pytest.mark.parametrize(("module", "extra"), BRIDGES, ids=[module for module, _ in BRIDGES])
FILE = """
from agent_chaos import BaselineScenario
from agent_chaos.integrations.{module} import as_assertion

scenario = BaselineScenario(
    name="shop", agent=lambda ctx, text: text, turns=["hi"], assertions=[as_assertion(lambda: None)]
)
"""


@each_bridge
def test_a_scenario_says_what_to_install(module, extra, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("importlib.util.find_spec", lambda name, package=None: None)
    (tmp_path / f"wants_{module}.py").write_text(FILE.format(module=module))
    run_command(["run", f"wants_{module}.py"])
    told = capsys.readouterr()

    assert f'pip install "agent-chaos[{extra}]"' in told.out + told.err


@each_bridge
def test_a_bridge_does_not_import_its_library(module, extra):
    code = f"import sys, agent_chaos.integrations.{module}; print({module!r} in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)},
    )

    assert done.stdout == "False\n"
