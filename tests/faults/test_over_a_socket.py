"""What an agent does under a fault, it does over a real socket too, in a process that knows nothing of agent-chaos.

The replies of a trial are served byte by byte by a plain server; the same agent, on the same SDK without a patch, must run the same
tools, give the same answer, or end in the same exception.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from agent_chaos.faults.plan import Plan
from agent_chaos.patch.tools import tool
from agent_chaos.stream.exchange import Abort, Data, Reply
from agent_chaos.trace.trace import Trace
from tests.faults import socket_agents
from tests.faults.socket_agents import AGENTS
from tests.oracles.desk import QUESTION, SAID, fault
from tests.patch.raw_server import Got, Wire, serving
from tests.spoken import spoken
from tests.trials import recorded, scenario, trial

KINDS = [
    fault("truncate", boundary="mid_number", offset=0),
    fault("max_tokens_in_tool_call", call=0, within="number", offset=0),
    fault("reset_in_body", boundary="mid_body", offset=0),
    fault("unknown_tool", call=0),
    fault("extra_argument", call=0),
    fault("malformed_arguments", shape="trailing_comma", call=0),
    fault("repeated_tool_call", ids="fresh"),
    fault("broken_event"),
    fault("bad_text", shape="bad_byte"),
    fault("bad_encoding"),
    fault("empty_body"),
    fault("empty_reply"),
    fault("error_body"),
    fault("html_body"),
    fault("overloaded"),
    fault("auth_error"),
    fault("quota_exhausted"),
]
HOSTS = {"claude": "https://api.anthropic.com", "chat": "https://api.openai.com"}
PROTOCOLS = {"claude": ("anthropic_messages", True), "chat": ("openai_chat", False)}


def write(wire: Wire, reply: Reply) -> None:
    """A reply as its server would send it."""
    wire.head(
        reply.head.status,
        **{
            name.replace("-", "_"): value
            for name, value in reply.head.headers
            if name.lower() not in ("content-length", "transfer-encoding", "connection")
        },
    )
    for event in reply.events:
        if isinstance(event, Data) and event.data:
            wire.chunk(event.data)
    if isinstance(reply.events[-1], Abort):
        wire.reset() if reply.events[-1].kind == "reset" else wire.close()
    else:
        wire.end()


def told(trace: Trace) -> dict[str, object]:
    """A trial in the words of the agent's own process."""
    ran = [run.arguments for run in trace.tools]
    if trace.raised:
        return {"ran": ran, "raised": trace.raised[0].type.rpartition(".")[2]}
    return {"ran": ran, "answer": trace.answers[0].text}


@pytest.fixture(scope="module")
def cases():
    """Every fault that can strike the first call of each agent, with its trial."""
    found = []
    for name, (protocol, stream) in PROTOCOLS.items():

        def agent(ctx, text, ask=AGENTS[name], host=HOSTS[name]):
            refund = tool(lambda order="", amount=0: f"refunded {amount} on order {order}", name="refund")
            return ask(host, refund, text)

        subject = scenario(agent, QUESTION)
        replies = [spoken(protocol, one, i, stream=stream) for i, one in enumerate(SAID)]
        cassette = recorded(subject, replies)
        for kind in KINDS:
            trace = trial(subject, cassette, Plan.of([("call 0", kind)]))
            if trace.fired:
                found.append((name, kind, trace))
    return found


def test_main_kinds_of_failure_are_the_same_over_a_real_socket(cases, tmp_path: Path):
    served: Counter[int] = Counter()

    def script(got: Got, wire: Wire) -> None:
        number = int(got.path.split("/")[1])
        calls = cases[number][2].calls
        write(wire, calls[served[number]].reply)
        served[number] += 1

    with serving(script) as url:
        names = " ".join(name for name, _, _ in cases)
        done = subprocess.run(
            [sys.executable, socket_agents.__file__, url, names, QUESTION],
            cwd=tmp_path,
            env={**os.environ, "NO_PROXY": "*"},
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
    live = [json.loads(line) for line in done.stdout.splitlines()]

    assert len(cases) >= 28
    assert [(name, str(kind.kind), one) for (name, kind, _), one in zip(cases, live, strict=True)] == [
        (name, str(kind.kind), told(trace)) for name, kind, trace in cases
    ]
