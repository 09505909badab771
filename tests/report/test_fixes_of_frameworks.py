"""A fix in the words of a framework, or of an SDK's own loop over tools, ends its failure when it is applied as printed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from agent_chaos.faults.plan import Plan
from agent_chaos.oracles.oracle import Violation
from agent_chaos.patch.install import install_offline
from agent_chaos.report.agent_source.own_names import packages_of
from agent_chaos.report.contents.grouping import remedy_of
from agent_chaos.report.remedies.case import Case
from agent_chaos.report.remedies.catalogue import every_remedy
from agent_chaos.scenario.loader import load
from agent_chaos.stream.exchange import Request
from agent_chaos.trace.fidelity import Fidelity
from agent_chaos.trace.stack_frame import StackFrame
from agent_chaos.trace.trace import Call, Trace
from agent_chaos.trial.rehearsal import Rehearsal

ROOT = Path(__file__).resolve().parents[2]
FRAMEWORKS = ROOT / "scenarios/frameworks"
CUT = {"kind": "max_tokens_in_tool_call", "call": 0, "within": "number", "offset": 0}


def rehearsal(file: Path, recording: str) -> Rehearsal:
    install_offline()
    (loaded,) = load([str(file)])
    cassette = str(ROOT / f"cassettes/{recording}.msgpack")
    return Rehearsal(loaded.scenario.model_copy(update={"cassette": cassette}), target=loaded.ref)


def one_fault(site: str, fault: dict[str, object]) -> Plan:
    return Plan.model_validate({"faults": [{"site": site, "fault": fault}]})


def shown(file: Path, recording: str, plan: Plan) -> Case:
    subject = rehearsal(file, recording)
    outcome = subject.trial(plan)
    return Case(outcome.errors[0], outcome.trace, subject.clean)


def indented(code: str, spaces: int) -> str:
    return "".join(f"{' ' * spaces}{line}\n" if line else "\n" for line in code.splitlines())


def test_pydantic_ai_looks_at_how_each_reply_ended(tmp_path: Path) -> None:
    pytest.importorskip("pydantic_ai")
    scenario, recording = FRAMEWORKS / "pydantic_ai/scenario.py", "pydantic_ai_parcel"
    plan = one_fault("call 1", {"kind": "max_tokens_in_text", "percent_lost": 10})
    case = shown(scenario, recording, plan)
    code, made = remedy_of(case).written([case]).rsplit("\n\n", 1)
    fixed = tmp_path / "fixed.py"
    fixed.write_text(
        scenario.read_text()
        .replace("desk = ", f"from pydantic_ai.capabilities import Hooks\n\n{code}\n\ndesk = ")
        .replace('Agent("openai', f'Agent({made[len("agent = Agent(..., ") : -1]}, model="openai')
    )

    assert case.violation.fingerprint == "silent_truncation:answer"
    assert case.violation.fingerprint not in rehearsal(fixed, recording).trial(plan).fingerprints


def test_google_genai_runs_no_function_before_the_reply_was_looked_at(tmp_path: Path) -> None:
    """Its automatic function calling runs them before the agent sees anything."""
    pytest.importorskip("google.genai")
    scenario, recording = FRAMEWORKS / "genai_sdk/scenario.py", "genai_sdk_trip"
    plan = one_fault("call 1", CUT)
    case = shown(scenario, recording, plan)
    disabled, check = remedy_of(case).written([case]).split("\n\n")
    loop = """
    contents = [types.Content(role="user", parts=[types.Part(text=turn_input)])]
    for _ in range(10):
        response = client.models.generate_content(model="gemini-3-flash", contents=contents, config=config)
{check}        if not response.function_calls:
            return response.text
        results = [globals()[one.name](**one.args) for one in response.function_calls]
        contents.append(response.candidates[0].content)
        parts = [
            types.Part.from_function_response(name=one.name, response={{"result": result}})
            for one, result in zip(response.function_calls, results)
        ]
        contents.append(types.Content(role="user", parts=parts))
"""
    own = disabled.replace("...", "tools=[find_trains, book_hotel]")
    before, _, after = scenario.read_text().partition("    chat = ")
    fixed = tmp_path / "fixed.py"
    fixed.write_text(
        before
        + indented(own, 4)
        + loop.format(check=indented(check, 8))
        + "\n\n"
        + after[after.index("scenario = ") :]
    )

    assert case.asks_and_runs
    assert case.violation.oracle == "unfinished_tool_call"
    assert case.violation.fingerprint not in rehearsal(fixed, recording).trial(plan).fingerprints


def test_where_a_line_runs_tools_too_the_fix_does_not_ask_again(tmp_path: Path) -> None:
    pytest.importorskip("agents")
    scenario, recording = FRAMEWORKS / "openai_agents/scenario.py", "openai_agents_refund"
    plan = one_fault("call 2", {"kind": "bad_text", "shape": "bad_byte"})
    case = shown(scenario, recording, plan)
    body = scenario.read_text()
    turn = re.search(r"(    result = Runner.*?)(?=    return)", body, re.DOTALL)
    assert turn is not None
    guarded = remedy_of(case).written([case]).replace("    ...\n", turn[1])
    fixed = tmp_path / "fixed.py"
    fixed.write_text(body.replace(turn[1], indented(guarded, 4)))
    ended = rehearsal(fixed, recording).trial(plan)

    assert case.violation.oracle == "unhandled_exception"
    assert case.violation.fingerprint not in ended.fingerprints
    assert [run.name for run in ended.trace.tools] == ["lookup_order", "refund"]


def test_packages_that_share_a_name_are_told_apart(tmp_path: Path) -> None:
    file = tmp_path / "agent.py"
    file.write_text("import google.adk.agents\nfrom google import genai\nfrom openai import OpenAI\n")

    assert {"google.adk", "google.genai", "openai"} <= packages_of(StackFrame(str(file), 1, "agent"))


def case_in(source: str, file: Path, line: int) -> Case:
    """A failure of an agent of that source whose call, of a framework's client, stands at that line."""
    file.write_text(source)
    frame = StackFrame(str(file), line, "agent", library="langchain_core")
    call = Call(
        seq=0,
        turn=0,
        call=0,
        attempt=0,
        logical=0,
        at=0.0,
        site=None,
        fidelity=Fidelity.EXACT,
        protocol="anthropic_messages",
        transport="httpx2",
        request=Request("POST", "https://api.anthropic.com/v1/messages"),
        reply=None,
        recorded=None,
        frame=frame,
    )
    trace = Trace(plan=Plan(), entries=(call,), virtual_s=0.0)
    return Case(Violation(oracle="o", subject="s", reason="", advice=""), trace, trace)


@pytest.mark.parametrize(
    ("imported", "remedy", "line"),
    [
        ("from langgraph.prebuilt import ToolNode", "tool_error_result", "handle_tool_errors=said"),
        ("from langchain_core.output_parsers import StrOutputParser", "whole_reply", "| whole |"),
        (
            "from langchain_anthropic import ChatAnthropic",
            "whole_reply",
            "reply = await self.model.ainvoke(...)",
        ),
        ("from langchain.agents import create_agent", "whole_reply", "middleware=[whole]"),
    ],
)
def test_a_fix_is_written_for_the_part_of_a_framework_that_the_agent_uses(
    tmp_path: Path, imported: str, remedy: str, line: str
) -> None:
    source = f"{imported}\nasync def agent(self):\n    return await self.model.ainvoke([])\n"
    (mine,) = (one for one in every_remedy() if one.name == remedy)

    assert line in mine.written([case_in(source, tmp_path / "agent.py", 3)])
