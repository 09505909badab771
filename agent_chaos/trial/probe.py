"""One turn more than a scenario has: it shows what an agent would send next, and is answered by nobody."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from agent_chaos.cassette.model import ToolEnd
from agent_chaos.errors import TrialStop
from agent_chaos.patch.time import tasks
from agent_chaos.patch.time.threads import outlived
from agent_chaos.providers.registry import recognise
from agent_chaos.providers.turn import ToolResult
from agent_chaos.runtime.answer import Answered, ToolAnswer
from agent_chaos.runtime.session import Session
from agent_chaos.stream.exchange import Request
from agent_chaos.trace.fidelity import Fidelity
from agent_chaos.trace.trace import Call


class Probe:
    """Keeps the first request to a model that a turn makes, and stops there: at tools, at other hosts and at the model.

    What the turn leaves on the tape, the time it takes, and the threads and tasks that it starts are taken back: a trial
    with a probe has the same trace as one without.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._asked: Call | None = None

    def http(self, request: Request, transport: str) -> Answered:
        protocol = recognise(request)
        # The first: whatever comes after it is asked by an agent whose request was refused.
        if protocol is not None and self._asked is None:
            self._asked = Call(
                seq=len(self._session.tape.entries()),
                turn=self._session.turn,
                call=0,
                attempt=0,
                logical=0,
                at=self._session.clock.now(),
                site=None,
                fidelity=Fidelity.MISS,
                protocol=protocol.name,
                transport=transport,
                request=request,
                reply=None,
                recorded=None,
            )
        raise TrialStop("a probe ends where the agent asks")

    def tool(self, name: str, arguments: Any, *, pure: bool) -> ToolAnswer:
        raise TrialStop("a probe runs no tools")

    def runs_for_real(self, name: str) -> bool:
        return False

    def tool_ran(self, answer: ToolAnswer, end: ToolEnd) -> ToolAnswer | None:
        return None

    def asked(self, play: Callable[[], object]) -> tuple[Call, ...]:
        """The request that a turn begins with; none where something of the run is still under way and might ask, too."""
        # They would ask in the turn that is taken back, and what they learn there would not be.
        if tasks.unfinished(self._session) or outlived(self._session.live_threads()):
            return ()
        with self._aside():
            try:
                play()
            except BaseException:  # a turn that is stopped ends in whatever its agent makes of that
                if self._session.interrupted:
                    raise
        return () if self._asked is None else (self._asked,)

    @contextmanager
    def _aside(self) -> Iterator[None]:
        session, began = self._session, self._session.clock.now()
        answers, session.answers = session.answers, self
        # As a next turn would be, so that what is numbered by turns is no part of the last one.
        session.turn += 1
        started = len(session.threads), len(session.tasks)
        try:
            with session.tape.aside():
                yield
        finally:
            session.answers = answers
            session.turn -= 1
            session.excluded_s += session.clock.now() - began
            # What the probe started is no leak of the run.
            del session.threads[started[0] :], session.tasks[started[1] :]


def keeps_history(asked: tuple[Call, ...]) -> bool:
    """Whether a request goes on with what was said in an earlier turn: with a word of the model's, or a state of its server."""
    prompts = [call.wire.prompt(call.request) for call in asked if call.wire]
    return any(
        prompt.previous
        or any(
            message.role == "assistant" or any(isinstance(part, ToolResult) for part in message.parts)
            for message in prompt.messages
        )
        for prompt in prompts
    )
