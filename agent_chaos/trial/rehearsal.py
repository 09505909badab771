"""A scenario made ready for trials: its cassette indexed, its clean run taken and found steady."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from functools import cached_property

from agent_chaos.cassette.model import Cassette
from agent_chaos.cassette.redaction.redactor import Redactor
from agent_chaos.cassette.storage.file import open_cassette
from agent_chaos.cassette.summary import is_unknown
from agent_chaos.errors import CassetteMissing, record_again
from agent_chaos.faults.plan import Plan
from agent_chaos.oracles.judge import judge
from agent_chaos.oracles.oracle import Budget, Evidence, Oracle, Violation
from agent_chaos.oracles.reading.conversations import tolerated
from agent_chaos.oracles.registry import all_oracles
from agent_chaos.oracles.verdict import Outcome
from agent_chaos.patch.files.copies import changed_at_import, files_looked_at
from agent_chaos.patch.install import offline_environment
from agent_chaos.providers.turn import RawFields
from agent_chaos.replay.match import ExchangeIndex
from agent_chaos.scenario.model import ChaosScenario, Scenario
from agent_chaos.scenario.nearby import beside
from agent_chaos.stream.exchange import Request
from agent_chaos.trace.fidelity import Fidelity
from agent_chaos.trace.trace import Trace
from agent_chaos.trial.check_assertions import CheckedRun, check_assertions, expects_error
from agent_chaos.trial.determinism import difference_of_runs
from agent_chaos.trial.injector import ChaosInjector
from agent_chaos.trial.probe import keeps_history
from agent_chaos.trial.real_tools import RealToolPolicy
from agent_chaos.trial.redact_trace import redact_outcome, redact_trace
from agent_chaos.trial.soundness import Soundness
from agent_chaos.trial.trial import TrialSetup, run_trial
from agent_chaos.trial.wordless import wordless_replies

_CLEAN_REQUESTS = 10_000
_LISTED = ("subprocess", "sqlite", "file", "telemetry", "thread", "degraded")

_NAMED = 5
"""Files that a note names."""


class Rehearsal:
    """Runs trials of one scenario offline, each a pure function of its plan. Searched as a `search.campaign.Subject`.

    Args:
        scenario: what to run.
        target: how people name it; kept in failures.
        allow_real_tools: run although the recorded model calls tools that no boundary sees.

    Raises:
        CassetteMissing, CassetteError: where there is no cassette, or none that can be read.
    """

    def __init__(
        self,
        scenario: Scenario,
        *,
        target: str = "",
        allow_real_tools: bool = False,
        cassette: Cassette | None = None,
        judges: Mapping[str, Oracle] | None = None,
    ) -> None:
        self.scenario = scenario
        self.target = target or scenario.name
        self.cassette = cassette if cassette is not None else self._recorded()
        self.allow_real_tools = allow_real_tools
        self._judges = all_oracles() if judges is None else judges
        # Once, before any run: an agent may change the environment, and keys must be known as they were at
        # first.
        self._redactor = Redactor.from_environ(os.environ)
        # Only until `prepare` has found what was edited; a run with faults must not take a faulted request
        # for an edit.
        self._index = ExchangeIndex(self.cassette, self._redactor, drifts=True)
        self._clean: Trace | None = None
        self.notes: tuple[str, ...] = ()
        self._tools = RealToolPolicy(scenario, self.cassette, self._again, allowed=allow_real_tools)
        self.tools_run_for_real = self._tools.run_for_real
        """Tools that run for real in a trial, as far as recording and clean run show."""
        self.changes: tuple[str, ...] = ()

    def _recorded(self) -> Cassette:
        try:
            return open_cassette(self.scenario.cassette_path)
        except CassetteMissing as exc:
            elsewhere = beside(self.target, self.scenario.cassette_path)
            raise CassetteMissing(f"{self.name}: {exc} {self.target}{elsewhere}") from None

    @property
    def name(self) -> str:
        return self.scenario.name

    @property
    def cassette_digest(self) -> str:
        """Of the recording; empty for one that is not on the disk."""
        return self.cassette.digest

    @property
    def versions(self) -> Mapping[str, str]:
        """Of what the recording was made with."""
        return self.cassette.header.versions

    @property
    def clean(self) -> Trace:
        """The trace without faults, after `prepare`."""
        if self._clean is None:
            self.prepare()
        assert self._clean is not None
        return self._clean

    @cached_property
    def clean_outcome(self) -> Outcome:
        """The verdict of the run without faults."""
        clean = self.clean
        if self.changes:  # once they are accepted, a run is at full fidelity
            return self.trial(Plan())
        if self.scenario.every_assertion:
            return self.run(Plan())[0]
        return self._judged(clean, (), ChaosInjector(()))

    @property
    def unwrapped_tools(self) -> tuple[str, ...]:
        """Tools that recorded model turns call and no boundary saw."""
        return self._tools.unwrapped

    def refuse_real_tools(self) -> None:
        """Raises UsageError where tools would run for real, unless that was allowed."""
        self._tools.refuse()

    @offline_environment()
    def prepare(self) -> Trace:
        """Takes one warm-up and two clean runs, and keeps the last; the first of the two is probed for a turn more.

        Raises:
            HarnessError: the cassette is stale, nothing was intercepted, or the guard refused a connection.
            UsageError: tools would run for real, or did in the warm-up, or code would act on structured output.
            UnstableError: the two runs differ.
        """
        self.refuse_real_tools()
        sound = Soundness(self.name, self._again, self._index, self._redactor.request)
        # The first run differs from all later ones in an agent that loads, connects or caches something once.
        warm_up = self._run(Plan(), at_boundary=self._tools.at_boundary)
        # First of all: what the agent tried to do here it would try again in every run.
        self._tools.check_effects(warm_up)
        sound.check(warm_up)
        past = self._tools.check_boundaries(warm_up)
        self.tools_run_for_real = tuple(sorted({*self.tools_run_for_real, *past}))
        # The probe comes at the end of the first, so that the second shows whether it left anything behind.
        first, second = self._run(Plan(), probing=True), self._run(Plan())
        # Where they differ, the probe may be what an agent remembers: two runs without one tell.
        if difference_of_runs(first, second, self._redactor.request):
            first, second = self._run(Plan()), self._run(Plan())
        sound.check_steady(warm_up, first, second)
        for trace in (first, second):
            sound.check(trace)
        self._clean = replace(second, probed=first.probed if keeps_history(first.probed) else ())
        listed = sorted({f"{i.kind}: {i.detail}" for i in second.incidents_of(*_LISTED)})
        self.changes = self._follow_edits(second)
        drifted = (f"recording: {change}; {self._again}" for change in self.changes)
        self.notes = (*self._unheld, *_blind(second), *drifted, *_copied(second), *listed)
        return self._clean

    @property
    def _unheld(self) -> Iterator[str]:
        """What a search cannot hold back, or strikes only in part."""
        yield from self._tools.notes()
        yield from wordless_replies(self.cassette)
        unknown = {f"{x.request.address}{x.request.path}" for x in self.cassette.exchanges if is_unknown(x)}
        for place in sorted(unknown):
            yield f"protocol: not known for {place}; it is struck by faults of transport only"

    def _follow_edits(self, clean: Trace) -> tuple[str, ...]:
        """Takes what the agent asks without faults for what was recorded; and what was edited since, in words."""
        today: dict[int, Request] = {}
        said: dict[str, str] = {}
        for call in clean.calls:
            if call.fidelity > Fidelity.NORMALISED and call.site is not None:
                today.setdefault(call.site.index, call.request)
                said.setdefault(call.difference, f"call {call.call} differs at {call.difference}")
        # A new index, without guesses at edits: from now on what differs is the work of a fault.
        self._index = self._index.rebased(today)
        return tuple(said.values())

    def trial(self, plan: Plan) -> Outcome:
        """One example under the plan, judged by the oracles and the scenario's own assertions."""
        if self.scenario.every_assertion:
            return self.run(plan)[0]
        return self._judged(self._trial(plan, None), (), ChaosInjector(()))

    @offline_environment()
    def run(self, plan: Plan, chaos: ChaosInjector | None = None) -> tuple[Outcome, CheckedRun]:
        """One run under the plan, and the chaos that an injector brings: judged, and as its assertions saw it."""
        injector = chaos or ChaosInjector(())
        with files_looked_at():
            trace = self._trial(plan, injector)
            checked = check_assertions(self.scenario, trace, injector)
        return self._judged(trace, checked.violations, injector), checked

    def _trial(self, plan: Plan, injector: ChaosInjector | None) -> Trace:
        # Beyond those of the clean run, so that an agent of many turns has no smaller budget for retries
        # than one of few.
        most = len(self.clean.calls) + self.scenario.max_requests
        # Chaos written by hand may have triggers that count calls or keep state; a turn that nobody asked
        # for would move them.
        probing = bool(self.clean.probed) and not (injector and injector.configured)
        return self._run(plan, max_requests=most, injector=injector, probing=probing)

    def _judged(self, trace: Trace, asserted: tuple[Violation, ...], chaos: ChaosInjector) -> Outcome:
        evidence = Evidence(
            trace=trace,
            clean=self.clean,
            budget=self._budget,
            schemas=self._schemas,
            tolerated=self._tolerated,
            rewritten=chaos.rewrites,
            error_expected=expects_error(self.scenario),
            pure_tools=frozenset(self.scenario.pure_tools),
        )
        judged = judge(evidence, self._judges, asserted=asserted, unfired=unfired(self.scenario, chaos))
        return redact_outcome(judged, self._redactor)

    @cached_property
    def _tolerated(self) -> frozenset[str]:
        return tolerated(self.cassette.exchanges)

    @property
    def _budget(self) -> Budget:
        return Budget(virtual_s=self.scenario.max_virtual_s, requests=self.scenario.max_requests)

    @cached_property
    def _schemas(self) -> dict[str, RawFields]:
        found: dict[str, RawFields] = {}
        for call in self.clean.calls:
            if call.wire is not None:
                found.update({tool.name: tool.parameters for tool in call.wire.prompt(call.request).tools})
        return found

    def _run(
        self,
        plan: Plan,
        *,
        max_requests: int = _CLEAN_REQUESTS,
        injector: ChaosInjector | None = None,
        probing: bool = False,
        at_boundary: Collection[str] = (),
    ) -> Trace:
        # A budget for what faults add: an agent that polls for an hour without any has the same one.
        limit = self.scenario.max_virtual_s + (self._clean.virtual_s if self._clean else 0.0)
        setup = TrialSetup(
            self.scenario,
            self._index,
            plan,
            max_requests=max_requests,
            max_virtual_s=limit,
            injector=injector,
            held=self._tools.held_calls,
            at_boundary=at_boundary,
            copies_files=not self.allow_real_tools,
        )
        with offline_environment():
            trace = run_trial(setup, probing=probing)
        return redact_trace(trace, self._redactor)

    @property
    def _again(self) -> str:
        return f"record again with '{record_again(self.target)}'"


def unfired(scenario: Scenario, injector: ChaosInjector) -> str:
    """Why configured chaos did not strike; empty where it did, or need not."""
    allowed = isinstance(scenario, ChaosScenario) and scenario.allow_unfired
    return "" if allowed else "; ".join(injector.unfired())


def _copied(clean: Trace) -> list[str]:
    """Which files every run changes, of which nothing is left."""
    names = sorted({*changed_at_import(), *(one.detail for one in clean.incidents_of("copied"))})
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return [f"files: written in a throw-away copy: {', '.join(names[:_NAMED])}{more}"] if names else []


def _blind(clean: Trace) -> list[str]:
    """What cannot be judged of an agent that gives no answer."""
    if clean.answers and all(answer.value is None for answer in clean.answers):
        return [
            "answer: the agent returns None, so nothing that it answers is judged; return what the user reads"
        ]
    return []
