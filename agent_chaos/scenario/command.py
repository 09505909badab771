"""Drives an agent that is another program, in any language: its SDKs send their requests to a server on this machine."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from queue import Empty
from typing import Any, Literal

from agent_chaos.containment import OnFailure
from agent_chaos.errors import UsageError
from agent_chaos.patch.loopback.addresses import IDLE, WAIT, program_environment
from agent_chaos.patch.loopback.program import Finished, Launch, Program, ProgramTurn
from agent_chaos.patch.loopback.relay import Relay
from agent_chaos.patch.loopback.server import Incoming, LoopbackServer, not_found
from agent_chaos.runtime import real
from agent_chaos.runtime.active import current
from agent_chaos.runtime.run_stop import RunStop
from agent_chaos.runtime.session import Session
from agent_chaos.runtime.user_code import STANDS_AT
from agent_chaos.trace.stack_frame import StackFrame

_INPUT = "{input}"
_ERROR = re.compile(
    r"""^[^\w\n]*(?:Uncaught )?(?:Exception in thread "[^"\n]*" )?(?:[\w.]+\.)?(\w*(?:Error|Exception))(?:: .*|:? *$| \[.*)""",
    re.MULTILINE,
)
"""A line in which a program says what ended it: JavaScript, Python, Java and C# name the error first."""

_SILENT_PART = 6
"""A program that says nothing for this part of its time, once a reply told it to wait longer than can be waited, does wait."""
_KNOWN_PART = 60
"""The same of a program that is known to wait."""

_IDLE_S = 2.0
"""A program that said that it waits for nothing, and asks nothing in so many real seconds after that, will never answer."""

_OF_JAVASCRIPT = ("TypeError", "ReferenceError", "RangeError", "SyntaxError")
_OF_PYTHON = ("KeyError", "AttributeError", "IndexError", "NameError", "ValueError", "AssertionError")
_OF_JAVA = ("NullPointerException", "ClassCastException", "IndexOutOfBoundsException")
_OF_THE_PROGRAM = frozenset(
    {*_OF_JAVASCRIPT, *_OF_PYTHON, "JSONDecodeError", *_OF_JAVA, "NullReferenceException"}
)
"""Errors that no caller expects, in the languages whose SDKs read the variables above."""

_OF_FETCH = (": fetch failed", ": terminated")
"""Node's `fetch` reports a connection that failed or broke as a TypeError."""


class CommandFailed(Exception):
    """The program ended with an exit code other than 0, or wrote no answer; the message holds the last lines of stderr."""


class CommandCrashed(CommandFailed):
    """The program ended in an error that looks like a bug of its own: a TypeError, a missing key, a bad index."""


def command_agent(
    command: Sequence[str],
    *,
    input: Literal["argument", "stdin", "none"] = "argument",
    answer: Callable[[str], Any] = str.strip,
    persistent: bool = False,
    env: Mapping[str, str] | None = None,
    cwd: str | Path | None = None,
    timeout_s: float = 60.0,
    client_timeout_s: float | None = 600.0,
) -> Callable[[Any, str], Any]:
    """An agent that is a program: started for each turn, given what the user says, its answer read from stdout.

    Its SDKs find the server by the variables that they all read (`ANTHROPIC_BASE_URL`, `OPENAI_BASE_URL`,
    `GOOGLE_GEMINI_BASE_URL`, …). Tools run inside of the program, for real: name those without side effects in `pure_tools`.
    The gaps of replies take no real time, nor do the timers of Node (20 and newer) and the sleeps of Python; what programs in
    other languages wait for does.

    Args:
        command: program and arguments; `{input}` in one of them stands for what the user says, which else comes last.
        input: whether the program gets that as an argument, on stdin, or not at all.
        answer: what it wrote to the answer.
        persistent: start it once and keep it: it reads a line of JSON for each turn, `{"turn": 0, "input": "…"}` (turn 0
            begins a new conversation), and writes one, `{"response": …}`.
        env: variables besides those of this process.
        cwd: where it runs; by default here.
        timeout_s: real seconds after which a turn is over and the program is killed; a sixth of them where its waits take real
            time and it is silent since a reply told it to wait longer than a minute, which then passes in virtual time.
        client_timeout_s: how long its client waits for the next bytes of a reply, in virtual seconds.

    The agent raises CommandFailed, or CommandCrashed.
    """
    if isinstance(command, str) or not command:
        raise UsageError('command_agent wants a list, as in command_agent(["node", "agent.mjs"])')
    # Made once, with the agent: its server and a persistent program serve all runs.
    host = _Host(tuple(command), input, persistent, dict(env or {}), Path(cwd) if cwd else None, timeout_s)

    def agent(ctx: Any, turn_input: str) -> Any:
        session = current()
        assert session is not None, "a command agent runs within a scenario"
        written = host.turn(session, ctx.current_turn, turn_input, client_timeout_s)
        return _response(written) if persistent else answer(written)

    if script := _script(command, cwd):
        vars(agent)[STANDS_AT] = StackFrame(str(script), 1, "<module>")
    return agent


def _script(command: Sequence[str], cwd: str | Path | None) -> Path | None:
    """The file that the command runs; None where none of its parts names one."""
    files = (Path(cwd or "", part).resolve() for part in command[1:])
    return next((file for file in files if file.is_file()), None)


def _response(line: str) -> Any:
    try:
        value = json.loads(line)
    except ValueError:
        raise CommandFailed(f"the program wrote a line that is no JSON: {line[:200]!r}") from None
    if not isinstance(value, dict) or "response" not in value:
        raise CommandFailed(f'the program wrote {line[:200]!r}; {{"response": …}} was expected')
    return value["response"]


class _Host:
    """The server of a command agent, and its program where that is kept. Both outlive a run."""

    def __init__(
        self,
        command: tuple[str, ...],
        input: Literal["argument", "stdin", "none"],
        persistent: bool,
        env: Mapping[str, str],
        cwd: Path | None,
        timeout_s: float,
    ) -> None:
        self._command, self._input, self._persistent = command, input, persistent
        self._env, self._cwd, self._timeout_s = env, cwd, timeout_s
        # The real queue, since the run replaces `queue` by one of virtual time, and the program at the other
        # end lives in real time.
        self._inbox: real.SimpleQueue[object] = real.SimpleQueue()
        self._server: LoopbackServer | None = None
        self._kept: Program | None = None
        self._kept_offline = False
        self._obeys = False
        self._own_time = False

    def turn(self, session: Session, number: int, text: str, client_timeout_s: float | None) -> str:
        """Runs one turn within a run; what the program wrote. Raises CommandFailed, and what stops the run."""
        # New with each turn: what a program of an earlier turn still asks is not of this one.
        self._inbox = real.SimpleQueue()
        relay = Relay(session, client_timeout_s=client_timeout_s, own_time=self._own_time)
        program = self._begin(number, text, offline=session.replaying)
        # Killed whatever ends the turn, also Ctrl-C: a program that is left would go on asking the next
        # turn's server.
        with OnFailure(lambda _: program.kill()), session.programs.waiting():
            return self._output(self._until_finished(session, relay))

    def _begin(self, number: int, text: str, *, offline: bool) -> Program:
        """The program, which from now on works on the turn."""
        if self._persistent:
            program = self._kept_program(offline=offline)
            # The queue is bound here, before the next turn puts another in its place.
            ProgramTurn(self._inbox, lambda: program.ask({"turn": number, "input": text}))
            return program
        program = Program(self._launch(self._arguments(text), offline=offline))
        stdin = text if self._input == "stdin" else None
        ProgramTurn(self._inbox, lambda: program.once((), stdin))
        return program

    def _arguments(self, text: str) -> tuple[str, ...]:
        if self._input != "argument":
            return self._command
        if not any(_INPUT in part for part in self._command):
            return (*self._command, text)
        return tuple(part.replace(_INPUT, text) for part in self._command)

    def _kept_program(self, *, offline: bool) -> Program:
        if self._kept is not None and self._kept_offline is not offline:
            # What was started for a recording has the keys of somebody, and waits in real time.
            self._kept.kill()
        if self._kept is None or not self._kept.alive:
            self._kept_offline = offline
            self._kept = self._started(offline=offline)
        return self._kept

    def _started(self, *, offline: bool) -> Program:
        program = Program(self._launch(self._command, offline=offline))
        started: real.SimpleQueue[object] = real.SimpleQueue()
        # Started aside, too: within a run a subprocess would be noted as an effect of the agent.
        ProgramTurn(started, program.start)
        if isinstance(failed := started.get(), OSError):
            raise CommandFailed(f"{self._command[0]} cannot be started: {failed}")
        return program

    def _launch(self, command: tuple[str, ...], *, offline: bool) -> Launch:
        if self._server is None:
            # One for all runs, started with the first: its port stands in the environment of a persistent
            # program.
            self._server = LoopbackServer(self._take, own=self._take, one_client=True)
        environ = program_environment(self._server.url, {**os.environ, **self._env}, offline=offline)
        return Launch(command, environ, self._cwd)

    def _take(self, incoming: Incoming) -> None:
        self._inbox.put(incoming)

    def _until_finished(self, session: Session, relay: Relay) -> Finished:
        """Serves what the program asks, until it has ended its turn."""
        # In real time, in which the program lives.
        until, idle = real.monotonic() + self._timeout_s, False
        while (left := until - real.monotonic()) > 0:
            silent_s = _IDLE_S if idle else self._silent_s(relay, left)
            item = self._next(session, min(left, silent_s))
            if isinstance(item, Incoming):
                idle = self._serve(relay, item)
            elif isinstance(item, Finished):
                return item
            # Neither a request nor an end: the OSError with which starting the program failed.
            elif item is not None:
                raise CommandFailed(f"{self._command[0]} cannot be run: {item}")
            elif idle:
                raise _ended(
                    session, "the program awaits something that never happens: no timer or request is pending"
                )
            elif relay.ordered_s:
                relay.keep_order()
                # Remembered for all further turns: they need not find it out by waiting again.
                self._obeys = True
                told = f"a reply told it to wait {relay.ordered_s:,} s"
                raise CommandFailed(f"silent for {silent_s:.0f} s since {told}; the program was killed")
        raise _ended(session, f"no answer after {self._timeout_s:.0f} s of real time; the program was killed")

    def _silent_s(self, relay: Relay, left: float) -> float:
        """Real seconds of silence after which a program is taken to wait as long as it was told to."""
        return self._timeout_s / (_KNOWN_PART if self._obeys else _SILENT_PART) if relay.ordered_s else left

    def _serve(self, relay: Relay, incoming: Incoming) -> bool:
        """Answers a request; whether it says that the program waits for nothing."""
        path = incoming.request.url.partition("?")[0]
        if path == WAIT:
            relay.let_pass(incoming)
            self._own_time = True
        elif path == IDLE:
            relay.heard(incoming)
        elif incoming.request.host:
            relay.serve(incoming)
        else:
            not_found(incoming)
        return path == IDLE

    def _output(self, finished: Finished) -> str:
        # A persistent program that goes on has no exit code yet; one that ended with 0 in the middle of a
        # turn has given no answer.
        if finished.code:
            raise _failure(finished)
        if self._persistent and finished.code is not None:
            raise CommandFailed(f"the program ended without an answer: {finished.errors}")
        return finished.output

    def _next(self, session: Session, seconds: float) -> object:
        """What comes next, waited for in real time; None where nothing does."""
        # The queue is filled from a thread outside of the run, so that the scheduler must not wait for this
        # one meanwhile.
        with session.scheduler.excused():
            try:
                return self._inbox.get(timeout=seconds)
            except Empty:
                return None


def _ended(session: Session, why: str) -> BaseException:
    """What ends a turn without an answer: a run that has no end, or a failed recording."""
    if not session.replaying:
        return CommandFailed(why)
    # Not raised as the agent's error: the run has no end, as where an agent of Python waits for ever.
    session.scheduler.stop = session.scheduler.stop or RunStop("timeout", why)
    return session.scheduler.stop.error()


def _failure(finished: Finished) -> CommandFailed:
    """What ended a program, by the line of stderr that says so, else by the last ones."""
    said = _ERROR.search(finished.errors)
    own = said is not None and said.group(1) in _OF_THE_PROGRAM and not said.group(0).endswith(_OF_FETCH)
    kind = CommandCrashed if own else CommandFailed
    return kind(f"exit code {finished.code}: {said.group(0).strip() if said else finished.errors}")
