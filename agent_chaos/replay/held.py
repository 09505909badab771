"""The rest of an answer in which a model paused, kept for a client that asks it to go on."""

from __future__ import annotations

from dataclasses import dataclass

from agent_chaos.chaos.fault import Target, WireFault
from agent_chaos.providers.protocol import Prompt, WireProtocol
from agent_chaos.stream.exchange import Reply, Request


@dataclass(frozen=True, slots=True)
class Held:
    """What was held back of the reply of exchange `index`.

    `said` is the text that was served, `turn_id` and `ids` name the reply and what it minted; `rest` is what follows.
    """

    index: int
    protocol: WireProtocol
    said: str
    turn_id: str
    ids: frozenset[str]
    rest: Reply

    @classmethod
    def of(cls, index: int, fault: WireFault, target: Target, served: Reply) -> Held | None:
        """What a fault held back of a target; None where it held back nothing."""
        rest = fault.rest(target)
        if rest is None:
            return None
        turn = target.protocol.parse(served)
        ids = frozenset(target.protocol.ids(served))
        return cls(index, target.protocol, turn.text, turn.id, ids, rest)

    def asked_on(self, request: Request) -> bool:
        """Whether a request asks the model to go on: by the token it gave, by an empty turn after it, or by its words."""
        if not self.protocol.recognise(request):
            return False
        asked = self.protocol.prompt(request)
        if asked.previous in self.ids:
            return asked.previous != self.turn_id or not asked.messages
        return self._repeated(asked)

    def _repeated(self, asked: Prompt) -> bool:
        """Whether the last message of a request is what the model had said."""
        if not asked.messages or asked.messages[-1].role != "assistant":
            return False
        said = "".join(getattr(part, "text", "") for part in asked.messages[-1].parts)
        return bool(said.strip()) and said.strip().endswith(self.said.strip())
