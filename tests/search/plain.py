"""Agents on the standard library alone: a process that runs them has no SDK to import, which takes longer than their runs."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Callable
from functools import cache
from typing import Any

from agent_chaos.cassette.model import Cassette
from agent_chaos.faults.plan import Plan
from agent_chaos.oracles.verdict import Outcome
from agent_chaos.scenario.model import BaselineScenario
from agent_chaos.trial.rehearsal import Rehearsal
from tests.spoken import spoken
from tests.standin.said import Said
from tests.trials import recorded, scenario

SAID = ("Your refund of $1,500 is on its way and arrives within three days.", "Refunded $1,500.")


class Unavailable(Exception):
    """The provider gave no reply twice in a row."""


def posted(messages: list[dict[str, str]]) -> tuple[int, float, bytes]:
    """The status, how long to wait before asking again, and the body."""
    body = json.dumps({"model": "claude-sonnet-5", "max_tokens": 99, "messages": messages})
    connection = http.client.HTTPSConnection("api.anthropic.com")
    headers = {"content-type": "application/json", "x-api-key": "k", "anthropic-version": "2023-06-01"}
    connection.request("POST", "/v1/messages", body, headers)
    reply = connection.getresponse()
    return reply.status, float(reply.headers.get("retry-after") or 1), reply.read()


def text_of(body: bytes) -> str:
    return str(json.loads(body)["content"][0]["text"])


def _careless_ask(messages: list[dict[str, str]]) -> str:
    return text_of(posted(messages)[-1])


def _careful_ask(messages: list[dict[str, str]]) -> str:
    for wait in (True, False):
        try:
            status, seconds, body = posted(messages)
            if status == 200:
                return text_of(body)
        except (OSError, http.client.HTTPException, ValueError):
            seconds = 1.0
        if wait:
            time.sleep(seconds)
    raise Unavailable("no reply in two attempts")


def conversation(ask: Callable[[list[dict[str, str]]], str], text: str) -> str:
    messages = [{"role": "user", "content": text}]
    messages += [{"role": "assistant", "content": ask(messages)}, {"role": "user", "content": "Shorter."}]
    return ask(messages)


def careless(ctx: Any, text: str) -> str:
    """Takes whatever comes for the answer."""
    return conversation(_careless_ask, text)


def careful(ctx: Any, text: str) -> str:
    """Asks again once, when it was told to."""
    return conversation(_careful_ask, text)


def plain(agent: Callable[..., Any] = careless) -> BaselineScenario:
    return scenario(agent, "Please refund order A-17.")


@cache
def cassette() -> Cassette:
    replies = [
        spoken("anthropic_messages", Said(said), number, stream=False) for number, said in enumerate(SAID)
    ]
    return recorded(plain(careful), replies)


def rehearsal(agent: Callable[..., Any] = careless) -> Rehearsal:
    return Rehearsal(plain(agent), cassette=cassette())


class Logged(Rehearsal):
    """The agent, noting every plan that really runs."""

    def __init__(self) -> None:
        super().__init__(plain(careless), cassette=cassette())
        self.prepare()
        self.plans: list[Plan] = []

    def trial(self, plan: Plan) -> Outcome:
        self.plans.append(plan)
        return super().trial(plan)
