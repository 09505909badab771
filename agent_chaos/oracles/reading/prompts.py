"""What requests tell the model in the user's or the system's name, and what is missing there once a call has failed."""

from __future__ import annotations

from collections.abc import Iterator

from agent_chaos.oracles.oracle import Evidence
from agent_chaos.oracles.reading.turns import (
    failed,
    in_one_line,
    prompt_of_call,
    recorded_text,
    refusal_of,
    served_turn,
)
from agent_chaos.providers.turn import Message, Text
from agent_chaos.trace.fidelity import Fidelity
from agent_chaos.trace.trace import Call, Trace

LONG_ENOUGH = 12
"""Characters; a shorter text of a model may stand in a prompt by chance."""


def told(call: Call) -> list[str]:
    """The texts of a request's users and system."""
    prompt = prompt_of_call(call)
    if prompt is None:
        return []
    parts = [part for one in prompt.messages if one.role in ("user", "system") for part in one.parts]
    return [prompt.system, *(part.text for part in parts if isinstance(part, Text))]


def question(call: Call) -> str:
    """What the user said last; empty where the model has spoken since, or a tool."""
    prompt = prompt_of_call(call)
    spoken = [one for one in prompt.messages if one.role != "system"] if prompt else []
    return text_of_message(spoken[-1]) if spoken and spoken[-1].role == "user" else ""


def text_of_message(message: Message) -> str:
    """The text of a message, a line for each part."""
    return "\n".join(part.text for part in message.parts if isinstance(part, Text))


def failed_for_good(trace: Trace, call: Call) -> bool:
    """Whether a call failed, and no later attempt of it in its turn did better."""
    # Not in a later turn: the user may ask the same thing again, and was told of the failure by then.
    later = (one for one in trace.calls if one.seq > call.seq and one.turn == call.turn)
    again = (one for one in later if _is_attempt(one, call))
    return all(failed(trace, one) or is_unreadable(one) for one in (call, *again))


def is_unreadable(call: Call) -> bool:
    """Whether a body that is no stream broke off, so that no client reads anything in it."""
    turn = served_turn(call)
    return bool(call.fired) and turn is not None and not (turn.streamed or turn.complete or turn.parts)


def _is_attempt(one: Call, call: Call) -> bool:
    """Whether a call asks for the same reply; another question may be given it, too, where nothing nearer was recorded."""
    if one.fidelity is Fidelity.PROVIDER:
        # Another provider is asked in the failed one's place, in a recording of its own.
        return recorded_text(one) == recorded_text(call)
    same = one.site is not None and call.site is not None and one.site.index == call.site.index
    # Another model, or other settings: the question tells that it is asked again.
    again = one.request.body == call.request.body or (question(call) and question(one) == question(call))
    return same and (one.fidelity.full or bool(again))


def is_again(later: Call, call: Call) -> bool:
    """Whether a later call stands where a call stood in the recording."""
    return later.site is not None and call.site is not None and later.site.index == call.site.index


def was_continued(trace: Trace, call: Call) -> bool:
    """Whether the model paused at a call, was asked to go on, and said that it had ended, with words or without."""
    turn = served_turn(call)
    if turn is None or turn.stop != "pause":
        return False
    later = (
        one for one in trace.calls if one.seq > call.seq and one.turn == call.turn and is_again(one, call)
    )
    return any(said is not None and said.complete and said.stop == "end" for said in map(served_turn, later))


def _struck_for_good(trace: Trace, call: Call) -> bool:
    """Whether a fault struck a call, and every later attempt of it."""
    again = (one for one in trace.calls if one.seq > call.seq and _is_attempt(one, call))
    return all(one.fired for one in (call, *again))


def _said_nothing(call: Call) -> bool:
    """Whether a reply came and was empty: nothing in its place is then what it said."""
    turn = served_turn(call)
    if turn is None or turn.text.strip() or refusal_of(call):
        return False
    return turn.error is None and turn.complete


def left_out(evidence: Evidence, turn: int) -> tuple[Call, Call] | None:
    """A call of a turn that gave nothing whole, and a later one whose prompt is the usual one without that call's part.

    Whatever kept it from it: an error, a cut, a filter, a refusal. A prompt that says anything else in the part's place tells
    the model of it.
    """
    mine = [call for call in evidence.trace.calls if call.turn == turn]
    lost = [call for call in mine if _struck_for_good(evidence.trace, call) and not _said_nothing(call)]
    lost = [call for call in lost if len(recorded_text(call).strip()) >= LONG_ENOUGH]
    usual = [text for call in evidence.clean.calls for text in told(call)] if lost else []
    for later in mine:
        before = [call for call in lost if call.seq < later.seq]
        for text in filter(str.strip, told(later) if before else ()):
            # What a struck call had said may have come all the same.
            gone = [call for call in before if recorded_text(call).strip() not in text]
            for call in gone:
                if any(in_one_line(text) == shorter for shorter in _without(usual, call, gone)):
                    return call, later
    return None


def _without(usual: list[str], call: Call, lost: list[Call]) -> Iterator[str]:
    """The usual prompts that hold what a call had said, without what the lost calls had."""
    for text in usual:
        if recorded_text(call).strip() in text:
            for one in lost:
                text = text.replace(recorded_text(one).strip(), "")
            yield in_one_line(text)
