"""Measures frameworks one after the other, and writes the page: `python -m compat [NAME…] [--examples N]`."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from compat.environment import AGENTS, Environment
from compat.measure import measure
from docs.generate import PAGES
from docs.reference.frameworks import RESULTS, Measured, frameworks_page, measured

CACHE = Path.home() / ".cache/agent-chaos/compat"


def main() -> None:
    every = sorted(path.stem.removesuffix("_desk") for path in AGENTS.glob("*_desk.py"))
    asked = _parser(every).parse_args()
    for name in asked.names or every:
        folder = asked.folder / name
        try:
            where = Environment.made(name, folder / "environment")
        except subprocess.CalledProcessError as exc:
            print(f"{name}: not installed, left as it was measured before: {exc}", file=sys.stderr)
            continue
        one = measure(name, where, folder / "run", examples=asked.examples)
        print(one.model_dump_json(exclude_defaults=True), flush=True)
        _keep(one)
    (PAGES / "reference/frameworks.md").write_text(frameworks_page(), encoding="utf-8")


def _parser(every: list[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m compat")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(every)}; or all")
    parser.add_argument("--examples", type=int, default=100, help="examples of each search")
    parser.add_argument(
        "--folder",
        type=Path,
        default=CACHE,
        help="of environments and of what the commands printed; %(default)s by default",
    )
    return parser


def _keep(one: Measured) -> None:
    kept = [*(each for each in measured() if each.framework != one.framework), one]
    rows = ",\n".join(each.model_dump_json() for each in sorted(kept, key=lambda each: each.framework))
    RESULTS.write_text(f"[\n{rows}\n]\n", encoding="utf-8")


if __name__ == "__main__":
    main()
