"""Fifty examples on every recorded agent loop: rungs of the clean runs, verdicts, harness errors.

Run: python benchmarks/recorded_traffic.py [EXAMPLES]. Needs the folder of recorded traffic; prints one table, then what
every error was. Failures are counted and not made small.
"""

from __future__ import annotations

import logging
import sys
import warnings
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from agent_chaos.runtime import real
from agent_chaos.search.search import find_failures
from agent_chaos.trace.fidelity import Fidelity
from agent_chaos.trial.rehearsal import Rehearsal
from tests.test_redrive import REDRIVEN

RUNGS = [rung.words for rung in Fidelity]
VERDICTS = ["ok", "failures", "undecided", "not_tested", "errors"]


def main() -> None:
    examples = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    warnings.simplefilter("ignore", DeprecationWarning)
    logging.disable(logging.WARNING)
    table: dict[str, Counter[str]] = {}
    errors: list[str] = []
    started = real.perf_counter()
    for loop in REDRIVEN:
        rehearsal = Rehearsal(loop.scenario, cassette=loop.cassette, allow_real_tools=True)
        row = table.setdefault(loop.api, Counter(dict.fromkeys(["loops", *RUNGS, *VERDICTS], 0)))
        row.update(["loops", *(call.fidelity.words for call in rehearsal.prepare().calls)])
        campaign = find_failures(rehearsal, max_examples=examples, max_shrink_runs=0)
        row.update({name: getattr(campaign.figures, name) for name in VERDICTS})
        errors += [f"{loop.id}: {campaign.first_error}"] if campaign.first_error else []
    seconds = real.perf_counter() - started
    table["all"] = sum(table.values(), Counter())
    print(f"{len(REDRIVEN)} recorded loops, {examples} examples each, {seconds:,.0f} s")
    print(f"{'':<20}", *(f"{name:>{max(len(name), 6)}}" for name in ["loops", *RUNGS, *VERDICTS]))
    for api, row in table.items():
        cells = (f"{row[name]:>{max(len(name), 6)},}" for name in ["loops", *RUNGS, *VERDICTS])
        print(f"{api:<20}", *cells)
    print(*errors, sep="\n")


if __name__ == "__main__":
    main()
