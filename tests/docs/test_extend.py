"""The parts that the page on extending writes do what it says: each is taken from the page and put to work."""

import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

from agent_chaos.faults.plan import Plan
from agent_chaos.faults.transport.truncate import Truncate
from agent_chaos.oracles.oracle import Evidence
from tests.search import shop
from tests.trials import trial

ROOT = Path(__file__).resolve().parents[2]
BLOCKS = re.findall(
    r"^```python\n(.*?)^```", (ROOT / "docs/pages/how-to/extend.md").read_text(), re.DOTALL | re.MULTILINE
)


def made(word):
    """What the one block with a word defines."""
    (code,) = [block for block in BLOCKS if word in block]
    defined = {"__name__": "page"}
    exec(code, defined)
    return SimpleNamespace(**defined, code=code)


def test_a_fault_of_a_package_is_listed_and_strikes(tmp_path):
    block = made("class GatewayPause")
    (tmp_path / "gateway_faults.py").write_text(block.code)
    info = tmp_path / "gateway-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: gateway\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[agent_chaos.faults]\ngateway = gateway_faults\n")
    shop.write_project(tmp_path)
    asked = ["fuzz", "shop_scenario.py", "--only-faults", "gateway_pause", "--max-examples", "2"]
    code = (
        "from agent_chaos.cli import run_command as run; run(['faults', 'gateway_pause']); "
        f"run({asked}); from agent_chaos.search.api import any_fault; print(any_fault('gateway_pause', seconds=3))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={"PYTHONPATH": f"{tmp_path}:{ROOT}", "PATH": "", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert "The gateway waits `seconds` before it passes on the reply." in done.stdout, done.stderr
    assert "2 examples: 2 ok" in done.stdout
    assert "llm_gateway_pause(seconds=3)" in done.stdout


def test_the_oracle_tells_a_cut_answer_from_a_whole_one():
    oracle = made("class ShorterAnswer").ORACLE
    scenario, cassette = shop.scenario(shop.careless), shop.cassette()
    clean = trial(scenario, cassette)
    cut = trial(scenario, cassette, Plan.of([("call 1", Truncate(boundary="mid_text", offset=0))]))
    found = [list(oracle.judge(Evidence(one, clean, None, {}))) for one in (clean, cut)]

    assert [len(one) for one in found] == [0, 1]
    assert found[1][0].fingerprint == "shorter_answer:answer"


def test_the_seam_of_the_framework_answers_its_tools_from_the_recording():
    block, ran = made("my_framework.tools"), []

    class Tool:
        def __init__(self, name, function):
            self.name, self.function = name, function

        def call(self, arguments):
            return self.function(**arguments)

    block.patch(SimpleNamespace(Tool=Tool))
    tool = Tool("double", lambda number: ran.append(number) or 2 * number)
    assert tool.call({"number": 21}) == 42
    assert ran == [21]


def test_the_rule_of_ones_own_judges_what_the_tool_was_given():
    rule = made("never_more_than_ordered").never_more_than_ordered
    steps = [
        {"type": "tool_result", "tool_name": "refund", "args": {"amount": amount}} for amount in (1500, 1501)
    ]
    runs = [SimpleNamespace(metrics=SimpleNamespace(conv=SimpleNamespace(entries=[one]))) for one in steps]

    assert [rule(run) for run in runs] == [True, False]
