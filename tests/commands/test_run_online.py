"""`run` and `record` where the network matters: live runs, first recordings, branches of variants and of failures."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from tests.forked import ROOT, command
from tests.record.test_branch import script
from tests.standin.record_scenarios import contexts_of
from tests.standin.said import Said
from tests.standin.server import StandIn, standin

SUITE = """
from agent_chaos.chaos import llm_rate_limit, tool_error
from agent_chaos.scenario import BaselineScenario, MaxLLMCalls, TurnResponseContains
from tests.tool_loops import QUESTION, agent_of

agent = agent_of("anthropic_messages", {url!r}, style="sync", stream=True)
weather = BaselineScenario(name="weather", agent=agent, turns=[QUESTION], hosts=["127.0.0.1"])
failing = weather.variant(
    name="failing",
    chaos=[tool_error("down for maintenance")],
    assertions=[TurnResponseContains("could not find out", turn=0)],
)
limited = weather.variant(name="limited", chaos=[llm_rate_limit(retry_after=40)], assertions=[MaxLLMCalls(1)])
"""
KEY = {"ANTHROPIC_API_KEY": "sk-ant-api03-stand-in-key-0123456789"}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[StandIn]:
    with standin(script) as running:
        (tmp_path / "suite.py").write_text(SUITE.format(url=running.url))
        yield running


def run(folder: Path, *arguments: str, **environment: str) -> tuple[int, str]:
    bare = {name: "" for name in os.environ if name.endswith("_API_KEY") or name == "CI"}
    done = command(folder, *arguments, environment={**os.environ, **bare, **environment})
    return done.returncode, done.stdout + done.stderr


def in_a_terminal(folder: Path, *arguments: str, answer: str) -> tuple[int, str]:
    """The command where somebody can be asked, and answers."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "agent_chaos", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **KEY},
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as started:
        os.write(ours, answer.encode())
        told, _ = started.communicate()
    os.close(ours)
    os.close(theirs)
    return started.returncode, told


def verdicts(told: str) -> dict[str, str]:
    lines = [line.split("  ") for line in told.splitlines() if "virtual" in line and not line.startswith(" ")]
    return {line[0]: line[1] for line in lines}


def test_record_adds_a_branch_for_each_variant_that_needs_one(server: StandIn, tmp_path: Path) -> None:
    before = run(tmp_path, "record", "suite.py:weather", **KEY)
    undecided = run(tmp_path, "run", "suite.py:failing")
    code, told = run(tmp_path, "record", "suite.py", **KEY)
    asked = len(server.requests)
    after = run(tmp_path, "run", "suite.py")

    assert before[0] == 0
    assert (undecided[0], verdicts(undecided[1])) == (3, {"failing": "UNDECIDED"})
    assert "recorded by 'agent-chaos record suite.py:failing'" in undecided[1]
    assert (code, asked) == (0, 3)
    assert "failing  1 call and 0 tool calls added to its recording" in told
    assert verdicts(after[1]) == {"weather": "PASS", "failing": "PASS", "limited": "FAIL"}
    assert "  raised anthropic.RateLimitError" in after[1]


POLITE = """
import anthropic

from agent_chaos import BaselineScenario, fuzz_chaos
from agent_chaos.chaos import llm_server_error
from agent_chaos.scenario import AllTurnsComplete


def agent(ctx, text):
    history = ctx.agent_state.setdefault("history", [])
    client = anthropic.Anthropic(base_url={url!r}, max_retries=0)
    asked = [*history, {{"role": "user", "content": text}}]
    try:
        message = client.messages.create(model="claude-sonnet-5", max_tokens=99, messages=asked)
    except anthropic.APIError:
        return "Sorry, not now."
    history += [asked[-1], {{"role": "assistant", "content": message.content[0].text}}]
    return message.content[0].text


polite = BaselineScenario(
    name="polite", agent=agent, turns=["Hello", "How are you?", "Bye"], hosts=["127.0.0.1"], assertions=[AllTurnsComplete()]
)
late = polite.variant(name="late", chaos=[llm_server_error().on_turn(0)])
scenarios = [polite, late, *fuzz_chaos(polite, n=6, seed=3)]
"""


def test_what_follows_after_an_error_is_recorded_too_and_drawn_variants_stay_the_same(tmp_path: Path) -> None:
    with standin(lambda asked: Said(f"Answer {asked.turns}.")) as server:
        (tmp_path / "suite.py").write_text(POLITE.format(url=server.url))
        baseline = run(tmp_path, "record", "suite.py:polite", **KEY)
        partly = run(tmp_path, "run", "suite.py:late")
        (tmp_path / "cassettes" / "polite.msgpack").unlink()
        recorded = run(tmp_path, "record", "suite.py", **KEY)
        first = run(tmp_path, "run", "suite.py")
        asked = len(server.requests)
        again = run(tmp_path, "record", "suite.py", **KEY)

    assert (baseline[0], recorded[0], again[0]) == (0, 0, 0)
    assert (partly[0], verdicts(partly[1])) == (0, {"late": "PASS"})
    assert "judged as far as recorded" in partly[1]
    assert "recorded by 'agent-chaos record suite.py:late'" in partly[1]
    assert "late  2 calls and 0 tool calls added to its recording" in recorded[1]
    assert len(verdicts(first[1])) == 8
    late = first[1].partition("\nlate ")[2].partition("\npolite--fuzz-0")[0]
    assert late.count("turn 0 answered 'Sorry, not now.', not 'Answer 0.'") == 1
    assert [*verdicts(first[1])] == [*verdicts(run(tmp_path, "run", "suite.py")[1])]
    assert len(server.requests) <= asked + 1


def test_a_live_run_asks_the_provider_and_faults_what_it_says(server: StandIn, tmp_path: Path) -> None:
    code, told = run(tmp_path, "run", "suite.py", "--live", **KEY)

    assert code == 1
    assert verdicts(told) == {"weather": "PASS", "failing": "PASS", "limited": "FAIL"}
    assert len(server.requests) == 2 + 2 + 1
    assert not (tmp_path / "cassettes").exists()
    assert "call 0: rate limit (429), retry after 40 s" in told


def test_what_has_no_recording_is_recorded_first_where_a_key_is_set(server: StandIn, tmp_path: Path) -> None:
    code, told = run(tmp_path, "run", "suite.py:weather", **KEY)
    again = run(tmp_path, "run", "suite.py:weather", **KEY)

    assert code == again[0] == 0
    assert "weather has no recording yet: running it once, live, to make cassettes/weather.msgpack" in told
    assert "no recording yet" not in again[1]
    assert len(server.requests) == 2


MADE_EARLY = """
import anthropic

from agent_chaos import BaselineScenario

client = anthropic.Anthropic()


def agent(ctx, text):
    try:
        message = client.messages.create(
            model="claude-sonnet-5", max_tokens=99, messages=[{"role": "user", "content": text}]
        )
    except anthropic.APIError:
        return "Sorry, not now."
    return message.content[0].text


hello = BaselineScenario(name="hello", agent=agent, turns=["Hello"])
"""


def test_a_client_made_at_import_goes_through_the_proxy_at_the_first_recording(tmp_path: Path) -> None:
    (tmp_path / "suite.py").write_text(MADE_EARLY)
    authority, trusted = trustme.CA(), tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(trusted))
    unreachable = {"HTTPS_PROXY": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9"}
    refused = run(tmp_path, "run", "suite.py", **KEY, **unreachable)
    with standin(lambda asked: Said("Good morning."), contexts=contexts_of(authority)) as server:
        proxy = {"HTTPS_PROXY": server.url, "https_proxy": server.url, "SSL_CERT_FILE": str(trusted)}
        code, told = run(tmp_path, "run", "suite.py", **KEY, **proxy)

    assert refused[0] == 2
    assert "hello: api.anthropic.com cannot be reached; check the network and record again" in refused[1]
    assert (code, verdicts(told)) == (0, {"hello": "PASS"})


@pytest.mark.parametrize(
    ("arguments", "environment"),
    [([], {}), ([], {**KEY, "CI": "true"}), (["--offline"], KEY)],
    ids=["no key", "CI", "--offline"],
)
def test_otherwise_it_is_only_named(arguments, environment, server: StandIn, tmp_path: Path) -> None:
    code, told = run(tmp_path, "run", "suite.py:weather", *arguments, **environment)

    assert code == 2
    assert "agent-chaos record suite.py:weather" in told
    assert server.requests == []


def test_a_failure_is_continued_after_asking(server: StandIn, tmp_path: Path) -> None:
    run(tmp_path, "record", "suite.py:weather", **KEY)
    fault = {"site": "tool 0", "fault": {"kind": "tool_error", "message": "down for maintenance"}}
    failure = {
        "id": "F-ABCD",
        "scenario": "weather",
        "target": "suite.py:weather",
        "fingerprint": "made up",
        "violation": {
            "oracle": "termination",
            "subject": "made up",
            "reason": "made up",
            "advice": "none",
        },
        "seed": 0,
        "plan": {"version": 1, "faults": [fault]},
    }
    (tmp_path / ".agent_chaos").mkdir()
    (tmp_path / ".agent_chaos" / "F-ABCD.json").write_text(json.dumps(failure))
    unasked = run(tmp_path, "record", "--continue", "F-ABCD", **KEY)
    agreed = run(tmp_path, "record", "--continue", "F-ABCD", "--yes", **KEY)
    whole = run(tmp_path, "record", "--continue", "F-ABCD", **KEY)

    assert unasked[0] == 2
    assert "about 1 live call to the provider; say --yes" in unasked[1]
    assert agreed[0] == 0
    assert "F-ABCD  1 call and 0 tool calls added to its recording" in agreed[1]
    assert (whole[0], len(server.requests)) == (0, 3)
    assert "nothing to record" in whole[1]


def down(message: str) -> dict[str, object]:
    return {"kind": "tool_error", "message": message}


def test_undecided_plans_are_continued_within_a_number_of_calls_and_judged_again(
    server: StandIn, tmp_path: Path
) -> None:
    run(tmp_path, "record", "suite.py:weather", **KEY)
    kept(tmp_path, "suite.py:weather", down("down"), site="tool 0", examples=5)
    kept(tmp_path, "suite.py:weather", down("for maintenance"), site="tool 0", name="U-EFGH")
    first = run(tmp_path, "record", "--continue", "all", "--max-calls", "1", "--yes", **KEY)
    asked = len(server.requests)
    both = run(tmp_path, "record", "--continue", "U-ABCD", "U-EFGH", "--yes", **KEY)
    whole = run(tmp_path, "record", "--continue", "all", "--yes", **KEY)
    after = run(tmp_path, "replay", "U-ABCD", "U-EFGH")

    assert (first[0], both[0], whole[0], after[0]) == (0, 0, 0, 0)
    assert "U-ABCD on weather: about 1 live call to the provider; 1 more wait" in " ".join(first[1].split())
    assert "U-ABCD is PASS now" in first[1]
    assert "U-EFGH is PASS now" in both[1]
    assert len(server.requests) == asked + 1, "what was recorded is not asked again"
    assert "nothing to record" in whole[1]


def test_a_search_asks_what_its_undecided_examples_wait_for_and_searches_again(
    server: StandIn, tmp_path: Path
) -> None:
    narrow = ["suite.py:weather", "--only-faults", "repeated_tool_call", "--max-examples", "4", "--quiet"]
    run(tmp_path, "record", "suite.py:weather", **KEY)
    _, told = run(tmp_path, "fuzz", *narrow, "--continue", "--yes", "--max-calls", "1", **KEY)
    figures = [line for line in told.splitlines() if " examples: " in line]
    half, why = run(tmp_path, "fuzz", *narrow, "--continue")

    assert len(server.requests) == 3
    assert "about 1 live call" in told
    assert [" 0 undecided" in line for line in figures] == [False, True]
    assert (half, "--max-calls N" in why) == (2, True)


def test_calls_that_are_too_few_for_any_plan_are_refused(server: StandIn, tmp_path: Path) -> None:
    run(tmp_path, "record", "suite.py:weather", **KEY)

    assert run(tmp_path, "record", "--continue", "all", "--yes", **KEY)[0] == 2


def test_who_says_no_is_told_that_nothing_was_asked(server: StandIn, tmp_path: Path) -> None:
    run(tmp_path, "record", "suite.py:weather", **KEY)
    kept(tmp_path, "suite.py:weather", down("down"), site="tool 0")
    asked = len(server.requests)
    code, said = in_a_terminal(tmp_path, "record", "--continue", "U-ABCD", answer="n\n")

    assert (code, len(server.requests)) == (2, asked)
    assert "nothing was asked of the provider" in " ".join(said.split())


def kept(
    folder: Path,
    target: str,
    fault: dict[str, object],
    *,
    site: str = "call 0",
    name: str = "U-ABCD",
    examples: int = 1,
) -> None:
    """Stores an undecided plan of one fault, as a search does."""
    plan = {
        "version": 1,
        "id": name,
        "scenario": target.partition(":")[2],
        "target": target,
        "reason": "made up",
        "plan": {"version": 1, "faults": [{"site": site, "fault": fault}]},
        "examples": examples,
    }
    where = folder / ".agent_chaos_runs" / "undecided"
    where.mkdir(parents=True, exist_ok=True)
    (where / f"{name}.json").write_text(json.dumps(plan))


def test_tools_that_would_really_run_are_named_before(server: StandIn, tmp_path: Path) -> None:
    run(tmp_path, "record", "suite.py:weather", **KEY)
    kept(tmp_path, "suite.py:weather", {"kind": "malformed_arguments", "shape": "wrong_type", "call": 0})
    code, said = run(tmp_path, "record", "--continue", "U-ABCD", **KEY)

    assert code == 2
    assert "and it really runs weather(city=" in " ".join(said.split())


KEYLESS = """
import anthropic
from agent_chaos.scenario import BaselineScenario


def agent(ctx, text):
    client = anthropic.Anthropic(base_url={url!r})
    asked = [{{"role": "user", "content": text}}]
    return client.messages.create(model="claude-sonnet-5", max_tokens=9, messages=asked).content[0].text


plain = BaselineScenario(name="plain", agent=agent, turns=["Hello."], hosts=["127.0.0.1"])
"""


def test_without_a_key_a_branch_is_refused_and_not_called_whole(server: StandIn, tmp_path: Path) -> None:
    (tmp_path / "keyless.py").write_text(KEYLESS.format(url=server.url))
    run(tmp_path, "record", "keyless.py", **KEY)
    kept(tmp_path, "keyless.py:plain", {"kind": "malformed_arguments", "shape": "wrong_type", "call": 0})
    code, said = run(tmp_path, "record", "--continue", "U-ABCD", "--yes")

    assert code == 2
    assert "asks nothing and ends in" in " ".join(said.split())


def test_an_undecided_plan_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    code, told = run(tmp_path, "replay", "U-ZZZZ")

    assert (code, "no undecided plan U-ZZZZ" in told) == (2, True)
