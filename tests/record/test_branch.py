"""A variant that changes what the model is asked gets a branch of its recording; after that it replays exactly."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from agent_chaos.cassette.storage.file import open_cassette
from agent_chaos.chaos import Plan, Site, context_mutate, llm_rate_limit, tool_error, user_input_mutate
from agent_chaos.errors import CassetteMissing, RecordError
from agent_chaos.record import branch
from agent_chaos.record.branch import BranchSummary, branches, record_branch
from agent_chaos.record.recording import record_scenario
from agent_chaos.run.run import run_rehearsed
from agent_chaos.scenario.model import BaselineScenario
from agent_chaos.trial.rehearsal import Rehearsal
from tests.patch.raw_server import serving
from tests.standin.said import Asked, Called, Said
from tests.standin.server import standin
from tests.tool_loops import ANSWER, QUESTION, SPEAKERS, agent_of

SORRY = "I could not find out how the weather is."


def script(asked: Asked) -> Said:
    """The weather of the city that is asked for; an apology where the tool failed."""
    if "down for maintenance" in asked.text:
        return Said(SORRY)
    if asked.turns:
        return Said(ANSWER)
    city = "Oslo" if "Oslo" in asked.text else "Zürich"
    return Said("I look it up.", (Called.of("weather", {"city": city}),))


def baseline(agent: Any, folder: Path) -> BaselineScenario:
    return BaselineScenario(
        name="matrix",
        agent=agent,
        turns=(QUESTION,),
        hosts=("127.0.0.1",),
        cassette=folder / "matrix.msgpack",
    )


def report_of(scenario: Any) -> Any:
    return run_rehearsed(Rehearsal(scenario)).report


# Every protocol whole and streamed, sync and async; that SDKs record the same in all four pairs is held elsewhere.
@pytest.mark.parametrize(
    ("protocol", "style", "stream"),
    [(protocol, *(("sync", False), ("async", True))[number % 2]) for number, protocol in enumerate(SPEAKERS)],
)
def test_what_follows_a_tools_failure_is_asked_once_and_replayed_ever_after(
    protocol, style, stream, tmp_path
):
    with standin(script) as server:
        base = baseline(agent_of(protocol, server.url, style=style, stream=stream), tmp_path)
        failing = base.variant(name="failing", chaos=[tool_error("down for maintenance")])
        record_scenario(base)
        before = report_of(failing)
        first = record_branch(failing)
        again = record_branch(failing)
        asked = len(server.requests)
    after = report_of(failing)

    assert before.reason.startswith("as far as recorded (turn 1 of 1)")
    assert (after.verdict, after.reason) == ("PASS", "")
    assert after.agent_output == SORRY
    assert (first, again) == (BranchSummary(1, 0), BranchSummary(0, 0))
    assert asked == 3
    assert report_of(base).agent_output == ANSWER


@pytest.fixture
def recorded(tmp_path: Path):
    """A recorded scenario while its server still answers."""
    with standin(script) as server:
        base = baseline(agent_of("anthropic_messages", server.url, style="sync", stream=True), tmp_path)
        record_scenario(base)
        yield base


def test_another_question_is_asked_and_its_tool_really_runs(recorded):
    elsewhere = recorded.variant(
        name="elsewhere", chaos=[user_input_mutate(lambda query: query.replace("Zürich", "Oslo"))]
    )
    summary = record_branch(elsewhere)
    report = report_of(elsewhere)
    kept = open_cassette(recorded.cassette_path)

    assert summary == BranchSummary(2, 1)
    assert report.verdict == "PASS"
    assert [record.arguments for record in kept.tools] == [{"city": "Zürich"}, {"city": "Oslo"}]
    assert [exchange.turn for exchange in kept.exchanges] == [0] * 4


def test_what_the_provider_gets_is_the_changed_request(recorded):
    chaos = context_mutate(
        lambda messages: [{"role": "user", "content": "How is the weather in Oslo?"}, *messages[1:]]
    )
    record_branch(recorded.variant(name="changed", chaos=[chaos]))
    kept = open_cassette(recorded.cassette_path)

    assert "Oslo" in kept.exchanges[2].request.body.decode()


def test_faults_of_the_wire_are_not_recorded(recorded):
    both = [tool_error("down for maintenance"), llm_rate_limit().on_call(1).attempts(1)]
    record_branch(recorded.variant(name="both", chaos=both))
    kept = open_cassette(recorded.cassette_path)

    assert [exchange.reply.status for exchange in kept.exchanges] == [200] * 3


def test_waits_are_virtual_in_a_branch_though_a_pool_keeps_its_idle_thread(tmp_path, monkeypatch):
    monkeypatch.setattr(branch, "_REAL_S", 5.0)

    async def agent(ctx: Any, text: str) -> str:
        await asyncio.to_thread(int)
        await asyncio.sleep(pause_s)
        return await asking(ctx, text)

    with standin(script) as server:
        asking = agent_of("anthropic_messages", server.url, style="async", stream=False)
        base = baseline(agent, tmp_path)
        failing = base.variant(name="failing", chaos=[tool_error("down for maintenance")])
        pause_s = 0
        record_scenario(base)
        pause_s = 25
        summary = record_branch(failing)

    assert summary == BranchSummary(1, 0)
    assert report_of(failing).verdict == "PASS"


def test_a_branch_can_be_recorded_for_the_seed_that_a_run_has(recorded):
    chance = tool_error("down for maintenance").with_probability(0.5)
    failing = recorded.variant(name="failing", chaos=[chance])

    def seeded(seed: int) -> Any:
        return run_rehearsed(Rehearsal(failing, target="suite.py:failing"), seed=seed).report

    striking = next(seed for seed in range(64) if seeded(seed).faults_fired)
    before = seeded(striking)
    record_branch(failing, seed=striking)

    assert before.reason.startswith("as far as recorded")
    assert before.reason.endswith(f"recorded by 'agent-chaos record suite.py:failing --seed {striking}'")
    assert seeded(striking).verdict == "PASS"


def test_a_plan_is_continued(recorded):
    plan = Plan.of([(Site.parse("tool 0"), tool_error("down for maintenance").fault)])
    before = Rehearsal(recorded).trial(plan)
    summary = record_branch(recorded, plan)
    after = Rehearsal(recorded).trial(plan)

    assert summary == BranchSummary(1, 0)
    assert before.trace.left_at is not None
    assert after.trace.left_at is None
    assert after.trace.answers[0].text == SORRY


def test_without_a_recording_there_is_nothing_to_continue(tmp_path):
    base = baseline(lambda ctx, text: text, tmp_path)

    with pytest.raises(CassetteMissing):
        record_branch(base.variant(name="failing", chaos=[tool_error()]))


def test_a_provider_that_is_gone_leaves_the_recording_as_it_was(tmp_path):
    with standin(script) as server:
        base = baseline(agent_of("openai_chat", server.url, style="sync", stream=False), tmp_path)
        record_scenario(base)
    before = base.cassette_path.read_bytes()

    with pytest.raises(RecordError, match=r"127\.0\.0\.1 cannot be reached"):
        record_branch(base.variant(name="failing", chaos=[tool_error("down for maintenance")]))
    assert base.cassette_path.read_bytes() == before


def test_every_chaos_may_need_a_branch_and_what_has_none_does_not(tmp_path):
    base = baseline(lambda ctx, text: text, tmp_path)

    assert branches(base.variant(name="asked", chaos=[context_mutate(lambda messages: messages)]))
    assert branches(base.variant(name="late", chaos=[llm_rate_limit()]))
    assert not branches(base)


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        (
            lambda wire: wire.raw(b"HTTP/1.1 500 No\r\nretry-after: 0\r\ncontent-length: 2\r\n\r\n{}"),
            "answers 500",
        ),
        (
            lambda wire: (wire.head(retry_after="0"), wire.chunk(b'{"id": '), wire.close()),
            "breaks off in its reply",
        ),
    ],
    ids=["500", "broken"],
)
def test_an_outage_of_the_provider_is_not_kept_as_what_the_model_said(tmp_path, answers, said):
    with standin(script) as server:
        base = baseline(agent_of("openai_chat", server.url, style="sync", stream=False), tmp_path)
        record_scenario(base)
    before = base.cassette_path.read_bytes()
    with serving(lambda got, wire: answers(wire)) as url:
        asking = baseline(agent_of("openai_chat", url, style="sync", stream=False), tmp_path)
        gone = asking.variant(name="gone", chaos=[user_input_mutate(lambda text: "How is it in Oslo?")])
        with pytest.raises(RecordError, match=said):
            record_branch(gone)

    assert base.cassette_path.read_bytes() == before
