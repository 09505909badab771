"""An import path of 0.1.3; what it gave is in `compat`, `builder` and `trigger`."""

from __future__ import annotations

from agent_chaos.chaos.builder import Chaos
from agent_chaos.chaos.compat import ChaosAction, ChaosPoint, ChaosResult
from agent_chaos.chaos.trigger import Trigger as TriggerConfig

__all__ = ["Chaos", "ChaosAction", "ChaosPoint", "ChaosResult", "TriggerConfig"]
