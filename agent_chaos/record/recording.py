"""Records a scenario: runs its agent once against the real providers, and keeps what was said."""

from __future__ import annotations

import os
import re
import time
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

from agent_chaos.cassette.keys import KEY_VERSION
from agent_chaos.cassette.model import Cassette, Header, ToolEnd, ToolRecord, TurnMark
from agent_chaos.cassette.redaction.redactor import Redactor
from agent_chaos.cassette.storage.file import open_cassette
from agent_chaos.cassette.storage.writer import CassetteWriter
from agent_chaos.containment import OnFailure
from agent_chaos.errors import BudgetStop, CassetteMissing, RecordError, TrialStop
from agent_chaos.patch.chance import seeded
from agent_chaos.patch.install import environment
from agent_chaos.patch.process_state import process_kept
from agent_chaos.patch.recording.capture import CaptureStats
from agent_chaos.patch.recording.record import recording
from agent_chaos.patch.time import loops
from agent_chaos.patch.time.stop import interrupts_noted
from agent_chaos.providers.registry import recognise
from agent_chaos.record.check_reachable import refuse_unanswered
from agent_chaos.record.summary import RecordSummary, installed_versions, record_summary
from agent_chaos.runtime import real
from agent_chaos.runtime.active import enter, leave
from agent_chaos.runtime.clock import VirtualClock
from agent_chaos.runtime.session import Session
from agent_chaos.runtime.tape import Tape
from agent_chaos.scenario.model import Scenario
from agent_chaos.stream.exchange import Reply, Request
from agent_chaos.trace.fidelity import Fidelity
from agent_chaos.trace.trace import Answer, Call, Incident, Raised
from agent_chaos.trial.conversation import Conversation

_WITHOUT_A_KEY = {
    "Could not resolve authentication method": "ANTHROPIC_API_KEY",
    "No API key was provided": "GEMINI_API_KEY",
}
"""How clients say that they have no key without naming a variable, and which one they read."""
DEFAULT_SEED = 20_251_123
"""Seeds random, uuid4 and os.urandom while recording, and again in every trial of the cassette."""


class RealClock(VirtualClock):
    """The clock of a recording: real seconds since it started."""

    def __init__(self) -> None:
        super().__init__(time.time())
        self._started = real.monotonic()

    def now(self) -> float:
        return real.monotonic() - self._started


class _Scribe:
    """Passes turns and tool calls of a running recording to its writer."""

    def __init__(self, writer: CassetteWriter, session: Session) -> None:
        self._writer = writer
        self._session = session

    def turn_started(self, turn: int, text: str) -> None:
        self._writer.turn(TurnMark(turn, self._session.clock.now(), text))

    def answered(self) -> None:
        # At the end, not as it happens: an answer is known when its turn is over, and the journal must not
        # hold half of one.
        for entry in self._session.tape.entries():
            if isinstance(entry, Answer):
                self._writer.turn(TurnMark(entry.turn, entry.at, entry.input, "end", entry.text))

    def tool_called(self, name: str, arguments: Any, *, at: float, end: ToolEnd, pure: bool) -> None:
        self._writer.tool(
            ToolRecord(
                index=0,
                turn=self._session.turn,
                at=at,
                name=name,
                arguments=arguments,
                end=end,
                duration_s=self._session.clock.now() - at,
                pure=pure,
            )
        )


class _TellingWriter(CassetteWriter):
    """Notes the calls of a recording on its tape too, for an agent that looks at `ctx.metrics`."""

    session: Session | None = None

    def exchange(self, request: Request, reply: Reply, *, at: float, transport: str) -> None:
        super().exchange(request, reply, at=at, transport=transport)
        if self.session is None:
            return
        tape, turn, protocol = self.session.tape, self.session.turn, recognise(request)
        # Counted on the tape, since requests come from several threads and the one that ends first is the
        # first call.
        number = sum(isinstance(entry, Call) for entry in tape.entries())
        tape.write(
            lambda seq: Call(
                seq=seq,
                turn=turn,
                call=number,
                attempt=0,
                logical=number,
                at=at,
                site=None,
                fidelity=Fidelity.EXACT,
                protocol=protocol.name if protocol else "",
                transport=transport,
                request=request,
                reply=reply,
                recorded=reply,
            )
        )


@environment()
def record_scenario(scenario: Scenario, *, mode: str = "once", seed: int = DEFAULT_SEED) -> RecordSummary:
    """Runs the scenario live and writes its cassette; an earlier one stays until the new one is whole.

    Where it ends early, also by Ctrl-C, what providers answered so far stays in the journal beside the cassette.

    Args:
        mode: as in vcrpy: `once` keeps an earlier cassette (the agent does not run), `new_episodes` adds to it, `all`
            records afresh, `none` records nothing and only checks that all is there.

    Raises:
        RecordError: the agent failed, a key is missing, a host cannot be reached, or nothing was recorded.
    """
    path, clock = scenario.cassette_path, RealClock()
    earlier = _earlier(path, mode)
    if earlier is not None and mode == "once":
        return replace(record_summary(scenario, earlier), fresh=False)
    header = _header(scenario, clock, seed, earlier)
    writer = _TellingWriter(path, header)
    left: list[str] = []
    try:
        # Not in an `except`: Ctrl-C and what ends the process must leave the journal behind as well.
        with OnFailure(lambda _: left.append(writer.leave())):
            if earlier is not None:
                writer.carry(earlier)
            with loops.without_uvloop():
                recorded = _run(scenario, writer, clock, header.seed, mode, earlier)
    # `OnFailure` has filled `left` by now: it leaves the block first.
    except RecordError as exc:
        raise RecordError(f"{exc}; {left[0]}") from None
    except KeyboardInterrupt:
        raise KeyboardInterrupt(left[0]) from None
    if not len(writer):
        writer.discard()
        raise RecordError(f"{scenario.name}: nothing was recorded: {_nothing(recorded)}")
    summary = record_summary(scenario, writer.finish())
    return replace(
        summary,
        passed=tuple(sorted(recorded.passed)),
        connections=tuple(sorted(recorded.unseen.connections)),
        programs=tuple(sorted(recorded.unseen.programs)),
    )


def _header(scenario: Scenario, clock: RealClock, seed: int, earlier: Cassette | None) -> Header:
    return Header(
        scenario=scenario.recorded_as,
        # That of the earlier part: replay shows it the dates that its prompts hold.
        started_at=earlier.header.started_at if earlier else clock.wall_start_s,
        # With another seed the part that is there would no longer be asked for in the same words.
        seed=earlier.header.seed if earlier else seed,
        key_version=KEY_VERSION,
        versions=installed_versions(),
        turns=len(scenario.turns),
    )


def _nothing(recorded: CaptureStats) -> str:
    """Why a recording holds nothing, as far as it shows."""
    unseen = recorded.unseen
    if past := [*sorted(unseen.connections), *sorted(unseen.programs)]:
        return (
            f"the agent opened connections or started programs that agent-chaos cannot see: {', '.join(past)}; speak "
            "through httpx, aiohttp, requests, urllib3 or http.client, or wrap what does it with @agent_chaos.tool"
        )
    if recorded.passed:
        return f"the agent asked {', '.join(sorted(recorded.passed))} only; name such hosts in the scenario's hosts="
    return "the agent made no request"


def _earlier(path: Path, mode: str) -> Cassette | None:
    if mode == "all":
        return None
    try:
        return open_cassette(path)
    except CassetteMissing:
        if mode == "none":
            raise
        return None


def _run(
    scenario: Scenario,
    writer: _TellingWriter,
    clock: RealClock,
    seed: int,
    mode: str,
    earlier: Cassette | None,
) -> CaptureStats:
    # Jitter has no seed here: it is to spread real retries. Nothing of it is kept.
    session = Session(clock=clock, tape=Tape(), jitter=Random(), chance=Random(seed))
    session.pure_tools = frozenset(scenario.pure_tools)
    writer.session = session
    scribe = session.scribe = _Scribe(writer, session)
    with (
        process_kept(),
        seeded(seed),
        recording(
            writer,
            hosts=scenario.hosts,
            ignore_hosts=scenario.ignore_hosts,
            before_request=scenario.before_record_request,
            before_response=scenario.before_record_response,
            mode=mode,
            clock=clock.now,
            earlier=earlier,
        ) as recorded,
    ):
        token = enter(session)
        try:
            with interrupts_noted(session):
                Conversation(scenario, session, scribe.turn_started).run()
        except TrialStop as exc:
            raise RecordError(f"{scenario.name}: {exc}") from None
        finally:
            leave(session, token)
    scribe.answered()
    _refuse_raw_connections(scenario, recorded)
    _check(scenario, session)
    return recorded


def _refuse_raw_connections(scenario: Scenario, recorded: CaptureStats) -> None:
    if refused := sorted(recorded.unseen.refused):
        raise RecordError(
            f"{scenario.name}: the agent opened connections of its own to {', '.join(refused)}, which no replay could "
            "answer, so nothing was sent; speak through httpx, aiohttp, requests, urllib3 or http.client"
        )


def _check(scenario: Scenario, session: Session) -> None:
    """Raises RecordError where the scenario or its agent failed, in the words that help most."""
    for entry in session.tape.entries():
        if isinstance(entry, Incident) and entry.kind == "harness":
            raise RecordError(f"{scenario.name}: {entry.detail}")
        # The first one: what follows a failed turn may fail because of it.
        if isinstance(entry, Raised):
            raise RecordError(f"{scenario.name}: {_why(entry.type, entry.message)}")
    calls = [entry for entry in session.tape.entries() if isinstance(entry, Call) and entry.protocol]
    refuse_unanswered(scenario.name, [(call.request, call.reply) for call in calls if call.reply])


def _why(kind: str, message: str) -> str:
    # SDKs quote the key, or a part of it, where it is refused.
    short = " ".join(Redactor.from_environ(os.environ).text(message).split())[:240]
    name = kind.rpartition(".")[2]
    if name == BudgetStop.__name__:
        return short
    if variable := _key_variable(message):
        return f"there is no API key; set {variable} and record again"
    if (
        "api_key" in message
        or "API key" in message
        or "AuthenticationError" in name
        or "authentication" in message
    ):
        return f"no working API key ({name}: {short}); set the provider's key variable and record again"
    if "Connect" in name or "Connection" in name or "Timeout" in name:
        return f"the provider cannot be reached ({name}: {short}); check the network and record again"
    return f"the agent failed while it was recorded ({name}: {short})"


def _key_variable(message: str) -> str:
    """The variable of the key that a client, or the agent itself, looked for in vain; nothing where another is the reason."""
    said = next((name for words, name in _WITHOUT_A_KEY.items() if words in message), "")
    named = [said] if said else re.findall(r"\b[A-Z][A-Z0-9]*_API_KEY\b", message)
    return "" if any(os.environ.get(name) for name in named) else "".join(named[:1])
