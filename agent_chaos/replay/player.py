"""One trial's view of a cassette: which recorded exchange answers a request, and what the plan does to it.

A reply that was served whole consumes its recording; a faulted reply that broke or carries an error status does not,
so that the retry gets it. A repeated identical request is served again, as the next serving of the same exchange.
Every second serving has fresh ids, mapped back before the next request is matched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from agent_chaos.cassette.model import Exchange, Keys
from agent_chaos.faults.fault import Fault, WireFault, fault_failed, target_of
from agent_chaos.faults.plan import Plan, Site
from agent_chaos.providers.new_reply import new_reply, translated
from agent_chaos.providers.protocol import WireProtocol
from agent_chaos.providers.registry import protocols
from agent_chaos.replay.continuation import PendingContinuation
from agent_chaos.replay.keyed_requests import KeyedRequest, with_replaced
from agent_chaos.replay.match import ExchangeIndex
from agent_chaos.replay.renumber import renumber_ids
from agent_chaos.stream.exchange import Reply, Request
from agent_chaos.trace.fidelity import Fidelity

_KEPT_SERVINGS = 4
"""Of how many servings of a reply the one with fresh ids is kept with it, for all trials."""
FaultSource = Callable[[str, Site], Sequence[Fault]]
"""Faults besides the plan's, given the request's exact key and the site that answers it."""


def nothing_more(exact: str, site: Site) -> Sequence[Fault]:
    """The `FaultSource` of a run that has only its plan."""
    return ()


@dataclass(frozen=True, slots=True)
class ServedReply:
    """The answer to one request. `reply` and `site` are None on a miss."""

    fidelity: Fidelity
    site: Site | None
    protocol: str
    reply: Reply | None
    recorded: Reply | None
    fired: tuple[Fault, ...]
    difference: str
    exact: str


class Player:
    """A cursor over an index, under a plan. Not thread-safe; the caller holds a lock.

    Args:
        extra: faults besides the plan's.
        guesses: whether a request that was not recorded gets the reply to one that is like it.
    """

    def __init__(
        self, index: ExchangeIndex, plan: Plan, extra: FaultSource = nothing_more, *, guesses: bool = True
    ) -> None:
        self._index = index
        self._plan = plan
        self.extra = extra
        self._guesses = guesses
        # What this run alone knows: replies that were fetched or translated. The index is shared by all
        # runs and never changes.
        self._learnt: dict[int, Exchange] = {}
        self._learnt_by_exact: dict[str, tuple[int, ...]] = {}
        self._servings: dict[int, int] = {}
        self._consumed: set[int] = set()
        self._struck: list[int] = []
        self._given: dict[str, tuple[Fidelity, int]] = {}
        self._recorded_ids: dict[str, str] = {}
        self._held: list[PendingContinuation] = []
        # What requests carry in their headers: recording took it out of bodies, too, under the names it knew.
        self._credentials = index.redactor

    def serve(self, request: Request, protocol: str, turn: int = 0) -> ServedReply:
        """Answers a request of a scenario turn; never raises on a miss."""
        asked = self._index.requests.keyed(self._as_recorded(request))
        # Before the ladder: a request that goes on from a pause may equal a recorded one, whose reply would
        # begin the answer anew. The latest pause first, since a turn may have paused twice.
        held = next((one for one in reversed(self._held) if one.is_continuation(request)), None)
        if held is not None:
            return self._go_on(request, held, asked)
        fidelity, index = self._find(asked, turn)
        difference = self._difference(asked, fidelity, index)
        if index is None:
            return ServedReply(Fidelity.MISS, None, protocol, None, None, (), difference, asked.exact)
        # Remembered by what was asked, not looked up again: a rung that takes "the next one" would give a
        # retry another reply.
        self._given[asked.exact] = fidelity, index
        return self._play(request, index, fidelity, difference, asked.exact)

    def _difference(self, asked: KeyedRequest, fidelity: Fidelity, index: int | None) -> str:
        """Where a request differs from the one whose reply it gets; else from the latest of its conversation."""
        if fidelity is Fidelity.EXACT:
            return ""
        # A stand-in answers any question, so a difference to it would say nothing.
        if index is not None and fidelity is Fidelity.PROVIDER:
            recorded = self._index.exchange(index - len(self._index))
            return f"host: {recorded.request.host} ≠ {asked.request.host}"
        if index is None or fidelity is Fidelity.STAND_IN:
            return self._index.nearest(asked, self._index.lane(asked)[::-1])
        return self._index.nearest(asked, (index,))

    def _go_on(self, request: Request, held: PendingContinuation, asked: KeyedRequest) -> ServedReply:
        """What a fault has the model say next: the rest of its answer, or the same calls again."""
        fidelity = Fidelity.BY_FAULT if held.calls else Fidelity.EXACT
        served = self._play(request, held.index, fidelity, "", asked.exact, held.rest)
        if held.calls and served.reply is not None:
            self._held.append(held.after(served.reply))
        return served

    def learn(self, request: Request, reply: Reply, protocol: str, index: int) -> None:
        """Takes in what the real provider answered, so that it is served, now and again, as if it had been recorded."""
        asked = self._index.requests.keyed(self._as_recorded(request))
        keys = Keys(asked.exact, asked.normalised, asked.lane)
        self._learnt[index] = Exchange(index, 0, 0.0, request, reply, keys, protocol)
        self._learnt_by_exact[asked.exact] = (index,)

    def _as_recorded(self, request: Request) -> Request:
        """The request with the ids it was recorded with, and without the credentials that earlier requests carried."""
        # An agent may put its key into a prompt or a tool's argument. Recording took that out of the body,
        # by the header it came with, and keys are computed on the body without it.
        self._credentials = self._credentials.learning(request)
        asked = with_replaced(request, self._recorded_ids)
        carried = any(secret in asked.body for secret in self._credentials.secret_bytes)
        return self._credentials.request(asked) if carried else asked

    def _exchange(self, index: int) -> Exchange:
        return self._learnt[index] if index in self._learnt else self._index.exchange(index)

    def _find(self, asked: KeyedRequest, turn: int) -> tuple[Fidelity, int | None]:
        """The first rung that holds an exchange; unconsumed ones go first, then those served before."""
        exact = self._index.by_exact.get(asked.exact, ()) or self._learnt_by_exact.get(asked.exact, ())
        normalised = self._index.by_normalised.get(asked.normalised, ()) if not exact else ()
        for fidelity, indexes in ((Fidelity.EXACT, exact), (Fidelity.NORMALISED, normalised)):
            if indexes:
                return fidelity, self._next_or_again(indexes)
        if not self._guesses:
            return Fidelity.MISS, None
        if asked.exact in self._given:
            return self._given[asked.exact]
        return next(self._lower_rungs(asked, turn), (Fidelity.MISS, None))

    def _lower_rungs(self, asked: KeyedRequest, turn: int) -> Iterator[tuple[Fidelity, int]]:
        """Exchanges of requests that differ, rung by rung."""
        index, question = self._index, asked.question
        if question is not None:
            if shortened := index.shortened(question):
                yield Fidelity.TURN, self._next_or_again(shortened)
            if same := index.same_question(question, turn):
                yield Fidelity.QUESTION, self._next_or_again(same)
            if elsewhere := index.asked_elsewhere(question):
                translated = [self._translated(one, asked, question.protocol) for one in elsewhere]
                yield Fidelity.PROVIDER, self._next_or_again(translated)
            # A reply that came as it was recorded is not asked for in other words.
            yield from (
                (Fidelity.AGAIN, i) for i in self._struck[::-1] if index.asked_again(question, i, turn)
            )
        # A number of tokens is a model's word on nothing, and that of a text nearly the same is near enough.
        if counted := index.counts(asked):
            yield Fidelity.QUESTION, self._next_or_again(counted)
        able = [one for one in index.lane(asked) if index.possible(question, one)]
        if (nearest := self._next(able)) is not None:
            yield Fidelity.CONVERSATION, nearest
        if index.drifts and (drifted := self._next(index.drifted(asked, question, turn))) is not None:
            yield Fidelity.DRIFT, drifted
        if not index.drifts and question is not None and (texts := index.stand_ins(question)):
            yield Fidelity.STAND_IN, texts[0]

    def _translated(self, index: int, asked: KeyedRequest, protocol: str) -> int:
        """An exchange that says in another provider's words what a recorded one says, by its number.

        The number depends on the recorded exchange alone, so that removing one fault does not move another.
        """
        number, recorded = len(self._index) + index, self._index.exchange(index)
        known = self._learnt.get(number)
        # Made once for a run: the same reply again, with the same ids, where the agent asks a second time.
        if known is None or known.protocol != protocol:
            wire = protocols()[protocol]
            prompt = wire.prompt(asked.request)
            turn = protocols()[recorded.protocol].parse(recorded.reply)
            said = new_reply(
                wire, translated(turn, prompt), streamed=prompt.stream, at=recorded.reply.begins_at
            )
            keys = Keys(asked.exact, asked.normalised, asked.lane)
            self._learnt[number] = Exchange(number, recorded.turn, 0.0, asked.request, said, keys, protocol)
        return number

    def _next_or_again(self, indexes: Sequence[int]) -> int:
        """The first exchange that was not served yet; of those that all were, the latest one that was whole."""
        unserved = self._next(indexes)
        return self._again(indexes) if unserved is None else unserved

    def _next(self, indexes: Sequence[int]) -> int | None:
        return next((index for index in indexes if index not in self._consumed), None)

    def _again(self, indexes: Sequence[int]) -> int:
        """Of exchanges that were all served, the latest one that was whole."""
        # Not the last one blindly: a recording may end in an error that the agent gave up on, and an answer
        # served again must be an answer.
        return next((i for i in reversed(indexes) if self._exchange(i).reply.ok), indexes[-1])

    def _play(
        self,
        request: Request,
        index: int,
        fidelity: Fidelity,
        difference: str,
        exact: str,
        rest: Reply | None = None,
    ) -> ServedReply:
        exchange = self._exchange(index)
        whole = exchange.reply if rest is None else rest
        serving = self._servings.get(index, 0)
        self._servings[index] = serving + 1
        site = Site(of="call", index=index, serving=serving)
        wire = protocols().get(exchange.protocol)
        # Frameworks drop or replace messages whose id they have seen, which would look like the agent's own
        # mistake. The first serving keeps the recorded ids, so that a run without faults is byte for byte
        # what was recorded.
        recorded = self._minted(whole, wire, index, serving) if serving and wire else whole
        faults = (*self._plan.at(site), *self.extra(exact, site))
        reply, fired = self._faulted(request, recorded, wire, faults, index)
        self._struck += [index] if fired else []
        # A recorded error is consumed when it is served, as in the recording; one that a fault made leaves
        # the recording to the retry.
        if not fired or reply.ok:
            self._consumed.add(index)
        return ServedReply(fidelity, site, exchange.protocol, reply, recorded, fired, difference, exact)

    def _faulted(
        self,
        request: Request,
        recorded: Reply,
        wire: WireProtocol | None,
        faults: Sequence[Fault],
        index: int,
    ) -> tuple[Reply, tuple[Fault, ...]]:
        reply, fired = recorded, []
        # One after the other, each on what the one before left: a stream that was cut can be delayed, and a
        # delayed one cut.
        for fault in faults:
            if not isinstance(fault, WireFault):
                continue
            target = target_of(type(fault), request, reply, wire)
            # A fault of messages cannot act on a reply that nobody can read; one written by hand for such a
            # call has then not fired.
            if target is None:
                continue
            try:
                changed = fault.apply(target)
            except Exception as exc:  # a fault may be other people's, and is not to be taken for ours
                raise fault_failed(fault.kind, exc) from exc
            # A fault that changes nothing has not fired, whatever the plan says. Identity first: most
            # faults give back what they got.
            if changed is not reply and changed != reply:
                reply = changed
                fired.append(fault)
                # Before the next fault acts: what was held back is a part of what this fault was given.
                held = PendingContinuation.of(index, fault, target, changed)
                self._held += [held] if held is not None else []
        return reply, tuple(fired)

    def _minted(self, reply: Reply, wire: WireProtocol, index: int, serving: int) -> Reply:
        salt = f"{index}.{serving}"
        if serving <= _KEPT_SERVINGS:
            fresh, recorded_ids = reply.derived(
                (renumber_ids, wire.name, salt), lambda: renumber_ids(reply, wire, salt)
            )
        else:
            fresh, recorded_ids = renumber_ids(reply, wire, salt)
        # Kept for the rest of the run: later requests repeat the ids of earlier replies.
        self._recorded_ids.update(recorded_ids)
        return fresh
