"""Record an LLM agent once, break it ten thousand ways offline, get the smallest failing fault sequence."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from agent_chaos.version import __version__ as __version__

if TYPE_CHECKING:
    from agent_chaos.faults.plan import Plan
    from agent_chaos.patch.tools import tool
    from agent_chaos.results.context import ChaosContext
    from agent_chaos.results.run_report import RunReport
    from agent_chaos.results.turn_result import TurnResult
    from agent_chaos.run.adhoc import chaos_context
    from agent_chaos.run.run import run_scenario
    from agent_chaos.scenario.asgi import asgi_agent
    from agent_chaos.scenario.command import CommandFailed, command_agent
    from agent_chaos.scenario.model import BaselineScenario, ChaosScenario, Scenario, Turn, at
    from agent_chaos.search.api import check_failure, fault_plans, fuzz_scenario, plan
    from agent_chaos.search.variants.api import fuzz, fuzz_chaos
    from agent_chaos.search.variants.chaos_space import ChaosSpace
    from agent_chaos.search.variants.fuzz_config import (
        ContextFuzzConfig,
        LLMFuzzConfig,
        StreamFuzzConfig,
        ToolFuzzConfig,
    )

_HOMES = {
    "BaselineScenario": "agent_chaos.scenario.model",
    "ChaosContext": "agent_chaos.results.context",
    "Plan": "agent_chaos.faults.plan",
    "ChaosScenario": "agent_chaos.scenario.model",
    "RunReport": "agent_chaos.results.run_report",
    "Scenario": "agent_chaos.scenario.model",
    "Turn": "agent_chaos.scenario.model",
    "TurnResult": "agent_chaos.results.turn_result",
    "at": "agent_chaos.scenario.model",
    "chaos_context": "agent_chaos.run.adhoc",
    "asgi_agent": "agent_chaos.scenario.asgi",
    "CommandFailed": "agent_chaos.scenario.command",
    "command_agent": "agent_chaos.scenario.command",
    "check_failure": "agent_chaos.search.api",
    "fault_plans": "agent_chaos.search.api",
    "fuzz_scenario": "agent_chaos.search.api",
    "plan": "agent_chaos.search.api",
    "run_scenario": "agent_chaos.run.run",
    "tool": "agent_chaos.patch.tools",
    "ChaosSpace": "agent_chaos.search.variants.chaos_space",
    "ContextFuzzConfig": "agent_chaos.search.variants.fuzz_config",
    "LLMFuzzConfig": "agent_chaos.search.variants.fuzz_config",
    "StreamFuzzConfig": "agent_chaos.search.variants.fuzz_config",
    "ToolFuzzConfig": "agent_chaos.search.variants.fuzz_config",
    "fuzz": "agent_chaos.search.variants.api",
    "fuzz_chaos": "agent_chaos.search.variants.api",
}
"""Where each public name lives; imported on first use, so that `import agent_chaos` costs an agent nothing."""

__all__ = [
    "BaselineScenario",
    "ChaosContext",
    "ChaosScenario",
    "ChaosSpace",
    "CommandFailed",
    "ContextFuzzConfig",
    "LLMFuzzConfig",
    "Plan",
    "RunReport",
    "Scenario",
    "StreamFuzzConfig",
    "ToolFuzzConfig",
    "Turn",
    "TurnResult",
    "asgi_agent",
    "at",
    "chaos_context",
    "check_failure",
    "command_agent",
    "fault_plans",
    "fuzz",
    "fuzz_chaos",
    "fuzz_scenario",
    "plan",
    "run_scenario",
    "tool",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'agent_chaos' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
