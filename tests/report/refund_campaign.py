"""A campaign made by hand: the refund agent pays $15 instead of $1,500 when the stream ends inside the number."""

import json
from dataclasses import replace
from typing import Any, ClassVar, Literal

from agent_chaos.cassette.model import ToolEnd
from agent_chaos.faults.family import TRUNCATION, Family, Frequency
from agent_chaos.faults.fault import Choice, Target, TransportFault
from agent_chaos.faults.plan import Plan, Site
from agent_chaos.oracles.oracle import Violation
from agent_chaos.oracles.verdict import Outcome, Verdict
from agent_chaos.search.campaign import Campaign, Figures, Finding
from agent_chaos.search.failure import Failure
from agent_chaos.stream.exchange import Data, End, Head, Reply, Request, cut, reply
from agent_chaos.trace.fidelity import Fidelity
from agent_chaos.trace.stack_frame import StackFrame
from agent_chaos.trace.trace import Answer, Call, Delivered, ToolRun, Trace, TraceEvent, Wait


class CutInsideNumber(TransportFault):
    """The stream ends inside a number."""

    family: ClassVar[Family] = TRUNCATION
    frequency: ClassVar[Frequency] = Frequency.EVERYDAY
    kind: Literal["cut_inside_number"] = "cut_inside_number"

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        return ({},)

    def apply(self, target: Target) -> Reply:
        return target.reply

    def describe(self) -> str:
        return "the stream ends inside a number"


def frame(name: str, **data: Any) -> bytes:
    return f"event: {name}\ndata: {json.dumps({'type': name, **data})}\n\n".encode()


def tool_stream(call_id: str, name: str, pieces: list[str]) -> Reply:
    block = {"type": "tool_use", "id": call_id, "name": name, "input": {}}
    message = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-sonnet-5",
        "content": [],
    }
    deltas = [
        frame("content_block_delta", index=0, delta={"type": "input_json_delta", "partial_json": piece})
        for piece in pieces
    ]
    chunks = [
        frame("message_start", message={**message, "usage": {"input_tokens": 412, "output_tokens": 1}}),
        frame("content_block_start", index=0, content_block=block),
        *deltas,
        frame("content_block_stop", index=0),
        frame("message_delta", delta={"stop_reason": "tool_use"}, usage={"output_tokens": 44}),
        frame("message_stop"),
    ]
    return reply(200, [("content-type", "text/event-stream; charset=utf-8")], chunks, at=0.6, gap_s=0.04)


def text_reply(text: str) -> Reply:
    body = {
        "id": "msg_2",
        "type": "message",
        "role": "assistant",
        "model": "claude-sonnet-5",
        "content": [{"type": "text", "text": text}],
        "stop_reason": "end_turn",
        "usage": {"input_tokens": 500, "output_tokens": 20},
    }
    data = json.dumps(body).encode()
    return Reply((Head(200, (("content-type", "application/json"),), 0.5), Data(data, 0.7), End(0.7)))


REQUEST = Request(
    "POST",
    "https://api.anthropic.com/v1/messages",
    (("content-type", "application/json"),),
    json.dumps(
        {"model": "claude-sonnet-5", "messages": [{"role": "user", "content": "Refund A-17"}]}
    ).encode(),
)
LOOKUP = tool_stream("toolu_1", "lookup_order", ['{"order_id": ', '"A-17"}'])
REFUND = tool_stream("toolu_2", "issue_refund", ['{"order_id": "A-17", ', '"amount": 15', "00}"])
CUT = cut(REFUND, REFUND.body.index(b"00}"), End(0.0))


def call(seq: int, number: int, at: float, recorded: Reply, **changes: Any) -> Call:
    made = Call(
        seq=seq,
        turn=0,
        call=number,
        attempt=0,
        logical=number,
        at=at,
        site=Site(of="call", index=number),
        fidelity=Fidelity.EXACT,
        protocol="anthropic_messages",
        transport="httpx2",
        request=REQUEST,
        reply=recorded,
        recorded=recorded,
        frame=StackFrame("/srv/agent/refund.py", 54, "agent", "anthropic"),
    )
    return replace(made, **changes)


def tool(seq: int, index: int, at: float, name: str, arguments: Any, result: Any, **changes: Any) -> ToolRun:
    site = Site(of="tool", index=index)
    return replace(ToolRun(seq, 0, at, site, name, arguments, ToolEnd(result), after=seq - 2), **changes)


def entries(amount: int, second: Reply, answer: str, **second_call: Any) -> tuple[TraceEvent, ...]:
    effect = "recorded" if amount == 1500 else "nearest"
    fidelity = Fidelity.EXACT if amount == 1500 else Fidelity.CONVERSATION
    difference = "" if amount == 1500 else "messages[3].content[0].input.amount: 15 where 1500 was recorded"
    return (
        call(0, 0, 0.0, LOOKUP),
        Delivered(1, 0, 0.92, "complete", len(LOOKUP.body)),
        tool(2, 0, 0.92, "lookup_order", {"order_id": "A-17"}, {"total": 1500, "currency": "USD"}),
        call(3, 1, 0.94, REFUND, reply=second, **second_call),
        Delivered(4, 3, 1.82, "complete", len(second.body)),
        tool(5, 1, 1.82, "issue_refund", {"order_id": "A-17", "amount": amount}, {"ok": True}, effect=effect),
        Wait(6, 1.82, 2.0, "sleep"),
        call(7, 2, 3.82, text_reply(answer), fidelity=fidelity, difference=difference),
        Delivered(8, 7, 4.52, "complete", 200),
        Answer(9, 0, 4.52, "Refund A-17", answer, answer),
    )


PLAN = Plan.of([("call 1", CutInsideNumber())])
CLEAN = Trace(Plan(), entries(1500, REFUND, "Done: I refunded $1,500."), 4.52)
BROKEN = Trace(PLAN, entries(15, CUT, "Done: I refunded $15.", fired=(CutInsideNumber(),)), 4.52)
VIOLATION = Violation(
    oracle="unfinished_tool_call",
    subject="issue_refund",
    reason="issue_refund got amount=15 although the model was still writing the number 1500.",
    advice="Run a tool only after the stream's own terminator (message_stop) has arrived.",
    call_seq=3,
    tool_seq=5,
    before={"order_id": "A-17", "amount": 1500},
    after={"order_id": "A-17", "amount": 15},
)


def failure(**changes: Any) -> Failure:
    values = {
        "id": "F-7Q2K",
        "scenario": "refund",
        "target": "scenarios/refund.py:refund",
        "fingerprint": VIOLATION.fingerprint,
        "violation": VIOLATION,
        "plan": PLAN,
        "seed": 0,
        "smallest": True,
        "checks": 9,
        "runs_seen": 3,
    }
    return Failure(**{**values, **changes})


def finding(violation: Violation = VIOLATION, trace: Trace = BROKEN, **changes: Any) -> Finding:
    stored = failure(**{"violation": violation, "fingerprint": violation.fingerprint, **changes})
    return Finding(stored, Outcome(Verdict.FAIL, trace, (violation,)))


FIGURES = Figures(
    examples=200,
    ok=171,
    failures=3,
    distinct=2,
    undecided=19,
    not_tested=7,
    clean_runs=3,
    corpus_runs=1,
    shrink_runs=41,
    singles_covered=58,
    singles_total=62,
    pairs_covered=310,
    pairs_total=1830,
    fired={"rate_limit": 44, "truncate": 38, "cut_inside_number": 9},
    no_site=("slow_stream", "tool_error"),
    seconds=4.2,
)


def campaign(**changes: Any) -> Campaign:
    made = Campaign(
        scenario="refund",
        seed=0,
        clean=CLEAN,
        figures=FIGURES,
        findings=(finding(),),
        undecided_reasons=(("left the recording at call 3", 12), ("left the recording at call 2", 7)),
    )
    return replace(made, **changes)
