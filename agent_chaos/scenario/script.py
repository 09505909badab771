"""A scenario out of a command line: `agent-chaos record -- python agent.py ARGS`. What the program prints is its answer."""

from __future__ import annotations

import io
import re
import runpy
import shlex
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

from agent_chaos.errors import ScenarioError
from agent_chaos.scenario.command import command_agent
from agent_chaos.scenario.model import BaselineScenario, Turn
from agent_chaos.scenario.targets import PREFIX

_PYTHON = re.compile(r"(python|pypy)[0-9.]*(\.exe)?")
_NO_NAME = re.compile(r"[^\w.-]+")


def script_scenario(target: str) -> BaselineScenario:
    """The scenario of a command line: one turn, which runs it. Raises ScenarioError for one that names nothing to run.

    Python runs in this process, where its tools are seen; any other program in its own.
    """
    try:
        command = shlex.split(target.removeprefix(PREFIX))
    except ValueError as exc:
        raise ScenarioError(f"{target}: not a command line ({exc})") from None
    if not command:
        raise ScenarioError("nothing stands after `--`; as in `agent-chaos record -- python agent.py`")
    # By its name, wherever it lies: of a virtual environment, or `python3.12` of the system.
    python = bool(_PYTHON.fullmatch(Path(command[0]).name)) and len(command) > 1
    agent = _python_agent(command[1:]) if python else command_agent(command, input="none")
    return BaselineScenario(
        name=_name(command, python=python), agent=agent, turns=(Turn(shlex.join(command)),)
    )


def _name(command: Sequence[str], *, python: bool) -> str:
    """Named for the script: the first word after the program that is no option, else the program.

    Other programs than Python may take words of their own before it (`npx tsx agent.ts`, `uv run agent.py`): there, the
    first that is a file with an ending.
    """
    words = [word for word in command[1:] if not word.startswith("-")]
    files = [] if python else [word for word in words if Path(word).suffix and Path(word).is_file()]
    named = [*files, *words, command[0]][0]
    return _NO_NAME.sub("-", Path(named).stem if "/" in named or "." in named or not python else named)


def _python_agent(arguments: Sequence[str]) -> Callable[[Any, str], str]:
    module = arguments[1] if arguments[0] == "-m" and len(arguments) > 1 else ""
    if not module and not Path(arguments[0]).is_file():
        raise ScenarioError(
            f"python {shlex.join(arguments)}: {arguments[0]} is no file; expected a script, or -m MODULE"
        )
    # `sys.argv` as Python sets it: the script comes first, and `run_module` puts the module's file there.
    given = list(arguments[1:] if module else arguments)

    def agent(ctx: Any, turn_input: str) -> str:
        written = io.StringIO()
        with _started_as(given), redirect_stdout(written):
            try:
                _run(module, arguments[0])
            except SystemExit as exc:
                # `sys.exit()` at the end of a script is how it ends well.
                if exc.code not in (None, 0):
                    raise
        return written.getvalue().strip()

    return agent


def _run(module: str, script: str) -> None:
    if module:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    else:
        runpy.run_path(script, run_name="__main__")


@contextmanager
def _started_as(arguments: Sequence[str]) -> Iterator[None]:
    """What a program sees of how it was started: its arguments, and its own folder first on the path."""
    before, path = sys.argv, sys.path
    # As Python itself does: the script's folder for a script, the current one for `-m`.
    folder = str(Path(arguments[0]).parent) if arguments[0].endswith(".py") else ""
    sys.argv, sys.path = list(arguments), [folder or str(Path.cwd()), *path]
    try:
        yield
    finally:
        sys.argv, sys.path = before, path
