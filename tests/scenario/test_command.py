"""Agents in other processes: recorded over a socket, replayed and broken without it."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path
from select import select

import pytest

from agent_chaos.errors import RecordError, UsageError
from agent_chaos.faults.plan import Plan
from agent_chaos.faults.transport.empty_body import EmptyBody
from agent_chaos.faults.transport.lost_connections import ResetAtOnce
from agent_chaos.faults.transport.odd_retry_after import RateLimitOdd
from agent_chaos.faults.transport.rate_limits import RateLimit, RateLimitLong
from agent_chaos.faults.transport.refused_requests import AuthError
from agent_chaos.faults.transport.server_errors import ServerError
from agent_chaos.oracles.verdict import Verdict
from agent_chaos.patch.loopback.program import Launch, Program
from agent_chaos.record.recording import record_scenario
from agent_chaos.report.contents.grouping import remedy_of
from agent_chaos.report.remedies.case import Case
from agent_chaos.scenario.command import command_agent
from agent_chaos.scenario.model import BaselineScenario
from agent_chaos.trace.fidelity import Fidelity
from agent_chaos.trial.real_tools import RealToolPolicy
from agent_chaos.trial.rehearsal import Rehearsal
from tests.cassette.made import asking
from tests.patch.raw_server import serving
from tests.patch.sdk_calls import TEXT, provider
from tests.replay.asked import cassette_of
from tests.spoken import spoken
from tests.standin.said import Called, Said
from tests.trials import trial

PYTHON = """
import json, os, sys, urllib.request

def ask(text):
    body = {"model": "claude-sonnet-5", "max_tokens": 9, "messages": [{"role": "user", "content": text}]}
    request = urllib.request.Request(
        os.environ["ANTHROPIC_BASE_URL"] + "/v1/messages",
        json.dumps(body).encode(),
        {"content-type": "application/json", "x-api-key": os.environ["ANTHROPIC_API_KEY"], "anthropic-version": "2023-06-01"},
    )
    with urllib.request.urlopen(request) as reply:
        return json.load(reply)["content"][0]["text"]
"""
OPENAI = (
    PYTHON.replace('"ANTHROPIC_BASE_URL"] + "/v1/messages"', '"OPENAI_BASE_URL"] + "/chat/completions"')
    .replace('["content"][0]["text"]', '["choices"][0]["message"]["content"]')
    .replace("claude-sonnet-5", "gpt-5-mini")
)
ONCE = f"{PYTHON}\nsys.stdout.buffer.write(ask(sys.argv[1] if len(sys.argv) > 1 else sys.stdin.read()).encode())\n"
KEPT = f"""{PYTHON}
for line in sys.stdin:
    asked = json.loads(line)
    print(json.dumps({{"response": json.dumps([os.getpid(), asked["turn"], ask(asked["input"])])}}), flush=True)
"""
REAL_TIME = (sys.executable, "-E")
"""As a program of another language: it does not load what would let its waits pass in virtual time."""
NODE = """
const body = {model: "claude-sonnet-5", max_tokens: 9, messages: [{role: "user", content: process.argv[2]}]};
const reply = await fetch(process.env.ANTHROPIC_BASE_URL + "/v1/messages", {
  method: "POST", body: JSON.stringify(body),
  headers: {"content-type": "application/json", "anthropic-version": "2023-06-01"},
});
console.log((await reply.json()).content[0].text);
"""


@pytest.fixture
def recorded(tmp_path, monkeypatch):
    """Records a program's scenario against a server that is gone afterwards; gives the scenario ready for trials."""
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-test-0123456789abcdef")

    def record(text, *, name="agent.py", turns=("hi",), program=(sys.executable,), **how):
        (tmp_path / name).write_text(text)
        agent = command_agent([*program, name], cwd=tmp_path, **how)
        scenario = BaselineScenario(
            name="other-process",
            agent=agent,
            turns=turns,
            cassette=tmp_path / "kept.msgpack",
            hosts=("127.0.0.1",),
        )
        with serving(provider) as url:
            monkeypatch.setenv("ANTHROPIC_BASE_URL", url)
            monkeypatch.setenv("OPENAI_BASE_URL", f"{url}/v1")
            record_scenario(scenario, mode="all")
        return Rehearsal(scenario)

    return record


def test_a_program_is_recorded_and_replayed_without_the_server(recorded):
    rehearsal = recorded(ONCE)
    outcome = rehearsal.trial(Plan())

    assert [call.transport for call in outcome.trace.calls] == ["process"]
    assert [answer.text for answer in outcome.trace.answers] == [TEXT]
    assert b"sk-ant" not in (rehearsal.scenario.cassette_path).read_bytes()


def test_faults_reach_the_program_over_the_socket(recorded):
    rehearsal = recorded(ONCE, input="stdin")
    limited = rehearsal.trial(Plan.of([("call 0", RateLimit(retry_after_s=20))])).trace

    assert "429" in limited.raised[0].message
    assert [str(site) for site, _ in limited.fired] == ["call 0"]


@pytest.mark.parametrize(
    ("fault", "waits"),
    [
        (RateLimit(retry_after_s=20), "1 1"),
        (ServerError(), "None 1"),
        (RateLimitOdd(form="unit"), "30s None"),
        (AuthError(), "None None"),
        (RateLimitLong(hours=3), "10800 None"),
    ],
    ids=["ordered", "left to the client", "misread", "not asked again", "too long"],
)
def test_a_wait_that_a_client_would_make_by_itself_is_cut_to_what_a_program_can_bear(recorded, fault, waits):
    told = "print(error.headers['retry-after'], error.headers['retry-after-ms'])"
    rehearsal = recorded(
        f"{PYTHON}\ntry:\n    print(ask('hi'))\nexcept urllib.error.HTTPError as error:\n    {told}\n",
        program=REAL_TIME,
    )
    answers = rehearsal.trial(Plan.of([("call 0", fault)])).trace.answers

    assert [answer.text for answer in answers] == [waits]


def test_a_program_that_waits_for_hours_as_it_was_told_is_found_to_and_ended(recorded):
    waits = "time.sleep(float(error.headers['retry-after']))"
    program = f"{PYTHON}\nimport time\ntry:\n    print(ask('hi'))\nexcept urllib.error.HTTPError as error:\n    {waits}\n"
    rehearsal = recorded(program, timeout_s=6.0, program=REAL_TIME)
    outcome = rehearsal.trial(Plan.of([("call 0", RateLimitLong(hours=3))]))

    assert outcome.trace.virtual_s > 3 * 3_600
    assert "told it to wait 10,800 s" in outcome.trace.raised[0].message
    assert [one.subject for one in outcome.violations if one.oracle == "termination"] == ["retry-after"]


@pytest.mark.parametrize("asks", [PYTHON, OPENAI], ids=["anthropic", "openai"])
def test_a_wait_that_was_cut_passes_in_virtual_time(recorded, asks):
    program = f"{asks}\ntry:\n    print(ask('hi'))\nexcept urllib.error.HTTPError:\n    print(ask('hi'))\n"
    outcome = recorded(program, program=REAL_TIME).trial(Plan.of([("call 0", RateLimit(retry_after_s=60))]))

    assert [answer.text for answer in outcome.trace.answers] == [TEXT]
    assert outcome.trace.virtual_s > 60
    assert [one for one in outcome.violations if one.oracle == "retry_discipline"] == []


SLEEPS = {
    "sleep": "import time\n    time.sleep(wait)\n    print(ask('hi'), time.time() - began > wait)",
    "asyncio": "import asyncio\n    asyncio.run(asyncio.sleep(wait))\n    print(ask('hi'), time.time() - began > wait)",
}


@pytest.mark.parametrize("how", SLEEPS)
def test_what_a_program_in_python_sleeps_passes_in_virtual_time(recorded, how):
    waits = f"except urllib.error.HTTPError as error:\n    wait = float(error.headers['retry-after'])\n    {SLEEPS[how]}\n"
    program = f"import time\nbegan = time.time()\n{PYTHON}\ntry:\n    print(ask('hi'))\n{waits}"
    outcome = recorded(program, timeout_s=20.0).trial(Plan.of([("call 0", RateLimitLong(hours=3))]))

    assert [answer.text for answer in outcome.trace.answers] == [f"{TEXT} True"]
    assert outcome.trace.virtual_s > 3 * 3_600
    assert [one.subject for one in outcome.violations if one.oracle == "termination"] == ["retry-after"]


DEADLINE = """
import asyncio, time
async def main():
    began = time.time()
    for seconds in (3_600, float("inf")):
        try:
            async with asyncio.timeout(60):
                await asyncio.sleep(seconds)
        except TimeoutError:
            ended = int(time.time() - began)
    return ended
try:
    print(ask("hi"))
except urllib.error.HTTPError:
    print(asyncio.run(main()), ask("hi"))
"""


def test_a_deadline_that_a_program_sets_for_itself_ends_what_it_sleeps(recorded):
    rehearsal = recorded(PYTHON + DEADLINE, timeout_s=20.0)
    first, second = (
        rehearsal.trial(Plan.of([("call 0", RateLimit(retry_after_s=1))])).trace for _ in range(2)
    )

    assert [answer.text for answer in first.answers] == [f"120 {TEXT}"]
    assert 120 <= first.virtual_s == second.virtual_s


def test_a_program_that_asks_again_at_once_is_seen_to(recorded):
    program = f"{PYTHON}\ntry:\n    print(ask('hi'))\nexcept urllib.error.HTTPError:\n    print(ask('hi'))\n"
    outcome = recorded(program).trial(Plan.of([("call 0", RateLimit(retry_after_s=60))]))

    assert [one.oracle for one in outcome.violations] == ["retry_discipline"]


OTHER_PROGRAM = """
import json, os, subprocess, sys, time
from urllib.parse import urlsplit

ASKS = 'exec 3<>"/dev/tcp/$0/$1"; cat >&3; cat <&3'

def ask(text):
    place = urlsplit(os.environ["ANTHROPIC_BASE_URL"])
    said = json.dumps({"model": "claude-sonnet-5", "max_tokens": 9, "messages": [{"role": "user", "content": text}]})
    head = [
        f"POST {place.path}/v1/messages HTTP/1.1", f"host: {place.netloc}", "connection: close",
        "content-type: application/json", "anthropic-version: 2023-06-01", f"content-length: {len(said)}",
    ]
    told = "\\r\\n".join([*head, "", said]).encode()
    done = subprocess.run(["bash", "-c", ASKS, place.hostname, str(place.port)], input=told, stdout=subprocess.PIPE)
    return done.stdout.decode()

time.sleep(0.01)
first = ask("hi")
print(" ".join(line for line in first.lower().splitlines() if line.startswith("retry-after-ms")))
ask("hi")
"""
"""A program whose sleeps pass in virtual time, and which has another one ask, whose do not."""


@pytest.mark.skipif(not Path("/proc/self/net/tcp").exists(), reason="only Linux tells whose a connection is")
def test_a_wait_of_another_program_that_the_program_started_is_cut_and_passes(recorded):
    """An SDK in Python may drive a program in anything."""
    outcome = recorded(OTHER_PROGRAM).trial(Plan.of([("call 0", RateLimit(retry_after_s=20))]))

    assert [answer.text for answer in outcome.trace.answers] == ["retry-after-ms: 1"]
    assert outcome.trace.virtual_s > 20
    assert [one for one in outcome.violations if one.oracle == "retry_discipline"] == []


def test_a_sitecustomize_of_the_programs_own_is_loaded_too(recorded, tmp_path):
    (tmp_path / "sitecustomize.py").write_text("import builtins\nbuiltins.own = 'loaded'\n")
    program = f"{PYTHON}\nprint(ask('hi'), own)"
    rehearsal = recorded(program, env={"PYTHONPATH": str(tmp_path)})

    assert [answer.text for answer in rehearsal.trial(Plan()).trace.answers] == [f"{TEXT} loaded"]


NODE_WAITS = """
import { setTimeout as wait } from "node:timers/promises";
const url = process.env.ANTHROPIC_BASE_URL + "/v1/messages";
const body = {model: "claude-sonnet-5", max_tokens: 9, messages: [{role: "user", content: process.argv[2]}]};
const send = { method: "POST", body: JSON.stringify(body), headers: {"content-type": "application/json", "anthropic-version": "2023-06-01"} };
const began = Date.now();
const order = [];
let reply = await fetch(url, send);
if (reply.status === 429) {
  const ms = 1000 * reply.headers.get("retry-after");
  setTimeout(() => order.push("middle"), ms / 2);
  const never = setTimeout(() => order.push("never"), ms / 3);
  clearTimeout(never);
  const ticks = setInterval(() => order.push("tick"), ms / 3 + 1);
  await wait(ms);
  clearInterval(ticks);
  reply = await fetch(url, { ...send, signal: AbortSignal.timeout(30_000) });
}
const took = Math.round((Date.now() - began) / 3_600_000);
console.log(JSON.stringify([(await reply.json()).content[0].text, took, order]));
"""


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_the_timers_of_a_program_in_javascript_pass_in_virtual_time_and_in_order(recorded):
    rehearsal = recorded(NODE_WAITS, name="agent.mjs", program=("node",), timeout_s=20.0)
    outcome = rehearsal.trial(Plan.of([("call 0", RateLimitLong(hours=3))]))

    assert json.loads(outcome.trace.answers[0].text) == [TEXT, 3, ["tick", "middle", "tick"]]
    assert outcome.trace.virtual_s > 3 * 3_600


NODE_KEPT = """
import readline from "node:readline";
for await (const line of readline.createInterface({ input: process.stdin })) {
  const body = {model: "claude-sonnet-5", max_tokens: 9, messages: [{role: "user", content: JSON.parse(line).input}]};
  const headers = {"content-type": "application/json", "anthropic-version": "2023-06-01"};
  await fetch(process.env.ANTHROPIC_BASE_URL + "/v1/messages", { method: "POST", body: JSON.stringify(body), headers });
  console.log(JSON.stringify({response: String([Math.random(), Math.random()])}));
}
"""


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_chance_in_a_program_that_is_kept_is_the_same_in_every_run(recorded):
    rehearsal = recorded(NODE_KEPT, name="agent.mjs", program=("node",), persistent=True)
    first, second = (rehearsal.trial(Plan()).trace.answers[0].text for _ in range(2))

    assert first == second
    assert len(set(first.split(","))) == 2


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_a_program_that_waits_for_nothing_is_ended_as_one_that_has_no_end(recorded):
    kept = NODE.replace(
        "const reply", 'import("node:net").then((net) => net.createServer().listen(0));\nconst reply'
    )
    endless = kept.replace("console.log", "if (reply.status === 200) process.exit(console.log").replace(
        ".text);", ".text));"
    )
    rehearsal = recorded(endless, name="agent.mjs", program=("node",))
    outcome = rehearsal.trial(Plan.of([("call 0", AuthError())]))

    assert [(one.oracle, one.subject) for one in outcome.violations] == [("termination", "time")]
    assert "something that never happens" in outcome.violations[0].reason


def test_a_crash_of_the_program_is_a_finding_and_a_failure_in_words_of_its_own_is_not(recorded):
    rehearsal = recorded(ONCE)
    crashed = rehearsal.trial(Plan.of([("call 0", EmptyBody())]))
    refused = rehearsal.trial(Plan.of([("call 0", AuthError())]))

    assert refused.verdict is Verdict.PASS
    assert crashed.verdict is Verdict.FAIL
    assert "JSONDecodeError" in crashed.trace.raised[0].message


@pytest.mark.parametrize(("name", "shown"), [("agent.py", True), ("agent.mjs", False)])
def test_a_program_that_gives_up_is_told_to_ask_again_and_python_only_where_it_is_python(
    recorded, name, shown
):
    rehearsal = recorded(ONCE, name=name)
    outcome = rehearsal.trial(Plan.of([("call 0", RateLimit(retry_after_s=1))]))
    case = Case(outcome.errors[0], outcome.trace, rehearsal.clean)

    assert remedy_of(case).name == "guard_call"
    assert bool(remedy_of(case).written([case])) is shown


def test_a_secret_that_each_process_makes_for_itself_is_no_difference_of_runs(recorded):
    own = """
import json, os, sys, urllib.request, uuid
key = f"sk-ant-{uuid.uuid4()}"
body = {"model": "claude-sonnet-5", "max_tokens": 9, "metadata": {"user_id": f"user {key}"},
        "messages": [{"role": "user", "content": sys.argv[1]}]}
headers = {"content-type": "application/json", "x-api-key": key, "anthropic-version": "2023-06-01"}
where = os.environ["ANTHROPIC_BASE_URL"] + "/v1/messages"
with urllib.request.urlopen(urllib.request.Request(where, json.dumps(body).encode(), headers)) as reply:
    print(json.load(reply)["content"][0]["text"])
"""
    rehearsal = recorded(own)

    assert rehearsal.trial(Plan()).verdict is Verdict.PASS
    assert [call.fidelity for call in rehearsal.clean.calls] == [Fidelity.EXACT]


def test_a_finding_names_the_file_of_the_program(recorded):
    (call,) = recorded(ONCE).trial(Plan()).trace.calls

    assert call.frame is not None
    assert Path(call.frame.file).name == "agent.py"


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_a_connection_that_breaks_under_nodes_fetch_is_no_bug_of_the_program(recorded):
    broken = recorded(NODE, name="agent.mjs", program=("node",)).trial(Plan.of([("call 0", ResetAtOnce())]))

    assert broken.trace.raised[0].message == "exit code 1: TypeError: fetch failed"
    assert broken.trace.raised[0].type.endswith(".CommandFailed")


def test_a_persistent_program_serves_every_turn_of_every_run(recorded):
    rehearsal = recorded(KEPT, turns=("hi", "and now?"), persistent=True)
    first, second = (rehearsal.trial(Plan()).trace.answers for _ in range(2))
    values = [json.loads(answer.text) for answer in (*first, *second)]

    assert len({value[0] for value in values}) == 1
    assert [value[1:] for value in values] == [[0, TEXT], [1, TEXT]] * 2


def test_what_a_program_takes_is_not_the_runs_own_real_time(recorded):
    rehearsal = recorded(f"import time; time.sleep(0.6)\n{ONCE}")
    trace = trial(rehearsal.scenario, rehearsal.cassette, real_s=0.4)

    assert [one.text for one in trace.answers] == [TEXT]


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_a_program_in_javascript(recorded):
    rehearsal = recorded(NODE, name="agent.mjs", program=("node",))

    assert [answer.text for answer in rehearsal.trial(Plan()).trace.answers] == [TEXT]
    assert rehearsal.trial(Plan.of([("call 0", RateLimit(retry_after_s=20))])).verdict is Verdict.FAIL


@pytest.mark.parametrize(
    ("text", "how", "said"),
    [
        ("raise SystemExit(3)", {}, "exit code 3"),
        ("import time; time.sleep(60)", {"timeout_s": 0.2}, "no answer after 0 s"),
        ("print('no json')", {"persistent": True}, "no JSON"),
        ("", {"persistent": True}, "ended without an answer"),
    ],
)
def test_a_program_that_does_not_answer_is_told_as_what_it_did(recorded, text, how, said):
    with pytest.raises(RecordError, match=said):
        recorded(text, **how)


def test_a_command_is_a_list():
    with pytest.raises(UsageError, match="wants a list"):
        command_agent("node agent.mjs")


def test_tools_of_a_program_are_named_or_allowed_and_not_to_be_wrapped():
    asked = spoken("anthropic_messages", Said("", (Called.of("refund", {"order": "A-17"}),)), stream=False)
    scenario = BaselineScenario(name="p", agent=command_agent(["node", "agent.mjs"]), turns=("hi",))
    policy = RealToolPolicy(scenario, cassette_of((asking("hi"), asked)), "again", allowed=False)

    with pytest.raises(
        UsageError, match=r"refund, which would run inside of the program.*; name them in pure_tools="
    ):
        policy.refuse()


def test_what_a_program_started_ends_with_it(tmp_path):
    os.mkfifo(tmp_path / "held")
    program = Program(Launch(("sh", "-c", "sleep 90 > held & wait"), os.environ, tmp_path))
    program.start()
    with (tmp_path / "held").open("rb") as held:
        program.kill()
        ended, _, _ = select([held], [], [], 30)

    assert ended
