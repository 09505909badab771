"""Finds the remedies: what the modules of each folder of them export as `REMEDY`."""

from __future__ import annotations

from agent_chaos.members import exported
from agent_chaos.report import remedies
from agent_chaos.report.remedies import replies, requests, tools
from agent_chaos.report.remedies.remedy import Remedy


def every_remedy() -> list[Remedy]:
    """All of them, by name: of two that fit and have one order, the first is meant."""
    found: list[Remedy] = [
        one for folder in (remedies, replies, tools, requests) for one in exported(folder, "REMEDY")
    ]
    return sorted(found, key=lambda one: one.name)
