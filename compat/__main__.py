"""Measures frameworks one after the other, and writes the page: `python -m benchmarks.compat [NAME…] [--examples N]`."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from benchmarks.compat.environment import Environment
from benchmarks.compat.measure import AGENTS, measure
from docs.generate import main as write_pages
from docs.reference.frameworks import RESULTS, Measured, measured


def main() -> None:
    every = sorted(path.stem.removesuffix("_desk") for path in AGENTS.glob("*_desk.py"))
    parser = argparse.ArgumentParser(prog="python -m benchmarks.compat")
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"of {', '.join(every)}; all of them by default"
    )
    parser.add_argument("--examples", type=int, default=100, help="examples of each search")
    asked = parser.parse_args()
    if unknown := sorted(set(asked.names) - set(every)):
        parser.error(f"there is no agent for {', '.join(unknown)}; there are {', '.join(every)}")
    for name in asked.names or every:
        with tempfile.TemporaryDirectory() as folder:
            one = measure(name, Environment.made(name, Path(folder)), Path(folder), examples=asked.examples)
        print(one.model_dump_json(exclude_defaults=True), flush=True)
        _keep(one)
    write_pages()


def _keep(one: Measured) -> None:
    kept = [*(each for each in measured() if each.framework != one.framework), one]
    rows = ",\n".join(each.model_dump_json() for each in sorted(kept, key=lambda each: each.framework))
    RESULTS.write_text(f"[\n{rows}\n]\n", encoding="utf-8")


if __name__ == "__main__":
    main()
