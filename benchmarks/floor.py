"""What a run costs beside its floor: the same agent and the same bytes, served by the SDK's own MockTransport.

Run: python -m benchmarks.floor [--only NAME …] [--rounds N] [--examples N]. Prints CPU and ratios of one run; nothing is asserted.

`clean` is a run without faults, `judged` a whole example under no fault, `fuzz` all the CPU of a search of fifty examples (or as many
as are asked for, none leaves it out), with what it makes small, beside the floor of as many calls as its runs made. `space` is what
there is to search, asked once.
"""

from __future__ import annotations

import argparse
import gc
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import anthropic
import httpx2

import agent_chaos
from agent_chaos import BaselineScenario
from agent_chaos.faults.plan import Plan
from agent_chaos.oracles.verdict import Outcome
from agent_chaos.patch.install import offline_environment
from agent_chaos.search.search import find_failures
from agent_chaos.search.space import Space
from agent_chaos.stream.exchange import Data, Reply
from agent_chaos.trial.rehearsal import Rehearsal
from tests.spoken import spoken
from tests.standin.said import Called, Said
from tests.trials import recorded

_TOOL: Any = {
    "name": "look_up",
    "description": "Looks an order up.",
    "input_schema": {"type": "object", "properties": {"order": {"type": "string"}}, "required": ["order"]},
}


@agent_chaos.tool
def look_up(order: str) -> str:
    return f"{order}: a laptop, sent back on Monday"


def converse(client: anthropic.Anthropic, text: str, *, stream: bool) -> str:
    """The agent: asks, looks up what it is told to, until it is given an answer."""
    messages: list[Any] = [{"role": "user", "content": text}]
    while True:
        asked: Any = {"model": "claude-sonnet-5", "max_tokens": 4096, "messages": messages, "tools": [_TOOL]}
        if stream:
            with client.messages.stream(**asked) as events:
                message = events.get_final_message()
        else:
            message = client.messages.create(**asked)
        calls = [block for block in message.content if block.type == "tool_use"]
        if message.stop_reason not in ("end_turn", "tool_use"):
            raise RuntimeError(f"incomplete reply: {message.stop_reason}")
        if not calls:
            return "".join(block.text for block in message.content if block.type == "text")
        messages.append({"role": "assistant", "content": message.content})
        results = [
            {"type": "tool_result", "tool_use_id": call.id, "content": look_up(**call.input)}
            for call in calls
        ]
        messages.append({"role": "user", "content": results})


@dataclass(frozen=True)
class Shape:
    """How long a conversation is, and how long its last reply, in characters."""

    name: str
    calls: int
    characters: int = 200
    stream: bool = False

    def replies(self) -> list[Reply]:
        looked = [
            Said("I look it up.", (Called.of("look_up", {"order": f"A-{i}"}),)) for i in range(self.calls - 1)
        ]
        words = "The laptop is on its way to us. " * (self.characters // 32 + 1)
        said = [*looked, Said(words[: self.characters])]
        return [spoken("anthropic_messages", one, i, stream=self.stream) for i, one in enumerate(said)]


SHAPES = (
    Shape("3 calls", 3),
    Shape("10 calls", 10),
    Shape("30 calls", 30),
    Shape("100 calls", 100),
    Shape("stream of 10 KB", 1, 700, stream=True),
    Shape("stream of 1 MB", 1, 75_000, stream=True),
)


class _Chunks(httpx2.SyncByteStream):
    def __init__(self, reply: Reply) -> None:
        self._reply = reply

    def __iter__(self) -> Iterator[bytes]:
        return (event.data for event in self._reply.events if isinstance(event, Data))


def floor_client(replies: list[Reply]) -> anthropic.Anthropic:
    """A client that is served these replies, over and over."""
    served = 0

    def answer(request: httpx2.Request) -> httpx2.Response:
        nonlocal served
        request.read()
        reply = replies[served % len(replies)]
        served += 1
        assert reply.head is not None
        return httpx2.Response(reply.head.status, headers=list(reply.head.headers), stream=_Chunks(reply))

    http = anthropic.DefaultHttpxClient(transport=httpx2.MockTransport(answer))
    return anthropic.Anthropic(api_key="k" * 20, http_client=http)


class _Counting(Rehearsal):
    """Counts the calls of its examples."""

    calls = 0

    def trial(self, plan: Plan) -> Outcome:
        outcome = super().trial(plan)
        self.calls += len(outcome.trace.calls)
        return outcome


def cpu_ms(run: Callable[[], object], times: int) -> float:
    """Median milliseconds of CPU."""
    took = []
    for _ in range(times):
        began = time.process_time()
        run()
        took.append(time.process_time() - began)
    return statistics.median(took) * 1e3


def measured(shape: Shape, rounds: int, examples: int) -> str:
    """A row of the table."""
    replies = shape.replies()
    client = anthropic.Anthropic(api_key="k" * 20)

    def agent(ctx: object, text: str) -> str:
        return converse(client, text, stream=shape.stream)

    scenario = BaselineScenario(name="floor", agent=agent, turns=("Where is my laptop?",))
    subject = _Counting(scenario, cassette=recorded(scenario, replies))
    subject.prepare()
    mock = floor_client(replies)
    converse(mock, "Where is my laptop?", stream=shape.stream)
    with offline_environment():
        subject.trial(Plan())
        # By turns, so that what else the machine does meets all three alike.
        rows = [
            (
                cpu_ms(lambda: converse(mock, "Where is my laptop?", stream=shape.stream), 1),
                cpu_ms(lambda: subject._run(Plan()), 1),
                cpu_ms(lambda: subject.trial(Plan()), 1),
            )
            for _ in range(rounds)
        ]
    floor, clean, judged = (statistics.median(column) for column in zip(*rows, strict=True))
    gc.collect()
    space_ms = cpu_ms(lambda: Space.of(subject.clean), 1)
    fuzz = "not run"
    if examples:
        subject.calls = 0
        fuzz_ms = cpu_ms(lambda: find_failures(subject, max_examples=examples), 1)
        fuzz = f"{fuzz_ms / (subject.calls * floor / shape.calls):.2f}"
    return (
        f"| {shape.name} | {floor:.1f} | {clean / floor:.2f} | {judged / floor:.2f} | {fuzz} | "
        f"{space_ms / clean:.2f} |"
    )


def main() -> int:
    options = argparse.ArgumentParser(description="What a run costs beside the same agent on MockTransport.")
    options.add_argument("--only", nargs="*", choices=[one.name for one in SHAPES], default=None)
    options.add_argument("--rounds", type=int, default=15)
    options.add_argument("--examples", type=int, default=50, help="of the search; 0 for none")
    asked = options.parse_args()
    print("| agent | floor, ms of CPU | clean | judged | fuzz | space, clean runs |")
    print("| --- | --- | --- | --- | --- | --- |")
    for shape in SHAPES:
        if asked.only is None or shape.name in asked.only:
            print(measured(shape, asked.rounds, asked.examples), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
