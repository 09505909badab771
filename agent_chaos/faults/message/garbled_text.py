"""The model says something else than it should, in whole sentences or in none."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, get_args

from agent_chaos.faults.family import NO_ANSWER, Frequency
from agent_chaos.faults.fault import Choice, MessageFault, Target
from agent_chaos.providers.turn import Text
from agent_chaos.stream.exchange import Reply

_Shape = Literal["fenced", "introduced", "followed", "translated", "thinking", "repeated", "separated"]

_WORDS = {
    "fenced": "the answer stands in a Markdown fence",
    "introduced": "the answer comes after words of courtesy",
    "followed": "the answer comes before an offer to help",
    "translated": "the answer comes between sentences of another language",
    "thinking": "the answer comes after the model's thinking, in tags",
    "repeated": "the model repeats one word",
    "separated": "the answer has the line ends U+2028 and U+0085",
}


class GarbledText(MessageFault, frozen=True):
    """A complete answer with more text than was asked for (a Markdown fence, courtesies before or after it, another language,
    `<think>` tags), of one word over and over, or with odd line ends (U+2028, U+0085).

    Not where the provider holds the answer to a schema.
    Source: langchain-ai/langchain#35530, garrytan/gbrain#2559, HKUDS/DeepTutor#675 (thinking in tags); what parses an answer as JSON, a number or a label
    meets these, after an update of the model at the latest.
    """

    family = NO_ANSWER
    frequency = Frequency.EVERYDAY
    changes = ("text",)

    kind: Literal["garbled_text"] = "garbled_text"
    shape: _Shape

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        # A provider that decodes under a schema cannot write a fence or a courtesy: a failure there would be
        # one that nobody meets.
        if _answer(target) is None or target.protocol.constrains(target.request):
            return ()
        return tuple({"shape": shape} for shape in get_args(_Shape))

    def apply(self, target: Target) -> Reply:
        at = _answer(target)
        if at is None:
            return target.reply
        turn = target.protocol.parse(target.reply)
        part = turn.parts[at]
        assert isinstance(part, Text)
        said = replace(part, text=_garbled(part.text, self.shape))
        return target.protocol.render(turn.with_part(at, said), target.reply)

    def describe(self) -> str:
        return _WORDS[self.shape]


def _answer(target: Target) -> int | None:
    """The number of the part that is the answer: the last text of a turn that calls no tool."""
    turn = target.protocol.parse(target.reply) if target.reply.ok else None
    if turn is None or turn.tool_calls or turn.stop != "end":
        return None
    texts = [at for at, part in enumerate(turn.parts) if isinstance(part, Text) and part.text.strip()]
    return texts[-1] if texts else None


def _garbled(text: str, shape: _Shape) -> str:
    match shape:
        case "fenced":
            return f"```\n{text}\n```"
        case "introduced":
            return f"Sure! Here is what you asked for:\n\n{text}"
        case "followed":
            return f"{text}\n\nIs there anything else you would like to know?"
        case "translated":
            return f"Gerne, hier ist die Antwort:\n\n{text}\n\nIch hoffe, das hilft."
        case "thinking":
            return f'<think>\nThe user wants an answer. It could be this, or {{"answer": null}}.\n</think>\n\n{text}'
        case "repeated":
            return " ".join([text.split()[0]] * 40)
        case "separated":
            return f"{text.replace(' ', chr(0x2028), 1)}\u0085"
