"""What the user says, what the model is asked and the history change on every protocol, in the requests themselves."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import openai
import pytest

from agent_chaos.chaos import context_mutate, history_inject, history_truncate, user_input_mutate
from agent_chaos.record.recording import record_scenario
from agent_chaos.run.run import run_rehearsed
from agent_chaos.scenario import BaselineScenario
from agent_chaos.trial.rehearsal import Rehearsal
from tests.standin.said import Asked, Said
from tests.standin.server import standin
from tests.tool_loops import KEY, SPEAKERS, ask


def talk(asked: Asked) -> Said:
    return Said("I heard you.")


def remembering(protocol: str, url: str) -> Any:
    """An agent whose conversation goes on from turn to turn."""
    speaker = SPEAKERS[protocol]

    def agent(ctx: Any, text: str) -> str:
        history = ctx.agent_state.setdefault("history", [])
        history.append({"role": "user", "content": text})
        with speaker.client(url, api_key=KEY, max_retries=0) as client:
            heard = speaker.heard(ask(speaker, client, history, False))
        history.append({"role": "assistant", "content": heard.text})
        return heard.text

    return agent


@pytest.fixture(params=list(SPEAKERS))
def talked(request: pytest.FixtureRequest, tmp_path: Any) -> Iterator[Any]:
    with standin(talk) as server:
        base = BaselineScenario(
            name="talk",
            agent=remembering(request.param, server.url),
            turns=("first", "second", "third"),
            hosts=("127.0.0.1",),
            cassette=tmp_path / "talk.msgpack",
        )
        record_scenario(base)
    return base


def asked_last(base: Any, chaos: Any) -> tuple[str, Any]:
    """The body of the last request, and the report, of a run with that chaos."""
    done = run_rehearsed(Rehearsal(base.variant(name="changed", chaos=[chaos])))
    return done.trace.calls[-1].request.body.decode(), done.report


def said(text: str) -> Any:
    """A mutator of messages that changes one text wherever it stands."""

    def changed(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: changed(one) for key, one in value.items()}
        if isinstance(value, list):
            return [changed(one) for one in value]
        return text.upper() if value == text else value

    return changed


def test_what_the_user_says(talked):
    body, report = asked_last(talked, user_input_mutate(str.upper).on_turn(2))

    assert ("THIRD" in body, "third" in body, "second" in body) == (True, False, True)
    assert report.turn_results[2].input == "THIRD"


def test_what_the_model_is_asked(talked):
    body, report = asked_last(talked, context_mutate(said("second")).on_turn(2))

    assert ("SECOND" in body, "second" in body) == (True, False)
    assert [fault.chaos_point for fault in report.metrics.faults] == ["messages"]


def test_the_history_loses_messages(talked):
    body, report = asked_last(talked, history_truncate(keep_last=1).between_turns(1, 2))

    assert ("first" in body, "second" in body, "third" in body) == (False, False, True)
    assert [fault.turn for fault in report.metrics.faults] == [2]


def test_the_history_gains_messages(talked):
    body, report = asked_last(
        talked, history_inject([{"role": "user", "content": "by the way"}], "start").between_turns(0, 1)
    )

    assert "by the way" in body
    assert [fault.turn for fault in report.metrics.faults] == [1]


def test_messages_of_role_and_text_are_what_each_protocol_takes(talked):
    told = [{"role": "user", "content": "by the way"}, {"role": "assistant", "content": "I see"}]
    body, _ = asked_last(talked, history_inject(told, "start").between_turns(0, 1))
    asked = json.loads(body)
    first = (asked.get("messages") or asked.get("input") or asked["contents"])[:2]
    of_gemini = [
        {"role": role, "parts": [{"text": one["content"]}]}
        for role, one in zip(("user", "model"), told, strict=True)
    ]

    assert first == (of_gemini if "contents" in asked else told)


def test_a_text_in_place_of_messages_is_one_message(tmp_path):
    def agent(ctx: Any, text: str) -> str:
        with openai.OpenAI(base_url=f"{server.url}/v1", api_key=KEY, max_retries=0) as client:
            return client.responses.create(model="gpt-5", input=text).output_text

    with standin(talk) as server:
        base = BaselineScenario(
            name="talk",
            agent=agent,
            turns=("first",),
            hosts=("127.0.0.1",),
            cassette=tmp_path / "talk.msgpack",
        )
        record_scenario(base)
    body, report = asked_last(base, context_mutate(said("first")))

    assert json.loads(body)["input"] == [{"role": "user", "content": "FIRST"}]
    assert len(report.metrics.faults) == 1
