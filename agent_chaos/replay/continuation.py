"""What a model says next where a fault decides it: the rest of an answer in which it paused, or the same call again."""

from __future__ import annotations

from dataclasses import dataclass, replace

from agent_chaos.faults.fault import Target, WireFault
from agent_chaos.providers.json_values import loaded
from agent_chaos.providers.protocol import WireProtocol
from agent_chaos.providers.turn import Prompt, ToolCall
from agent_chaos.stream.exchange import Reply, Request


@dataclass(frozen=True, slots=True)
class PendingContinuation:
    """What was held back of the reply of exchange `index`.

    `said` is the text that was served, `calls` the tool calls by name and arguments; `turn_id` and `ids` name the reply and
    what it minted; `rest` is what follows.
    """

    index: int
    protocol: WireProtocol
    said: str
    calls: tuple[tuple[str, str], ...]
    turn_id: str
    ids: frozenset[str]
    rest: Reply

    @classmethod
    def of(cls, index: int, fault: WireFault, target: Target, served: Reply) -> PendingContinuation | None:
        """What a fault held back of a target; None where it held back nothing."""
        rest = fault.rest(target)
        if rest is None:
            return None
        return cls(index, target.protocol, "", (), "", frozenset(), rest).after(served)

    def after(self, served: Reply) -> PendingContinuation:
        """The same once another reply was served."""
        # Of what was served, not of what was recorded: a second serving has ids of its own.
        turn = self.protocol.parse(served)
        calls = tuple((call.name, call.arguments) for call in turn.tool_calls)
        ids = frozenset(self.protocol.ids(served))
        return replace(self, said=turn.text, calls=calls, turn_id=turn.id, ids=ids)

    def is_continuation(self, request: Request) -> bool:
        """Whether a request asks the model to go on: by the token it gave, by an empty turn after it, by its words, or by
        results of its calls.
        """
        if not self.protocol.recognise(request):
            return False
        asked = self.protocol.prompt(request)
        if self.calls:
            return asked.previous in self.ids or self._answered(asked)
        if asked.previous in self.ids:
            # A new question names the turn before it as well; only one without messages of its own asks for
            # the rest of it.
            # `previous_response_id` is sent with a new question, too (Responses API); a pause token of
            # another kind never is.
            return asked.previous != self.turn_id or not asked.messages
        return self._repeated(asked)

    def _answered(self, asked: Prompt) -> bool:
        """Whether the last calls of a request are what the model had asked for."""
        spoken = [message for message in asked.messages if message.role == "assistant"]
        parts = spoken[-1].parts if spoken else ()
        calls = tuple((part.name, part.arguments) for part in parts if isinstance(part, ToolCall))
        # Read as JSON, since frameworks write the arguments anew, with other spaces, when they send the
        # history back.
        return [(name, loaded(text)) for name, text in calls] == [
            (name, loaded(text)) for name, text in self.calls
        ]

    def _repeated(self, asked: Prompt) -> bool:
        """Whether the last message of a request is what the model had said."""
        if not asked.messages or asked.messages[-1].role != "assistant":
            return False
        said = "".join(getattr(part, "text", "") for part in asked.messages[-1].parts)
        # Stripped, since Anthropic refuses a last assistant message that ends in white space, and agents
        # cut it off: https://docs.anthropic.com/en/docs/build-with-claude/prefill-claudes-response
        return bool(said.strip()) and said.strip().endswith(self.said.strip())
