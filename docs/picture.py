"""Draws the terminal picture of the README: `python -m docs.picture` runs the first search and exports what it prints."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.text import Text

ROOT = Path(__file__).parent.parent
PICTURE = ROOT / "docs" / "pages" / "assets" / "fuzz.svg"
COMMAND = ("fuzz", "scenarios/refund.py")
_COLUMNS, _LINES = 80, 38
_FONT = re.compile(r"\s*@font-face \{.*?\}", re.DOTALL)
"""A font of another host, which rich names; the picture is drawn with the reader's own."""


def main() -> None:
    """Writes the picture again."""
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_text(drawn(printed()), encoding="utf-8")


def printed() -> str:
    """What the command prints on a terminal, with its colours, in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        for part in ("scenarios", "cassettes"):
            shutil.copytree(ROOT / part, Path(folder) / part)
        colours = {
            "FORCE_COLOR": "1",
            "COLUMNS": str(_COLUMNS),
            "TERM": "xterm-256color",
            "PATH": "/usr/bin:/bin",
        }
        done = subprocess.run(
            [sys.executable, "-m", "agent_chaos", *COMMAND],
            cwd=folder,
            env=colours,
            capture_output=True,
            text=True,
            check=False,
        )
    return done.stdout


def drawn(output: str) -> str:
    """The first lines of the first finding as SVG."""
    console = Console(record=True, width=_COLUMNS, file=io.StringIO(), force_terminal=True)
    console.print(Text(f"$ agent-chaos {' '.join(COMMAND)}", "bold"))
    found = [Text.from_ansi(line) for line in output.splitlines()]
    first = next(at for at, line in enumerate(found) if line.plain.startswith("F-"))
    for line in found[first : first + _LINES]:
        console.print(line)
    return _FONT.sub("", console.export_svg(title="agent-chaos", unique_id="fuzz"))


if __name__ == "__main__":
    main()
