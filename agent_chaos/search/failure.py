"""Plans as they are stored for later commands: failures, and plans whose runs left the recording."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

from agent_chaos.faults.plan import Plan
from agent_chaos.oracles.oracle import Violation


def _plan(value: object) -> object:
    # A plan that is one already passes, so that failures can be made in Python as well.
    return Plan.model_validate(value) if isinstance(value, dict) else value


def _plan_json(plan: Plan) -> dict[str, object]:
    return plan.as_dict()


PlanField = Annotated[Plan, BeforeValidator(_plan), PlainSerializer(_plan_json)]
"""A plan in the JSON that people read and edit: sites as text, faults beside them."""


class Failure(BaseModel):
    """A failure at rest: everything needed to run it again. Stored as `.agent_chaos/<id>.json`.

    `id` is short and depends on scenario and fingerprint alone (`F-7Q2K`). `target` is what `replay` loads (a path or
    `module:attr`). `smallest` says whether every single removal and softening was re-run; `checks` is how many runs
    that took. `cassette_digest` tells a later run that the recording changed. `versions` as in the cassette header,
    plus `agent-chaos` and `python`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    version: Literal[1] = 1
    id: str = Field(pattern=r"^F-[0-9A-Z]{4,12}$")
    scenario: str
    target: str
    fingerprint: str
    violation: Violation
    plan: PlanField
    seed: int
    smallest: bool = False
    checks: int = 0
    runs_seen: int = 1
    cassette_digest: str = ""
    versions: dict[str, str] = {}


class UndecidedPlan(BaseModel):
    """A plan whose run left the recording: what the model would have said there was never recorded.

    Stored as `.agent_chaos_runs/undecided/<id>.json`; `agent-chaos record --continue <id>` asks the provider. `id` depends
    on scenario and plan alone (`U-7Q2K`), and `examples` is how many left the recording there.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    version: Literal[1] = 1
    id: str = Field(pattern=r"^U-[0-9A-Z]{4,12}$")
    scenario: str
    target: str
    reason: str
    plan: PlanField
    examples: int = 1
