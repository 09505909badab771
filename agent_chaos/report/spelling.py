"""A plan as people paste it into a scenario or a file."""

from __future__ import annotations

import json
from importlib.util import find_spec

from agent_chaos.chaos.plan import Plan


def spelled(plan: Plan) -> str:
    """The plan in the words of the DSL; as JSON where it has no such spelling."""
    if find_spec("agent_chaos.chaos.spelling") is None:
        return json.dumps(plan.as_dict(), ensure_ascii=False)
    from importlib import import_module

    return str(import_module("agent_chaos.chaos.spelling").spell(plan))
