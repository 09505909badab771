"""The immutable index of a cassette, shared by all trials, and the ladder's rungs over it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property

from agent_chaos.cassette.keys import KEY_VERSION, first_difference, keys_of
from agent_chaos.cassette.model import Cassette, Exchange, Keys
from agent_chaos.cassette.redaction.redactor import NO_SECRETS, Redactor
from agent_chaos.providers.registry import protocols
from agent_chaos.providers.token_counts import counts_tokens
from agent_chaos.providers.turn import ModelTurn
from agent_chaos.replay.keyed_requests import KeyedRequest, KeyedRequests
from agent_chaos.replay.lanes import Lanes, places_by_key
from agent_chaos.replay.questions import Question, question_of
from agent_chaos.replay.tool_names import renamed_tools
from agent_chaos.replay.toolbox import RecordedTools
from agent_chaos.stream.exchange import Request

_COMPARED = 200
"""How many recorded bodies are read to tell what a request that was not recorded is nearest to."""


class ExchangeIndex:
    """Recorded exchanges by match key. Requests are redacted before they are keyed, as when they were recorded.

    Args:
        cassette: what was recorded; its bodies are read only when they are served.
        redactor: knows the secrets that recording knew.
        asked_today: requests that stand in for recorded ones, by exchange, since the agent was edited.
        drifts: whether a request may also be an edited one of the recording; for runs without faults.
    """

    def __init__(
        self,
        cassette: Cassette,
        redactor: Redactor = NO_SECRETS,
        *,
        asked_today: Mapping[int, Request] | None = None,
        drifts: bool = False,
    ) -> None:
        self.cassette = cassette
        self.redactor = redactor
        self.drifts = drifts
        # Redacted like the recording that they stand in, so that their keys are made as its keys are.
        self._asked_today = {index: redactor.request(one) for index, one in (asked_today or {}).items()}
        self._keys = [
            keys_of(self._asked_today[index]) if index in self._asked_today else keys
            for index, keys in enumerate(_keys(cassette, redactor))
        ]
        self.by_exact = places_by_key(keys.exact for keys in self._keys)
        self.by_normalised = places_by_key(keys.normalised for keys in self._keys)
        self.requests = KeyedRequests(redactor, self.by_exact)

    @cached_property
    def model_names(self) -> dict[str, str]:
        """By the name of a boundary, what the model calls its tool, where that differs."""
        return {inner: name for name, inner in renamed_tools(self.cassette).items()}

    @cached_property
    def recorded_tools(self) -> RecordedTools:
        return RecordedTools(self.cassette.tools)

    def __len__(self) -> int:
        return len(self._keys)

    def rebased(self, asked_today: Mapping[int, Request]) -> ExchangeIndex:
        """The same replies, to what an edited agent asks today without any fault."""
        # Without `drifts`: what an edited agent asks is known from now on, and a fault's doing must not
        # pass for an edit.
        return ExchangeIndex(self.cassette, self.redactor, asked_today=asked_today)

    def exchange(self, index: int) -> Exchange:
        recorded = self.cassette.exchanges[index]
        today = self._asked_today.get(index)
        return recorded if today is None else replace(recorded, request=today)

    @cached_property
    def _questions(self) -> tuple[Question | None, ...]:
        return tuple(question_of(self.exchange(index).request) for index in range(len(self)))

    def shortened(self, question: Question) -> tuple[int, ...]:
        """The exchanges that answer this very turn, asked with more history than a fault has left."""
        return tuple(i for i, one in enumerate(self._questions) if one and one.is_shortened_by(question))

    def same_question(self, question: Question, turn: int) -> tuple[int, ...]:
        """The exchanges that answer this question with another history: of all that do, the most alike."""
        found = [(i, one) for i, one in enumerate(self._questions) if one and one.is_asked_by(question)]
        ranked = [(_unlike(question, one, self.exchange(i).turn == turn), i) for i, one in found]
        # All that are equally good, in recorded order: which of them is next depends on what was served.
        best = min(ranked)[0] if ranked else None
        return tuple(i for rank, i in ranked if rank == best)

    def asked_elsewhere(self, question: Question) -> tuple[int, ...]:
        """The exchanges in which another provider answered this question, and whole."""
        found = [i for i, one in enumerate(self._questions) if one and one.is_asked_elsewhere_by(question)]
        return tuple(i for i in found if self.exchange(i).reply.ok and self._said(i).complete)

    def asked_again(self, question: Question, index: int, turn: int) -> bool:
        """Whether a question is the one that an exchange of that turn answers, and more."""
        # Numbers beyond the recording are replies that this run has fetched or translated.
        known = self._questions[index] if index < len(self) and self.exchange(index).turn == turn else None
        return known is not None and known.is_asked_again_by(question)

    def possible(self, question: Question | None, index: int) -> bool:
        """Whether a model could give an exchange's reply to this question, too."""
        answered = self._questions[index]
        if question is None or answered is None:
            # Both None: neither speaks a protocol, so that nothing can be said against it.
            return question is answered
        return question.can_be_answered_by(self._said(index), answered)

    def stand_ins(self, question: Question) -> tuple[int, ...]:
        """The exchanges whose reply is text that a model could give to any question: one of a summary, a title, a repair.

        None where the reply must have a form, may be a tool call, or goes on from what a server keeps.
        """
        # A text in place of a tool call or of JSON would be a fault that nobody injected.
        if question.structured or question.tools or question.previous:
            return ()
        return tuple(
            i for i in range(len(self)) if self.possible(question, i) and _is_plain_text(self._said(i))
        )

    def drifted(self, asked: KeyedRequest, question: Question | None, turn: int) -> tuple[int, ...]:
        """The exchanges that an edited request may stand for, the most alike first: those of its turn, then all."""
        able = [i for i in range(len(self)) if question is not None and self.possible(question, i)]
        return tuple(sorted(able, key=lambda i: self._distance(asked.request, i, turn)))

    def _distance(self, request: Request, index: int, turn: int) -> tuple[bool, int]:
        recorded = self.exchange(index)
        # Least is nearest: `sorted` is stable, so that of exchanges alike the earlier one is taken, in every
        # run.
        return recorded.turn != turn, -_shared(recorded.request.body, request.body)

    def _said(self, index: int) -> ModelTurn:
        exchange = self.exchange(index)
        return protocols()[exchange.protocol].parse(exchange.reply)

    @cached_property
    def _hosts(self) -> frozenset[str]:
        return frozenset(exchange.request.host for exchange in self.cassette.exchanges)

    def knows_host(self, host: str) -> bool:
        """Whether anything was recorded from this host."""
        return host in self._hosts

    @cached_property
    def _lanes(self) -> Lanes:
        return Lanes(self.cassette.exchanges, [keys.lane for keys in self._keys])

    def lane(self, asked: KeyedRequest) -> tuple[int, ...]:
        """The exchanges of the request's conversation whose replies have the form it asks for, in recorded order."""
        mine, form = self._lanes.of(asked), _form(asked.request)
        return tuple(index for index in mine if _form(self.exchange(index).request) == form)

    def counts(self, asked: KeyedRequest) -> tuple[int, ...]:
        """Exchanges that counted the tokens of another text at the same place; none where the request counts nothing."""
        if not counts_tokens(asked.request):
            return ()
        wanted = (asked.request.method, asked.request.host, asked.request.path)
        found = ((i, one.request) for i, one in enumerate(self.cassette.exchanges))
        return tuple(i for i, one in found if (one.method, one.host, one.path) == wanted)

    def nearest(self, asked: KeyedRequest, candidates: Sequence[int]) -> str:
        """The first difference to the first of some exchanges, in words.

        Without candidates to the one of the same method and path whose body shares most with the request; empty where
        there is none.
        """
        if candidates:
            return first_difference(self.exchange(candidates[0]).request, asked.request)
        wanted = asked.request
        recorded = (exchange.request for exchange in self.cassette.exchanges[:_COMPARED])
        same_place = [one for one in recorded if (one.method, one.path) == (wanted.method, wanted.path)]
        closest = max(same_place, key=lambda one: _shared(one.body, wanted.body), default=None)
        return first_difference(closest, wanted) if closest is not None else ""


def _keys(cassette: Cassette, redactor: Redactor) -> Sequence[Keys]:
    """The match keys as stored; computed afresh where another version of the key functions, or of redaction, made them."""
    if cassette.header.key_version == KEY_VERSION:
        return cassette.keys
    return [keys_of(redactor.request(exchange.request)) for exchange in cassette.exchanges]


def _unlike(question: Question, other: Question, same_turn: bool) -> tuple[bool, bool, bool]:
    return question.system != other.system, question.model != other.model, not same_turn


def _is_plain_text(turn: ModelTurn) -> bool:
    return bool(turn.text.strip()) and not turn.tool_calls and turn.complete and turn.stop == "end"


def _shared(one: bytes, other: bytes) -> int:
    """How many bytes two bodies share at their start and at their end."""
    return _same_start(one, other) + _same_start(one[::-1], other[::-1])


def _same_start(one: bytes, other: bytes) -> int:
    same, differing = 0, min(len(one), len(other)) + 1
    # By halving: slices are compared in C.
    while same + 1 < differing:
        middle = (same + differing) // 2
        if one[:middle] == other[:middle]:
            same = middle
        else:
            differing = middle
    return same


def _form(request: Request) -> list[str]:
    """The form that a request asks its reply in; Gemini streams events with `alt=sse`, and a JSON array without."""
    return [value for name, value in request.query if name == "alt"]
