"""An environment with one framework in it and nothing of this one's, made by uv and gone with its folder."""

from __future__ import annotations

import subprocess
import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
AGENTS = Path(__file__).parent / "agents"


@dataclass(frozen=True)
class Environment:
    """Where its Python is, and the framework's package."""

    python: Path
    package: str

    @classmethod
    def made(cls, name: str, folder: Path) -> Environment:
        """An environment in `folder` with what the agent's script metadata (PEP 723) asks for.

        Raises:
            subprocess.CalledProcessError: it cannot be installed; uv has said why.
        """
        wanted = dependencies(AGENTS / f"{name}_desk.py")
        python = folder / "bin/python"
        subprocess.run(["uv", "venv", "--quiet", "--allow-existing", str(folder)], check=True)
        install = [
            "uv",
            "pip",
            "install",
            "--quiet",
            "--upgrade",
            "--python",
            str(python),
            "--editable",
            str(ROOT),
        ]
        subprocess.run([*install, *wanted], check=True)
        return cls(python, wanted[0].partition("[")[0])

    @property
    def version(self) -> str:
        """The version of the framework's package."""
        asks = f"from importlib.metadata import version; print(version({self.package!r}))"
        done = subprocess.run([str(self.python), "-c", asks], capture_output=True, text=True, check=True)
        return done.stdout.strip()


def dependencies(script: Path) -> list[str]:
    """The packages that a script's inline metadata names, the framework's own first."""
    lines = script.read_text(encoding="utf-8").splitlines()
    start, end = lines.index("# /// script"), lines.index("# ///")
    told = tomllib.loads("\n".join(line.removeprefix("# ") for line in lines[start + 1 : end]))
    return [str(one) for one in told["dependencies"]]
