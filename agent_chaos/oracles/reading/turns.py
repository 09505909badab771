"""Reads a trace the way oracles need it: model turns served and recorded, tools executed, and what faults allow.

Where no tool boundary saw a tool, the wire is the evidence: a call that the next request echoes together with a result.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from agent_chaos.oracles.oracle import Evidence
from agent_chaos.oracles.reading.marks import adds_words
from agent_chaos.providers.registry import protocols
from agent_chaos.providers.turn import Message, ModelTurn, Opaque, Prompt, ToolCall, ToolResult
from agent_chaos.stream.exchange import Reply
from agent_chaos.trace.trace import Answer, Call, ToolRun, Trace

_REFUSAL = "refusal"
"""What Chat Completions call a part with the words of a refusal, and the field that holds them."""


@dataclass(frozen=True, slots=True)
class Executed:
    """A tool call the agent made: by the boundary (`seq` is the ToolRun's) or by the wire (the echoing Call's).

    `after` is the `seq` of the call whose reply asked for it, -1 where none did. `failed` says that it raised.
    """

    name: str
    arguments: Any
    seq: int
    after: int
    performed: bool
    failed: bool = False


def _turn_of(protocol: str, reply: Reply) -> ModelTurn:
    """The model turn of a reply, which is kept with it."""
    return protocols()[protocol].parse(reply)


def prompt_of_call(call: Call) -> Prompt | None:
    """What a call asked, in neutral words; None on a host without a protocol."""
    wire = call.wire
    return wire.prompt(call.request) if wire else None


def served_turn(call: Call) -> ModelTurn | None:
    """The model turn that the agent got; None for a miss, an error status, or a host without a protocol."""
    return (
        _turn_of(call.protocol, call.reply) if call.wire and call.reply and call.reply.status < 400 else None
    )


def recorded_turn(call: Call) -> ModelTurn | None:
    """The model turn as it was recorded."""
    return _turn_of(call.protocol, call.recorded) if call.wire and call.recorded else None


def recorded_text(call: Call) -> str:
    """What the model had said in the recording; empty where it did not speak."""
    turn = recorded_turn(call)
    return turn.text if turn is not None else ""


def refusal_of(call: Call) -> str:
    """The words in which a fault made a model refuse, by a reason to stop or a field of their own; empty where it did not."""
    turn, recorded = served_turn(call), recorded_turn(call)
    if turn is None or recorded is None or not call.fired or turn.tool_calls:
        return ""
    apart = "".join(
        str(part.extra.get(_REFUSAL, ""))
        for part in turn.parts
        if isinstance(part, Opaque) and part.kind == _REFUSAL
    )
    said = turn.text if turn.stop == "filter" and not recorded.text.startswith(turn.text) else ""
    return (apart or said).strip()


def failed(trace: Trace, call: Call) -> bool:
    """Whether a fault made a call fail for good: an error status, an error in its body, or a transfer that broke."""
    if not call.fired or call.reply is None:
        return False
    turn, delivered = served_turn(call), trace.deliveries.get(call.seq)
    broke = delivered is not None and delivered.outcome in ("aborted", "timeout")
    return turn is None or turn.error is not None or broke


def is_truncated(call: Call) -> bool:
    """Whether the agent got less than was recorded: the reply's end is gone, a token limit was hit, the model paused, it broke
    off for another reason (a filter, an error) with a part of its text, or the response itself says that it failed.

    A reply whose stop reason arrived has ended, even where the last line of its stream did not come.
    """
    served, recorded = served_turn(call), recorded_turn(call)
    if served is None or recorded is None or not call.fired:
        return False
    lost_end = recorded.complete and not served.complete and served.stop is None
    failed = served.error is not None and recorded.error is None
    ends = ("length", "pause", "filter", "other") if _is_part(served, recorded) else ("length", "pause")
    return lost_end or failed or (served.stop in ends and recorded.stop != served.stop)


def _is_part(served: ModelTurn, recorded: ModelTurn) -> bool:
    """Whether a turn says some of what was recorded, and not all: nothing at all is a refusal, not a part."""
    shorter = len(served.text) < len(recorded.text) and recorded.text.startswith(served.text)
    other_calls = served.tool_calls != recorded.tool_calls
    return (bool(served.text) and shorter) or (bool(served.tool_calls) and other_calls)


def executed(trace: Trace, clean: Trace) -> tuple[Executed, ...]:
    """Every tool call the agent made, in order. Of a tool that a boundary sees, the boundary's word is all there is."""
    # The clean trace is held beside it: another one could come to have its id.
    return trace.derived(("executed", id(clean)), lambda: (clean, _executed(trace, clean)))[1]


def _executed(trace: Trace, clean: Trace) -> tuple[Executed, ...]:
    wrapped = {run.name for run in (*trace.tools, *clean.tools)}
    by_boundary = [_by_boundary(run) for run in trace.tools]
    by_wire = _by_wire(trace, usual_results(clean), wrapped)
    return tuple(sorted([*by_boundary, *by_wire], key=lambda one: one.seq))


def _by_boundary(run: ToolRun) -> Executed:
    performed = run.effect in ("real", "pure")
    return Executed(run.name, run.arguments, run.seq, run.after, performed, run.end.failed)


def usual_results(clean: Trace) -> dict[str, list[str]]:
    """What the clean run told the model of each tool."""
    return clean.derived("usual results", lambda: _results(clean))


def _results(clean: Trace) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for call in clean.calls:
        prompt = prompt_of_call(call)
        for echoed, result in _answered_calls(prompt.messages) if prompt else ():
            found.setdefault(echoed.name, []).append(shown(result.content, limit=2_000))
    return found


def _by_wire(trace: Trace, usual: Mapping[str, list[str]], wrapped: Collection[str]) -> Iterator[Executed]:
    """Calls echoed with a result of the tool, each once for every reply that asked for it; not of `wrapped` tools."""
    seen: set[tuple[str, str, str, int]] = set()
    # By name and id, an empty one where it has none: the latest call whose reply asked for it.
    latest: dict[tuple[str, str], Call] = {}
    for call in trace.calls:
        prompt = prompt_of_call(call)
        # Every request repeats the whole history, so that each call is counted once, where it is told first.
        for echoed, result in _answered_calls(prompt.messages) if prompt else ():
            if echoed.name in wrapped:
                continue
            known = [latest.get((echoed.name, one)) for one in {echoed.id, ""}]
            asked = max((one for one in known if one is not None), key=lambda one: one.seq, default=None)
            # A turn that is run again gets the same reply, with the same id, from the recording.
            key = (echoed.id, echoed.name, echoed.arguments, asked.seq if asked else -1)
            if key not in seen and _tells_of_a_run(result, echoed, usual):
                seen.add(key)
                if asked is not None:
                    yield Executed(echoed.name, strict_json(echoed.arguments), call.seq, asked.seq, True)
        turn = served_turn(call)
        latest.update({(one.name, one.id): call for one in turn.tool_calls} if turn else {})


def _answered_calls(messages: tuple[Message, ...]) -> Iterator[tuple[ToolCall, ToolResult]]:
    """The calls of the model that stand in a request with a result."""
    parts = [part for message in messages for part in message.parts]
    results = {part.call_id or part.name: part for part in parts if isinstance(part, ToolResult)}
    for message in messages:
        for part in message.parts:
            if isinstance(part, ToolCall) and message.role == "assistant":
                # Gemini's calls may have no id.
                result = results.get(part.id or part.name)
                if result is not None:
                    yield part, result


def _tells_of_a_run(result: ToolResult, asked: ToolCall, usual: Mapping[str, list[str]]) -> bool:
    """Whether a result is one of the tool's own: no word or sign stands in it that neither its usual results nor the
    arguments have. What an agent says of a call that it did not run is in words of its own, in any language."""
    known = usual.get(asked.name)
    if result.is_error or not known:
        return False
    return not adds_words(shown(result.content, limit=2_000), [*known, asked.arguments])


def strict_json(text: str) -> Any:
    """Arguments as strict JSON, or the text itself."""
    try:
        # Python would read NaN and Infinity, which JSON does not have.
        return json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return text


def sent_to(name: str, turn: ModelTurn) -> list[Any]:
    """The arguments of a reply's calls of one tool."""
    return [strict_json(asked.arguments) for asked in turn.tool_calls if asked.name == name]


def _refuse(constant: str) -> Any:
    raise ValueError(constant)


def asking_call(trace: Trace, one: Executed | ToolRun) -> Call | None:
    """The call whose served turn asked for an executed tool: the nearest one, at or before `after`, that names it."""
    for call in reversed(trace.calls):
        turn = served_turn(call) if call.seq <= one.after else None
        if turn is not None and any(asked.name == one.name for asked in turn.tool_calls):
            return call
    return None


def satisfies(ran: Any, asked: Any) -> bool:
    """Whether executed arguments are those asked for; parameters that were not asked for may have their defaults."""
    if isinstance(ran, dict) and isinstance(asked, dict):
        return all(key in ran and ran[key] == value for key, value in asked.items())
    return bool(ran == asked)


def last_call_of_turn(trace: Trace, turn: int) -> Call | None:
    return next((call for call in reversed(trace.calls) if call.turn == turn), None)


def clean_answer(evidence: Evidence, turn: int) -> Answer | None:
    return next((answer for answer in evidence.clean.answers if answer.turn == turn), None)


def all_transparent(evidence: Evidence) -> bool:
    """Whether a correct stack must recover: every fired fault is transparent, none twice on an exchange, in budget."""
    fired = evidence.trace.fired
    places = [(site.of, site.index) for site, _ in fired]
    late = evidence.trace.virtual_s - evidence.clean.virtual_s
    once = len(set(places)) == len(places)
    return (
        bool(fired)
        and once
        and all(fault.transparent for _, fault in fired)
        and late <= evidence.budget.virtual_s
    )


def read_whole(trace: Trace, call: Call) -> bool:
    """Whether a client read a reply to its last byte; OpenAI's closes a stream at its sentinel, so that how the transfer
    ended does not tell."""
    delivered = trace.deliveries.get(call.seq)
    return delivered is not None and call.reply is not None and delivered.bytes_read >= len(call.reply.body)


def in_one_line(text: str) -> str:
    """A text with one blank between its words: how it is laid out is no part of what it says."""
    return " ".join(text.split())


def shown(value: Any, limit: int = 200) -> str:
    """A value as short JSON or text for a sentence."""
    # `default`: arguments come from Python, and may hold dates and decimals.
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
