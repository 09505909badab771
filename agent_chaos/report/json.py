"""The report programs read: one JSON file, written whole when everything is done."""

from __future__ import annotations

from pathlib import Path

from agent_chaos.errors import AgentChaosError
from agent_chaos.files import writable, write_text
from agent_chaos.report.document import CampaignRecord, Document, Stopped, record
from agent_chaos.search.campaign import Campaign, Progress


class JsonReporter:
    """Collects campaigns and writes them to `path` at the end. Raises UsageError at once where it cannot."""

    def __init__(self, path: Path) -> None:
        self._path = writable(path)
        self._campaigns: list[CampaignRecord] = []
        self._stopped: list[Stopped] = []

    def start(self, scenario: str, *, max_examples: int | None, seed: int) -> None:
        """Nothing is written before the end."""

    def progress(self, progress: Progress) -> None:
        """Nothing is written before the end."""

    def finish(self, campaign: Campaign, notes: tuple[str, ...] = ()) -> None:
        self._campaigns.append(record(campaign, notes))

    def stop(self, scenario: str, error: AgentChaosError) -> None:
        self._stopped.append(Stopped(scenario=scenario, error=str(error), exit_code=error.exit_code))

    def close(self, exit_code: int) -> None:
        document = Document(
            exit_code=exit_code, campaigns=tuple(self._campaigns), stopped=tuple(self._stopped)
        )
        write_text(self._path, document.to_json())
