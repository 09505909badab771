"""Chaos around any block of code: `with chaos_context("weather", chaos=[llm_rate_limit()]) as ctx: …`."""

from __future__ import annotations

import asyncio
import os
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from agent_chaos.cassette.keys import KEY_VERSION
from agent_chaos.cassette.model import Cassette, Header
from agent_chaos.cassette.redaction.redactor import Redactor
from agent_chaos.cassette.storage.file import open_cassette
from agent_chaos.chaos.builder import Chaos
from agent_chaos.containment import OnFailure
from agent_chaos.errors import CassetteMissing, HarnessError, TrialStop, UsageError
from agent_chaos.events.sink import EventSink
from agent_chaos.faults.plan import Plan
from agent_chaos.patch.forward import forwarding
from agent_chaos.patch.install import offline_environment, online
from agent_chaos.patch.keys import may_record
from agent_chaos.patch.tools import tool
from agent_chaos.record.auto_record import say_first
from agent_chaos.record.branch import add_fetched
from agent_chaos.record.recording import DEFAULT_SEED
from agent_chaos.record.summary import installed_versions
from agent_chaos.replay.match import ExchangeIndex
from agent_chaos.results.context import ChaosContext
from agent_chaos.results.run_report import RunReport
from agent_chaos.results.turn_result import TurnResult
from agent_chaos.run.run import judged_alone, keep
from agent_chaos.scenario.folders import RUNS, run_folder
from agent_chaos.scenario.model import ChaosScenario
from agent_chaos.trace.trace import Trace
from agent_chaos.trial.injector import ChaosInjector
from agent_chaos.trial.online import Online
from agent_chaos.trial.redact_trace import redact_trace
from agent_chaos.trial.trial import TrialSetup, trial_session
from agent_chaos.trial.turn_log import TurnLog


class AdHocContext(ChaosContext):
    """The context of a block. `report` says how the block went, once it is over."""

    def __init__(self, name: str, injector: ChaosInjector) -> None:
        super().__init__(name, tool)
        self.report: RunReport | None = None
        self._injector = injector
        self._log: TurnLog | None = None
        self._input = ""

    def bind(self, log: TurnLog) -> None:
        """Ties the context to the run that starts."""
        self._log = log

    def start_turn(self, turn: int, input: str) -> str:
        """What follows is that turn, counted from 0; gives what the user says, which chaos may have changed."""
        assert self._log is not None, "the block is over"
        self._log.starts(turn)
        self._input = self._injector.user_input(turn, input)
        return self._input

    def end_turn(self, response: Any) -> TurnResult:
        """The turn ended with that response."""
        assert self._log is not None, "the block is over"
        return self._log.answered(self._input, response)

    def fail_turn(self, error: BaseException) -> TurnResult:
        """The turn ended in an exception."""
        assert self._log is not None, "the block is over"
        return self._log.raised(self._input, error)

    def close(self) -> None:
        """Ends the one turn of a block that speaks of none."""
        # A block that named its turns has told how they ended.
        if not self.turn_results:
            self._input = self.agent_input or ""
            self.end_turn(self.agent_output)


@contextmanager
def chaos_context(
    name: str,
    chaos: Sequence[Chaos] = (),
    providers: Sequence[str] = (),
    emit_events: bool = False,
    event_sink: EventSink | None = None,
    description: str = "",
    *,
    cassette: Path | str | None = None,
    seed: int | None = None,
    record: bool | None = None,
) -> Iterator[AdHocContext]:
    """Runs a block with chaos on its recording; the first time, with a provider's key set, without chaos to record it.

    Set `ctx.agent_input` and `ctx.result`, or say `ctx.start_turn(0, text)` and `ctx.end_turn(response)`, for reports to
    have them. Event loops must start inside of the block.

    Args:
        name: names the cassette, `cassettes/<name>.msgpack`.
        providers: those that may be faulted; none named means all.
        emit_events: keep report and events in `.agent_chaos_runs/`, for `agent-chaos ui`.
        event_sink: gets the events when the block is over.
        cassette: where the cassette lies instead.
        seed: of the chance behind `with_probability`.
        record: whether a missing recording is made; None makes it outside of CI only.

    Raises:
        CassetteMissing: there is no recording, and none can be made: no key is set, or it is not allowed.
        HarnessError: the block asked something that was never recorded.
        UsageError: an event loop runs already, or another run.
    """
    _refuse_a_loop()
    scenario = _scenario(name, chaos, providers, description, cassette)
    recorded = _recorded(scenario, record)
    # An empty recording answers nothing, so that everything is asked of the provider.
    kept = recorded or Cassette(_header(name))
    seed = kept.header.seed if seed is None else seed
    # Without chaos the first time: what a provider says to a faulted conversation is no recording of the
    # usual one.
    injector = ChaosInjector(scenario.every_chaos if recorded else (), seed)
    context = injector.context = AdHocContext(name, injector)
    with offline_environment(), _reach(first=recorded is None) as reach:
        block = _Block(scenario, kept, injector, context, reach)
        try:
            with block.running():
                yield context
        finally:
            block.report(event_sink, RUNS if emit_events else None)
    # Only where the block ended well: one that raised may have asked half of what it will ask.
    if reach is not None:
        add_fetched(scenario, kept, reach)


def _refuse_a_loop() -> None:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    raise UsageError(
        "chaos_context: an event loop runs already; its clock cannot be virtual. Start it inside of the block: "
        "with chaos_context(...): asyncio.run(main())"
    )


def _scenario(
    name: str, chaos: Sequence[Chaos], providers: Sequence[str], description: str, cassette: Path | str | None
) -> ChaosScenario:
    """The block as a scenario: as many turns as its chaos speaks of."""
    # A block has no turns of its own to count; a trigger for a turn beyond would be refused as one that
    # cannot fire.
    turns = 1 + max((one.trigger.last_turn for one in chaos), default=0)
    return ChaosScenario(
        name=name,
        description=description,
        agent=_nobody,
        turns=("",) * turns,
        chaos=tuple(chaos),
        providers=tuple(providers),
        cassette=None if cassette is None else Path(cassette),
    )


def _nobody(ctx: ChaosContext, text: str) -> str:
    raise AssertionError("a block has no agent")


def _recorded(scenario: ChaosScenario, record: bool | None) -> Cassette | None:
    """The recording; None where it is to be made now."""
    try:
        return open_cassette(scenario.cassette_path)
    except CassetteMissing:
        if record is False or not may_record(asked=bool(record)):
            where = ", outside of CI or with record=True," if record is None else ""
            allowed = "with record=True" if record is False else f"once{where}"
            raise CassetteMissing(
                f"{scenario.name}: {scenario.cassette_path} does not exist; set the provider's key variable and run the "
                f"block {allowed} to record it"
            ) from None
        say_first(scenario)
        return None


def _header(name: str) -> Header:
    return Header(
        scenario=name,
        started_at=time.time(),
        seed=DEFAULT_SEED,
        key_version=KEY_VERSION,
        versions=installed_versions(),
    )


@contextmanager
def _reach(*, first: bool) -> Iterator[Online | None]:
    """The way to the real providers, while there is no recording."""
    if not first:
        yield None
        return
    with online(), forwarding() as forwarder:
        yield Online(forwarder)


class _Block:
    """A block as a trial of its own."""

    def __init__(
        self,
        scenario: ChaosScenario,
        cassette: Cassette,
        injector: ChaosInjector,
        context: AdHocContext,
        reach: Online | None,
    ) -> None:
        self._scenario, self._cassette, self._injector = scenario, cassette, injector
        self._context, self._reach = context, reach
        self._redactor = Redactor.from_environ(os.environ)
        self._trace: Trace | None = None

    @contextmanager
    def running(self) -> Iterator[None]:
        scenario, index = self._scenario, ExchangeIndex(self._cassette, self._redactor)
        setup = TrialSetup.of(
            scenario,
            index,
            Plan(),
            injector=self._injector,
            online=self._reach,
            # Within the block is a test of the user's own, which may look at the files after it.
            copies_files=False,
        )
        with trial_session(setup) as session:
            self._context.bind(TurnLog(session, self._context, self._injector))
            try:
                # Stops and Ctrl-C are no turn that failed.
                with OnFailure(self._context.fail_turn, only=Exception):
                    yield
                    self._context.close()
            except TrialStop as stop:
                raise HarnessError(
                    f"{scenario.name}: {stop}; remove {scenario.cassette_path} to record the block afresh"
                ) from None
            finally:
                # Within the session, whose clock it reads, and whatever the block raised.
                self._trace = redact_trace(session.tape.trace(Plan(), session.clock.now()), self._redactor)

    def report(self, sink: EventSink | None, folder: Path | None) -> None:
        """Fills the context, and tells those who asked."""
        if self._trace is None:
            return
        done = judged_alone(self._scenario, self._trace, self._injector, self._cassette.header.started_at)
        self._context.report = done.report
        if sink is not None and (failure := done.tell(sink)) is not None:
            # Four levels up is the user's `with`: this method, the generator, and contextlib's `__exit__` are
            # between.
            warnings.warn(f"the event sink failed: {failure}", RuntimeWarning, stacklevel=4)
        if folder is not None:
            keep(done, run_folder(folder, "context"))
