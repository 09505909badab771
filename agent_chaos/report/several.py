"""Several reporters told as one."""

from __future__ import annotations

from agent_chaos.errors import AgentChaosError
from agent_chaos.report.reporter import Reporter
from agent_chaos.search.campaign import Campaign, Progress


class Several:
    """Passes everything on to each reporter, in order."""

    def __init__(self, *reporters: Reporter) -> None:
        self._reporters = reporters

    def start(self, scenario: str, *, max_examples: int | None, seed: int) -> None:
        for reporter in self._reporters:
            reporter.start(scenario, max_examples=max_examples, seed=seed)

    def progress(self, progress: Progress) -> None:
        for reporter in self._reporters:
            reporter.progress(progress)

    def finish(self, campaign: Campaign, notes: tuple[str, ...] = ()) -> None:
        for reporter in self._reporters:
            reporter.finish(campaign, notes)

    def stop(self, scenario: str, error: AgentChaosError) -> None:
        for reporter in self._reporters:
            reporter.stop(scenario, error)

    def close(self, exit_code: int) -> None:
        for reporter in self._reporters:
            reporter.close(exit_code)
