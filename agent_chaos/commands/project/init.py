"""`agent-chaos init`: what a project needs to start, each file after asking; nothing that is there is overwritten."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import typer
from rich.text import Text

from agent_chaos.commands.project.detect import NODE, node_key, node_main, starter
from agent_chaos.errors import ExitCode, UsageError
from agent_chaos.files import write_text
from agent_chaos.report.console import console

_SCENARIO = Path("scenarios/first.py")
_WORKFLOW = Path(".github/workflows/agent-chaos.yml")
_ATTRIBUTES = Path(".gitattributes")
_PYPROJECT = Path("pyproject.toml")
_ATTRIBUTE = "cassettes/**/*.msgpack diff=agent-chaos\n"
_TABLE = "\n[tool.agent-chaos]\nmax-examples = 200\n"
_TEXTCONV = ("git", "config", "diff.agent-chaos.textconv", "agent-chaos cassette show")


@dataclass(frozen=True, slots=True)
class _Step:
    """One thing that `init` may do: whether it is done already, how it is done, and why it is not for this folder."""

    what: str
    done: bool
    do: Callable[[], None]
    not_here: str = ""


def init(*, yes: bool) -> int:
    """Asks before each step. Raises UsageError where nobody can be asked."""
    if not yes and not sys.stdin.isatty():
        raise UsageError("nobody can be asked here; pass --yes to write everything")
    kind = starter(Path.cwd())
    for step in _steps(kind):
        if step.not_here:
            _say("left out", f"{step.what}: {step.not_here}", "dim")
        elif step.done:
            _say("exists  ", step.what, "dim")
        elif yes or typer.confirm(f"{step.what}?", default=True):
            step.do()
            _say("written ", step.what, "green")
        else:
            _say("left out", step.what, "dim")
    _next(kind)
    return ExitCode.OK


def _steps(kind: str) -> tuple[_Step, ...]:
    return (
        _Step(
            f"{_SCENARIO}, a first scenario ({kind})",
            _SCENARIO.exists(),
            lambda: _copy(f"{kind}.py", _SCENARIO, main=node_main(Path.cwd())),
        ),
        _Step(
            f"{_WORKFLOW}, which replays and fuzzes in CI",
            _WORKFLOW.exists(),
            lambda: _copy("workflow.yml", _WORKFLOW, installed=_installed(), prepared=_prepared(kind)),
        ),
        _Step(
            f"{_ATTRIBUTES}, so that git diff shows cassettes as text",
            # By its line, since others may stand in the file; it is appended to, never written anew.
            _ATTRIBUTE.strip() in _text(_ATTRIBUTES),
            lambda: _append(_ATTRIBUTES, _ATTRIBUTE),
        ),
        _Step(
            "the git setting that it needs in this clone",
            _is_clone() and _textconv_is_set(),
            _set_textconv,
            "" if _is_clone() else "this folder is no clone; run agent-chaos init again after git init",
        ),
        _Step(
            f"{_PYPROJECT}: [tool.agent-chaos]",
            "[tool.agent-chaos]" in _text(_PYPROJECT),
            lambda: _append(_PYPROJECT, _TABLE),
            "" if _PYPROJECT.exists() else "there is no such file, and none is needed",
        ),
    )


def _copy(name: str, to: Path, **words: str) -> None:
    text = (files("agent_chaos.commands.project") / "starters" / f"{name}.txt").read_text(encoding="utf-8")
    for word, value in words.items():
        # Not `format`: the files are Python and YAML, and full of braces.
        text = text.replace(f"{{{word}}}", value)
    to.parent.mkdir(parents=True, exist_ok=True)
    write_text(to, text)


def _installed() -> str:
    """What CI installs beside agent-chaos: what the project says that it needs."""
    if Path("requirements.txt").exists():
        return " -r requirements.txt"
    built = any(table in _text(_PYPROJECT) for table in ("[project]", "[tool.poetry]"))
    return " -e ." if built else ""


def _prepared(kind: str) -> str:
    """A step more of CI: what a program in another language needs."""
    return "\n      - run: npm ci" if kind == NODE else ""


def _append(file: Path, text: str) -> None:
    before = _text(file)
    write_text(file, before + ("\n" if before and not before.endswith("\n") else "") + text)


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8") if file.is_file() else ""


def _is_clone() -> bool:
    # Not `is_dir`: in a worktree or submodule `.git` is a file.
    return Path(".git").exists()


def _textconv_is_set() -> bool:
    asked = subprocess.run([*_TEXTCONV[:2], "--get", _TEXTCONV[2]], capture_output=True, check=False)
    return asked.returncode == 0


def _set_textconv() -> None:
    subprocess.run(_TEXTCONV, check=True)


def _next(kind: str) -> None:
    key = {
        "gemini": "GEMINI_API_KEY",
        "anthropic": "ANTHROPIC_API_KEY",
        "langgraph": "ANTHROPIC_API_KEY",
        NODE: node_key(Path.cwd()),
    }
    out = console()
    out.print(Text(f"\nNext: put your own agent into {_SCENARIO}, then", "bold"))
    for line in (
        f"{key.get(kind, 'OPENAI_API_KEY')}=... agent-chaos record {_SCENARIO}",
        f"agent-chaos fuzz {_SCENARIO}",
    ):
        out.print(Text(f"  {line}"), soft_wrap=True)


def _say(word: str, what: str, style: str) -> None:
    console().print(Text.assemble((word, style), "  ", what), soft_wrap=True)
