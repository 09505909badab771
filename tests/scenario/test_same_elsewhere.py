"""A failure has one name wherever the project lies: teams commit failures, and CI has another path."""

from pathlib import Path

from agent_chaos.faults.plan import Plan
from agent_chaos.patch.install import install_offline
from agent_chaos.scenario.loader import load
from agent_chaos.trial.rehearsal import Rehearsal

ROOT = Path(__file__).resolve().parents[2]
AGENT = (ROOT / "scenarios" / "refund.py").read_text().replace("Anthropic()", "Anthropic(max_retries=0)")

DOWN = """

class Down(Exception):
    pass


class Reply:
    def __init__(self, exc):
        raise Down(f"{type(self)}: no reply") from exc


def agent(ctx, text):
    try:
        return ask(ctx, text)
    except Exception as exc:
        return Reply(exc)
"""


def outcome_in(folder):
    folder.mkdir()
    file = folder / "desk.py"
    before, after = AGENT.replace("def agent(", "def ask(").split("refund_scenario =")
    file.write_text(f"{before}{DOWN}\n\nrefund_scenario ={after}")
    install_offline()
    (loaded,) = load([str(file)])
    cassette = ROOT / "cassettes" / "refund.msgpack"
    subject = Rehearsal(loaded.scenario.model_copy(update={"cassette": str(cassette)}), target=loaded.ref)
    fault = {"kind": "server_error"}
    return subject.trial(Plan.model_validate({"faults": [{"site": "call 0", "fault": fault}]}))


def test_an_exception_of_the_agents_own_has_the_same_name_in_every_folder(tmp_path):
    one, other = (outcome_in(tmp_path / name) for name in ("here", "there"))
    (raised,), (again,) = one.trace.raised, other.trace.raised

    assert raised.type == again.type == "desk.Down"
    assert raised.message == again.message == "<class 'desk.Reply'>: no reply"
    assert one.fingerprints == other.fingerprints == {"unhandled_exception:desk.Down in desk.py:__init__"}
