"""Fifty examples on every recorded agent loop: rungs of the clean runs, verdicts, harness errors.

Run: python benchmarks/recorded_traffic.py [EXAMPLES]. Needs the folder of recorded traffic; prints one table.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from time import perf_counter

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from agent_chaos.scenario.rehearsal import Rehearsal
from agent_chaos.search.search import fuzz
from tests.test_redrive import REDRIVEN

VERDICTS = ("ok", "failures", "undecided", "not_tested", "errors")


def main() -> None:
    examples = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    rungs: dict[str, Counter[str]] = {}
    verdicts: dict[str, Counter[str]] = {}
    started = perf_counter()
    for loop in REDRIVEN:
        rehearsal = Rehearsal(loop.scenario, cassette=loop.cassette, allow_real_tools=True)
        clean = rehearsal.prepare()
        figures = fuzz(rehearsal, max_examples=examples).figures
        rungs.setdefault(loop.api, Counter()).update(call.fidelity.words for call in clean.calls)
        verdicts.setdefault(loop.api, Counter()).update({name: getattr(figures, name) for name in VERDICTS})
    print(f"{len(REDRIVEN)} conversations, {examples} examples each, {perf_counter() - started:.0f} s")
    for api in rungs:
        print(f"{api:<20} calls {dict(rungs[api])}; examples {dict(verdicts[api])}")


if __name__ == "__main__":
    main()
