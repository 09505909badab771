"""Who answers a replayed run: its requests and its tool calls, one at a time, for as long as it stays in the recording."""

from __future__ import annotations

import threading
from typing import Any

from agent_chaos.cassette.model import ToolEnd
from agent_chaos.errors import ReplayMiss
from agent_chaos.runtime.answer import Answered, ToolAnswer
from agent_chaos.runtime.session import Session
from agent_chaos.stream.exchange import Request
from agent_chaos.trial.http_answers import HttpAnswers
from agent_chaos.trial.tool_answers import ToolAnswers


class Answerer:
    """Serves one trial. Thread-safe."""

    def __init__(self, session: Session, requests: HttpAnswers, tools: ToolAnswers) -> None:
        self._session = session
        self._requests = requests
        self._tools = tools
        # Re-entrant: a mutator runs under it, and is the user's code, which may call a tool.
        self._lock = threading.RLock()

    def http(self, request: Request, transport: str) -> Answered:
        """The reply to play. Raises ReplayMiss, BudgetStop or GuardRefused; each is also on the tape."""
        with self._lock:
            self._still_in_recording()
            return self._requests.answer(request, transport)

    def tool(self, name: str, arguments: Any, *, pure: bool) -> ToolAnswer:
        """What a wrapped tool does. Raises ReplayMiss for a tool that was never recorded."""
        with self._lock:
            self._still_in_recording()
            return self._tools.answer(name, arguments, pure=pure)

    def runs_for_real(self, name: str) -> bool:
        """Whether the model calls the tool in the recording, and no boundary saw that."""
        # Without the lock, as it only asks what is in the recording.
        return name in self._tools.unseen

    def tool_ran(self, answer: ToolAnswer, end: ToolEnd) -> ToolAnswer | None:
        """Notes how a tool that ran ended; what the agent gets instead, where a fault strikes."""
        with self._lock:
            return self._tools.ran(answer, end)

    def _still_in_recording(self) -> None:
        # ReplayMiss may have been swallowed, by a task group or a bare `except:`. What an agent does after it
        # says nothing.
        if self._session.tape.has("miss"):
            raise ReplayMiss("the trial has left the recording")
