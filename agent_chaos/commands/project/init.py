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

from agent_chaos.commands.project.detect import starter
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
    """One thing that `init` may do: whether it is done already, and how it is done."""

    what: str
    done: bool
    do: Callable[[], None]


def init(*, yes: bool) -> int:
    """Asks before each step. Raises UsageError where nobody can be asked."""
    if not yes and not sys.stdin.isatty():
        raise UsageError("nobody can be asked here; pass --yes to write everything")
    kind = starter(Path.cwd())
    for step in _steps(kind):
        if step.done:
            _say("exists ", step.what, "dim")
        elif yes or typer.confirm(f"{step.what}?", default=True):
            step.do()
            _say("written", step.what, "green")
        else:
            _say("left out", step.what, "dim")
    _next(kind)
    return ExitCode.OK


def _steps(kind: str) -> tuple[_Step, ...]:
    return (
        _Step(
            f"{_SCENARIO}, a first scenario ({kind})",
            _SCENARIO.exists(),
            lambda: _copy(f"{kind}.py", _SCENARIO),
        ),
        _Step(
            f"{_WORKFLOW}, which replays and fuzzes in CI",
            _WORKFLOW.exists(),
            lambda: _copy("workflow.yml", _WORKFLOW),
        ),
        _Step(
            f"{_ATTRIBUTES}, so that git diff shows cassettes as text",
            _ATTRIBUTE.strip() in _text(_ATTRIBUTES),
            lambda: _append(_ATTRIBUTES, _ATTRIBUTE),
        ),
        _Step("the git setting that it needs in this clone", _textconv_is_set(), _set_textconv),
        _Step(
            f"{_PYPROJECT}: [tool.agent-chaos]",
            not _PYPROJECT.exists() or "[tool.agent-chaos]" in _text(_PYPROJECT),
            lambda: _append(_PYPROJECT, _TABLE),
        ),
    )


def _copy(name: str, to: Path) -> None:
    text = (files("agent_chaos.commands.project") / "starters" / f"{name}.txt").read_text(encoding="utf-8")
    to.parent.mkdir(parents=True, exist_ok=True)
    write_text(to, text)


def _append(file: Path, text: str) -> None:
    before = _text(file)
    write_text(file, before + ("\n" if before and not before.endswith("\n") else "") + text)


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8") if file.is_file() else ""


def _textconv_is_set() -> bool:
    """Whether there is nothing to set: git knows the setting, or this is no clone."""
    if not Path(".git").exists():
        return True
    asked = subprocess.run([*_TEXTCONV[:2], "--get", _TEXTCONV[2]], capture_output=True, check=False)
    return asked.returncode == 0


def _set_textconv() -> None:
    subprocess.run(_TEXTCONV, check=True)


def _next(kind: str) -> None:
    key = {"gemini": "GEMINI_API_KEY", "anthropic": "ANTHROPIC_API_KEY", "langgraph": "ANTHROPIC_API_KEY"}
    out = console()
    out.print(Text(f"\nNext: put your own agent into {_SCENARIO}, then", "bold"))
    for line in (
        f"{key.get(kind, 'OPENAI_API_KEY')}=... agent-chaos record {_SCENARIO}",
        f"agent-chaos fuzz {_SCENARIO}",
    ):
        out.print(Text(f"  {line}"), soft_wrap=True)


def _say(word: str, what: str, style: str) -> None:
    console().print(Text.assemble((word, style), "  ", what), soft_wrap=True)
