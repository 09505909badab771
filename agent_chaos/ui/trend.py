"""Campaigns by scenario, with how their scores went."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from agent_chaos.ui.runs import CampaignRow


@dataclass(frozen=True)
class Trend:
    """The campaigns of a scenario, newest first; `line` is their scores as points of a drawing of 100 by 30, oldest first."""

    scenario: str
    rows: tuple[CampaignRow, ...]
    line: str


def trends(rows: Iterable[CampaignRow]) -> list[Trend]:
    """By scenario, the one searched last first; rows are newest first. A file that could not be read stands by itself."""
    grouped: dict[str, list[CampaignRow]] = {}
    for row in rows:
        grouped.setdefault(row.scenario or row.id, []).append(row)
    return [Trend(found[0].scenario, tuple(found), _line(found)) for found in grouped.values()]


def _line(rows: list[CampaignRow]) -> str:
    """'' where fewer than two campaigns have a score."""
    shares = [
        row.score.survived / row.score.judged for row in reversed(rows) if row.score and row.score.judged
    ]
    if len(shares) < 2:
        return ""
    step = 96 / (len(shares) - 1)
    return " ".join(f"{2 + step * i:.1f},{28 - 26 * share:.1f}" for i, share in enumerate(shares))
