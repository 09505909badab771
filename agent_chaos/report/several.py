"""Several reporters told as one; one that fails is left out from then on, and changes nothing else."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from agent_chaos.containment import Contained
from agent_chaos.report.event import ReportEvent
from agent_chaos.report.printable import printable
from agent_chaos.report.reporter import Reporter


class Several:
    """Passes everything on to each reporter, in order."""

    def __init__(self, reporters: Iterable[Reporter]) -> None:
        self._reporters = list(reporters)

    def tell(self, event: ReportEvent) -> None:
        # A copy, since one that fails is taken out of the list meanwhile.
        for reporter in list(self._reporters):
            # A report that fails is no reason for another verdict; whoever closed a pipe wants no report at all.
            with Contained(but=(BrokenPipeError,)) as contained:
                reporter.tell(event)
            if (exc := contained.error) is not None:
                self._reporters.remove(reporter)
                why = printable(
                    f"{type(reporter).__name__} failed and is left out: {type(exc).__name__}: {exc}"
                )
                sys.stderr.write(f"warning: {why}\n")
