"""A run that was judged, as its report."""

from __future__ import annotations

from typing import Any

from agent_chaos.chaos.builder import Chaos
from agent_chaos.oracles.oracle import ASSERTION
from agent_chaos.oracles.verdict import Outcome, Verdict
from agent_chaos.results.run_report import RunReport, scorecard
from agent_chaos.scenario.model import Scenario
from agent_chaos.trace.trace import Call, ToolRun, Trace
from agent_chaos.trial.check_assertions import CheckedRun
from agent_chaos.trial.injector import Changed, ChaosInjector

ABSORBED = ", absorbed by the SDK's retry"


def reported(scenario: Scenario, outcome: Outcome, checked: CheckedRun, injector: ChaosInjector) -> RunReport:
    """The report of a run that was judged."""
    trace, context = outcome.trace, checked.context
    metrics, turns = context.metrics, tuple(context.turn_results)
    passed = outcome.verdict is Verdict.PASS
    return RunReport(
        scenario_name=scenario.name,
        # Of what happened, not of when: the same run has the same name.
        trace_id=trace.digest[:12],
        description=scenario.description,
        passed=passed,
        verdict=outcome.verdict,
        rule=outcome.rule,
        reason=outcome.reason,
        elapsed_s=trace.virtual_s,
        error=context.error,
        agent_input=context.agent_input,
        agent_output=context.agent_output,
        assertion_results=checked.results,
        turn_results=turns,
        conversation=tuple(metrics.conv.entries),
        scorecard=scorecard(
            scenario.name,
            trace.digest[:12],
            passed=passed,
            elapsed_s=trace.virtual_s,
            error=context.error,
            metrics=metrics,
            turns=turns,
            chaos=[_described(one) for one in scenario.every_chaos],
        ),
        tags=scenario.tags,
        meta=scenario.meta,
        metrics=metrics,
        # Assertions have their own list, with those that hold.
        violations=tuple(one for one in outcome.violations if one.oracle != ASSERTION),
        faults_fired=(*_fired(trace), *(_changed(one) for one in injector.changes)),
        unfired=tuple(injector.unfired()),
        llm_calls=metrics.total_calls,
        plan=trace.plan.as_dict(),
    )


def _fired(trace: Trace) -> list[str]:
    """Every fault of the trace, with the call of this run it struck, and whether a retry made up for it."""
    told, tools = [], 0
    for entry in trace.entries:
        if isinstance(entry, Call):
            where = f"call {entry.call}" + (f", retry {entry.attempt}" if entry.attempt else "")
            after = ABSORBED if entry.fired and _absorbed(entry, trace) else ""
            told += [f"{where}: {fault.describe()}{after}" for fault in entry.fired]
        elif isinstance(entry, ToolRun):
            told += [f"tool {tools}: {fault.describe()}" for fault in entry.fired]
            # Counted over all runs, as tools have no numbers of their own.
            tools += 1
    return told


def _absorbed(call: Call, trace: Trace) -> bool:
    """Whether a later attempt of the same call brought a whole reply."""
    last = [one for one in trace.calls if one.call == call.call][-1]
    delivered = trace.deliveries.get(last.seq)
    broke = delivered is not None and delivered.outcome in ("aborted", "timeout")
    return last.attempt > call.attempt and last.reply is not None and last.reply.ok and not broke


def _changed(change: Changed) -> str:
    """Where a mutator changed something, and which."""
    where = f"tool {change.tool}" if change.tool else f"call {change.call}"
    if change.chaos.point == "user_input":
        where = f"turn {change.turn}"
    return f"{where}: {change.chaos.fault.describe()}"


def _described(chaos: Chaos) -> dict[str, Any]:
    trigger = chaos.trigger
    return {
        "chaos_type": chaos.fault.kind,
        "point": chaos.point,
        "target_tool": trigger.tool,
        "message": str(chaos),
        "chaos_fn_name": getattr(chaos.mutator, "__name__", None),
        "chaos_fn_doc": getattr(chaos.mutator, "__doc__", None),
        "on_turn": trigger.on_turn,
        "after_calls": trigger.after_calls,
    }
