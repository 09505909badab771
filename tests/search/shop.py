"""A shop's refund agent, three times: with bugs, without them, and one that asks only once. And its recording.

Bugs of `careless`: it runs a tool whose call has not ended, mending the arguments, and shows half an answer as a whole.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import anthropic

import agent_chaos
from agent_chaos.cassette.model import Cassette
from agent_chaos.cassette.redaction.redactor import Redactor
from agent_chaos.cassette.storage.writer import CassetteWriter
from agent_chaos.faults.plan import Plan
from agent_chaos.faults.transport.truncate import Truncate
from agent_chaos.oracles.verdict import Outcome
from agent_chaos.scenario.model import BaselineScenario
from agent_chaos.trial.rehearsal import Rehearsal
from tests.spoken import spoken
from tests.standin.said import Called, Said
from tests.trials import recorded

QUESTION = "Please refund what I paid for order A-17."
SAID = (
    Said("I refund it now.", (Called("refund", ('{"order": "A-', '17", "amount": 15', "00}")),)),
    Said("Your refund of $1,500 is on its way to your card and arrives within three days."),
)
TOOLS = [
    {
        "name": "refund",
        "description": "Pay money back.",
        "input_schema": {
            "type": "object",
            "properties": {"order": {"type": "string"}, "amount": {"type": "number"}},
            "required": ["order", "amount"],
        },
    }
]
TRUNCATED = Plan.of([("call 0", Truncate(boundary="mid_number", offset=0))])
"""Under which `careless` refunds 15 instead of 1,500."""


class Unavailable(Exception):
    """The provider gave no whole reply."""


@agent_chaos.tool
def refund(order: str = "", amount: float = 0) -> str:
    return f"refunded {amount:.0f} on order {order}"


def heard(client: anthropic.Anthropic, messages: list[Any]) -> tuple[str, list[list[str]], bool]:
    """The text, the tool calls (id, name, arguments) and whether the stream came to its end."""
    text, calls, ended = "", [], False
    stream = client.messages.create(
        model="claude-sonnet-5", max_tokens=500, tools=TOOLS, messages=messages, stream=True
    )
    for event in stream:
        if event.type == "content_block_start" and event.content_block.type == "tool_use":
            calls.append([event.content_block.id, event.content_block.name, ""])
        elif event.type == "content_block_delta" and event.delta.type == "text_delta":
            text += event.delta.text
        elif event.type == "content_block_delta" and event.delta.type == "input_json_delta":
            calls[-1][2] += event.delta.partial_json
        elif event.type == "message_delta":
            ended = event.delta.stop_reason in ("end_turn", "tool_use")
    return text, calls, ended


def _with_results(text: str, calls: list[list[str]], arguments: list[dict[str, Any]]) -> list[Any]:
    said = [{"type": "text", "text": text}] if text else []
    used = [
        {"type": "tool_use", "id": id, "name": name, "input": given}
        for (id, name, _), given in zip(calls, arguments, strict=True)
    ]
    results = [
        {"type": "tool_result", "tool_use_id": id, "content": refund(**given)}
        for (id, _, _), given in zip(calls, arguments, strict=True)
    ]
    return [{"role": "assistant", "content": [*said, *used]}, {"role": "user", "content": results}]


def _mended(arguments: str) -> dict[str, Any]:
    for end in ("", "}", '"}'):
        try:
            return json.loads(arguments + end)
        except ValueError:
            continue
    return {}


def careless(ctx: Any, text: str) -> str:
    client = anthropic.Anthropic(max_retries=1)
    messages: list[Any] = [{"role": "user", "content": text}]
    while True:
        answer, calls, _ = heard(client, messages)
        if not calls:
            return answer
        messages += _with_results(answer, calls, [_mended(arguments) for *_, arguments in calls])


def careful(ctx: Any, text: str, max_retries: int = 1) -> str:
    client = anthropic.Anthropic(max_retries=max_retries)
    messages: list[Any] = [{"role": "user", "content": text}]
    for _ in range(8):
        answer, calls, ended = heard(client, messages)
        if not ended or not (answer or calls):
            continue
        if not calls:
            return answer
        messages += _with_results(answer, calls, [json.loads(arguments) for *_, arguments in calls])
    raise Unavailable("no whole reply in eight attempts")


def curt(ctx: Any, text: str) -> str:
    """Says what it did without asking how to say it."""
    _, calls, _ = heard(anthropic.Anthropic(max_retries=1), [{"role": "user", "content": text}])
    return "; ".join(refund(**_mended(arguments)) for *_, arguments in calls)


def scenario(agent: Callable[..., Any] = careless, **fields: Any) -> BaselineScenario:
    return BaselineScenario(name="shop", agent=agent, turns=(QUESTION,), **fields)


@cache
def cassette() -> Cassette:
    """The same for all tests of a process: nothing changes it."""
    return recorded(
        scenario(careful), [spoken("anthropic_messages", said, i, stream=True) for i, said in enumerate(SAID)]
    )


def rehearsal(agent: Callable[..., Any] = careless) -> Rehearsal:
    return Rehearsal(scenario(agent), cassette=cassette())


class Logged(Rehearsal):
    """The shop, noting every plan that really runs."""

    def __init__(self, agent: Callable[..., Any] = careless) -> None:
        super().__init__(scenario(agent), cassette=cassette())
        self.prepare()
        self.plans: list[Plan] = []

    def trial(self, plan: Plan) -> Outcome:
        self.plans.append(plan)
        return super().trial(plan)


def write_project(folder: Path, agent: str = "careless") -> str:
    """Writes a scenario file and its cassette as users have them; the target that loads the scenario."""
    (folder / "shop_scenario.py").write_text(
        "from agent_chaos import BaselineScenario\n"
        f"from tests.search.shop import QUESTION, {agent}\n\n"
        f"shop = BaselineScenario(name='shop', agent={agent}, turns=[QUESTION])\n"
    )
    save(cassette(), folder / "cassettes" / "shop.msgpack")
    return "shop_scenario.py:shop"


def save(kept: Cassette, path: Path) -> Cassette:
    """Writes a cassette to the disk."""
    path.unlink(missing_ok=True)
    writer = CassetteWriter(path, kept.header, Redactor.from_environ({}))
    for one in kept.exchanges:
        writer.exchange(one.request, one.reply, at=one.at, transport=one.transport)
    for tool in kept.tools:
        writer.tool(tool)
    return writer.finish()
