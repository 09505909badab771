"""`agent-chaos init`: what a project needs to start, each file after asking; nothing that is there is overwritten."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
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
_ATTRIBUTES = Path(".gitattributes")
_PYPROJECT = Path("pyproject.toml")
_ATTRIBUTE = "cassettes/**/*.msgpack diff=agent-chaos\n"
_TABLE = "\n[tool.agent-chaos]\nmax-examples = 200\n"
_NEEDS = {
    "anthropic": ("anthropic", "agent-chaos[anthropic]"),
    "gemini": ("google.genai", "agent-chaos[gemini]"),
    "langgraph": ("langchain_anthropic", "langchain langchain-anthropic"),
    "openai": ("openai", "agent-chaos[openai]"),
    "openai_agents": ("agents", "openai-agents"),
    "pydantic_ai": ("pydantic_ai", "pydantic-ai-slim[openai]"),
}
"""What each starter imports, and what brings it."""
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
    for step in _steps(kind, _clone(Path.cwd())):
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


def _steps(kind: str, clone: Path | None) -> tuple[_Step, ...]:
    workflow = _workflow(clone)
    return (
        _Step(
            f"{_SCENARIO}, a first scenario ({kind})",
            _SCENARIO.exists(),
            lambda: _copy(f"{kind}.py", _SCENARIO, main=node_main(Path.cwd())),
        ),
        _Step(
            f"{workflow}, which replays and fuzzes in CI",
            workflow.exists(),
            lambda: _copy(
                "workflow.yml",
                workflow,
                where=_where(clone),
                installed=_installed(),
                prepared=_prepared(kind),
            ),
        ),
        _Step(
            f"{_ATTRIBUTES}, so that git diff shows cassettes as text",
            # By its line, since others may stand in the file; it is appended to, never written anew.
            _ATTRIBUTE.strip() in _text(_ATTRIBUTES),
            lambda: _append(_ATTRIBUTES, _ATTRIBUTE),
        ),
        _Step(
            "the git setting that it needs in this clone",
            clone is not None and _textconv_is_set(),
            _set_textconv,
            "" if clone else "this folder is no clone; run agent-chaos init again after git init",
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


def _clone(folder: Path) -> Path | None:
    """The clone that the folder is, or is a part of."""
    # Not `is_dir`: in a worktree or submodule `.git` is a file. Who keeps a home directory in git has no workflows there.
    above = [one for one in folder.parents if one != Path.home()]
    return next((one for one in (folder, *above) if (one / ".git").exists()), None)


def _workflow(clone: Path | None) -> Path:
    """Where GitHub looks for it: at the top of the clone. A part of the clone has one of its own name."""
    here = Path.cwd()
    part = here.relative_to(clone or here).as_posix()
    name = "agent-chaos.yml" if part == "." else f"agent-chaos-{part.replace('/', '-')}.yml"
    return Path(os.path.relpath(clone or here)) / ".github" / "workflows" / name


def _where(clone: Path | None) -> str:
    """The folder that every step of CI is run in, where it is a part of the clone."""
    here = Path.cwd()
    if clone is None or clone == here:
        return ""
    folder = json.dumps(here.relative_to(clone).as_posix(), ensure_ascii=False)
    return f"\n    defaults:\n      run:\n        working-directory: {folder}"


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
        *_missing(kind),
        f"{key.get(kind, 'OPENAI_API_KEY')}=... agent-chaos record {_SCENARIO}",
        f"agent-chaos fuzz {_SCENARIO}",
    ):
        out.print(Text(f"  {line}"), soft_wrap=True)


def _missing(kind: str) -> tuple[str, ...]:
    """How to install what the starter imports, where that is not there."""
    module, packages = _NEEDS.get(kind, ("", ""))
    with suppress(ModuleNotFoundError):  # of a module's parent
        if not module or importlib.util.find_spec(module) is not None:
            return ()
    quoted = (f'"{package}"' if "[" in package else package for package in packages.split())
    return (f"pip install {' '.join(quoted)}",)


def _say(word: str, what: str, style: str) -> None:
    console().print(Text.assemble((word, style), "  ", what), soft_wrap=True)
