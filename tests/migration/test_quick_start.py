"""The guide's quick start, in both spellings, on every protocol: the SDK meets the fault, and its retries really run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

import agent_chaos
from agent_chaos.chaos import LLMChaos, ToolChaos, llm_rate_limit, on_turn, tool_error
from agent_chaos.scenario import (
    BaselineScenario,
    ChaosScenario,
    CompletesWithin,
    MinChaosInjected,
    Turn,
    run_scenario,
)
from tests.search.shop import save
from tests.spoken import spoken
from tests.standin.said import Called, Said
from tests.tool_loops import KEY, SPEAKERS, aask, ask
from tests.trials import recorded

ASKED = ("What's the weather in NYC?", "And in Oslo?")
BUSY = "I cannot say right now; please ask again."
HOSTS = {
    "anthropic_messages": "https://api.anthropic.com",
    "openai_chat": "https://api.openai.com",
    "openai_responses": "https://api.openai.com",
    "gemini": "https://generativelanguage.googleapis.com",
}
RETRIES = {"anthropic_messages": 2, "openai_chat": 2, "openai_responses": 2, "gemini": 0}
"""How often each SDK tries again without being told to."""

every_client = pytest.mark.parametrize(
    ("protocol", "style", "stream"),
    [
        (protocol, style, stream)
        for protocol in SPEAKERS
        for style in ("sync", "async")
        # By pairs: every protocol meets both styles and both forms, and every style both forms.
        for stream in ((style == "async") == (protocol in ("anthropic_messages", "openai_responses")),)
    ],
    ids=lambda value: {True: "stream", False: "whole"}.get(value, value),
)


@agent_chaos.tool
def get_weather(city: str) -> dict[str, Any]:
    return {"city": city, "sky": "clear"}


def named(value: Any) -> Any:
    """A request with the guide's tool in place of `weather`."""
    if isinstance(value, dict):
        return {key: named(one) for key, one in value.items()}
    if isinstance(value, list):
        return [named(one) for one in value]
    return "get_weather" if value == "weather" else value


class Guided:
    """A speaker whose tool is the guide's."""

    def __init__(self, protocol: str) -> None:
        self._speaker = SPEAKERS[protocol]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._speaker, name)

    def request(self, history: list[Any]) -> dict[str, Any]:
        return named(self._speaker.request(history))


def agent_of(protocol: str, style: str, stream: bool) -> Any:
    """The guide's agent, with a tool: two calls for each turn. Of an error it makes an apology."""
    speaker, url = Guided(protocol), HOSTS[protocol]

    def results(heard: Any) -> list[Any]:
        return [*heard.turn, *(speaker.told(id, get_weather(**called)) for id, called in heard.calls)]

    def my_agent(ctx: Any, turn_input: str) -> dict[str, str]:
        history: list[Any] = [{"role": "user", "content": turn_input}]
        try:
            with speaker.client(url, api_key=KEY) as client:
                while (heard := speaker.heard(ask(speaker, client, history, stream))).calls:
                    history += results(heard)
            return {"response": heard.text}
        except Exception:
            return {"response": BUSY}

    async def my_async_agent(ctx: Any, turn_input: str) -> dict[str, str]:
        history: list[Any] = [{"role": "user", "content": turn_input}]
        try:
            async with speaker.async_client(url, api_key=KEY) as client:
                while (heard := speaker.heard(await aask(speaker, client, history, stream))).calls:
                    history += results(heard)
            return {"response": heard.text}
        except Exception:
            return {"response": BUSY}

    return my_agent if style == "sync" else my_async_agent


def record(agent: Any, protocol: str, stream: bool, path: Path, turns: Sequence[str]) -> None:
    """What `agent-chaos record` would keep: for each turn a tool call, and an answer."""
    said = [
        one
        for city in ("New York", "Oslo")[: len(turns)]
        for one in (Said("", (Called.of("get_weather", {"city": city}),)), Said(f"It is clear in {city}."))
    ]
    replies = [spoken(protocol, one, number, stream=stream) for number, one in enumerate(said)]
    save(recorded(BaselineScenario(name="weather", agent=agent, turns=turns), replies), path)


@every_client
def test_a_rate_limit_after_the_first_call(protocol, style, stream, tmp_path):
    my_agent = agent_of(protocol, style, stream)
    record(my_agent, protocol, stream, tmp_path / "weather.msgpack", ASKED[:1])
    scenario = ChaosScenario(
        name="rate-limit-recovery",
        description="Agent handles 429 gracefully",
        agent=my_agent,
        turns=[Turn("What's the weather in NYC?")],
        chaos=[llm_rate_limit().after_calls(1)],
        assertions=[CompletesWithin(120.0), MinChaosInjected(1)],
        cassette=tmp_path / "weather.msgpack",
    )
    report = run_scenario(scenario)
    first, second = report.metrics.history

    assert report.passed, report.reason  # whoever retries nothing apologises, which is honest
    assert report.agent_output == BUSY
    assert (first.success, second.success, second.error) == (True, False, "status 429")
    assert second.attempts == 1 + RETRIES[protocol]
    assert second.latency >= 30.0 * RETRIES[protocol]


@every_client
def test_the_sdks_retry_absorbs_one_429(protocol, style, stream, tmp_path):
    my_agent = agent_of(protocol, style, stream)
    record(my_agent, protocol, stream, tmp_path / "weather.msgpack", ASKED[:1])
    scenario = ChaosScenario(
        name="rate-limit-absorbed",
        agent=my_agent,
        turns=[Turn("What's the weather in NYC?")],
        chaos=[llm_rate_limit().after_calls(1).attempts(1)],
        assertions=[CompletesWithin(60.0)],
        cassette=tmp_path / "weather.msgpack",
    )
    report = run_scenario(scenario)

    assert report.passed, report.reason  # whoever retries nothing apologises, which is honest
    assert report.agent_output == ("It is clear in New York." if RETRIES[protocol] else BUSY)
    assert [record.attempts for record in report.metrics.history] == [1, 1 + min(1, RETRIES[protocol])]


@every_client
def test_class_forms_strike_their_turns(protocol, style, stream, tmp_path):
    my_agent = agent_of(protocol, style, stream)
    record(my_agent, protocol, stream, tmp_path / "weather.msgpack", ASKED)
    scenario = ChaosScenario(
        name="two-turns",
        agent=my_agent,
        turns=[Turn(text) for text in ASKED],
        chaos=[
            LLMChaos.rate_limit(on=on_turn(0)),
            ToolChaos.error("get_weather", on=on_turn(1)),
        ],
        cassette=tmp_path / "weather.msgpack",
    )
    report = run_scenario(scenario)
    seen = [entry["result"] for entry in report.conversation if entry["type"] == "tool_result"]

    assert report.turn_results[0].response == BUSY
    assert {(fault.fault_type, fault.turn) for fault in report.metrics.faults} == {
        ("rate_limit", 0),
        ("tool_error", 1),
    }
    assert seen == [{"error": "Tool error"}]
    assert report.verdict == "PASS", report.reason


@every_client
def test_the_fluent_spelling_strikes_the_same(protocol, style, stream, tmp_path):
    my_agent = agent_of(protocol, style, stream)
    record(my_agent, protocol, stream, tmp_path / "weather.msgpack", ASKED)
    spellings = (
        [LLMChaos.rate_limit(on=on_turn(0)), ToolChaos.error("get_weather", on=on_turn(1))],
        [llm_rate_limit().on_turn(0), tool_error().for_tool("get_weather").on_turn(1)],
    )
    found = [
        run_scenario(
            ChaosScenario(
                name="two-turns",
                agent=my_agent,
                turns=ASKED,
                chaos=chaos,
                cassette=tmp_path / "weather.msgpack",
            )
        )
        for chaos in spellings
    ]

    assert found[0].faults_fired
    assert found[0].to_dict()["metrics"] == found[1].to_dict()["metrics"]
    assert found[0].conversation == found[1].conversation


def test_an_agent_of_one_call_is_told_that_nothing_was_tested(tmp_path):
    def my_agent(ctx: Any, turn_input: str) -> dict[str, str]:
        speaker = Guided("anthropic_messages")
        with speaker.client(HOSTS["anthropic_messages"], api_key=KEY) as client:
            message = ask(speaker, client, [{"role": "user", "content": turn_input}], False)
        return {"response": message.content[0].text}

    replies = [spoken("anthropic_messages", Said("It is clear in New York."), stream=False)]
    save(
        recorded(BaselineScenario(name="weather", agent=my_agent, turns=ASKED[:1]), replies),
        tmp_path / "weather.msgpack",
    )
    report = run_scenario(
        ChaosScenario(
            name="rate-limit-recovery",
            agent=my_agent,
            turns=ASKED[:1],
            chaos=[llm_rate_limit().after_calls(1)],
            assertions=[CompletesWithin(30.0)],
            cassette=tmp_path / "weather.msgpack",
        )
    )

    assert (report.passed, report.verdict) == (False, "NOT TESTED")
    assert "the agent made 1 call; after_calls(1) needs 2" in report.reason
