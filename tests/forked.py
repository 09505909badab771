"""Commands in a process of their own, without the seconds that Python takes to import the SDKs in each.

One server per test process imports them once, and makes one run; every command is a fork of it. Nothing else is shared: what a
command patches, imports or leaves behind ends with it.
"""

from __future__ import annotations

import gc
import json
import os
import runpy
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from tempfile import TemporaryDirectory
from typing import Any, NoReturn

import agent_chaos
from agent_chaos.patch.install import release

ROOT = Path(__file__).resolve().parents[1]
_LIBRARIES = (
    "anthropic",
    "openai",
    "google.genai",
    "hypothesis",
    "hypothesis.internal.conjecture.engine",
    "httpcore2",
    "opentelemetry.sdk.trace",
    "pytest",
    "truststore",
    "typer",
    "vcr",
)
_LEFT_TO_COMMANDS = (
    "agent_chaos.__main__",
    "agent_chaos.integrations.",
    "agent_chaos.ui.",
    "agent_chaos.pytest_plugin",
)
"""Modules of ours that run as they are imported, or bring packages that few commands need."""

_PLUGINS_OF_OTHERS = ("-p", "no:deepeval", "-p", "no:langsmith_plugin")
"""Plugins of packages that only these tests need: to import them takes a session of pytest some seconds."""


def command(
    folder: Path,
    *arguments: str,
    module: str = "agent_chaos",
    environment: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """`python -m MODULE ARGUMENTS` in a folder, with an environment (this one by default), and without any input."""
    left_out = _PLUGINS_OF_OTHERS if module == "pytest" else ()
    with TemporaryDirectory() as kept:
        asked = {
            "argv": [module, *left_out, *arguments],
            "cwd": str(folder),
            "environment": {**(os.environ if environment is None else environment), "PYTHONHASHSEED": "0"},
            "out": f"{kept}/out",
            "err": f"{kept}/err",
        }
        code = _server().ask(asked)
        out, err = (Path(kept, name).read_text() for name in ("out", "err"))
    return subprocess.CompletedProcess([module, *arguments], code, out, err)


class _Server:
    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", "from tests.forked import serve; serve()"],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": "0", "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, asked: dict[str, Any]) -> int:
        wanted, answer = self._process.stdin, self._process.stdout
        assert wanted is not None
        assert answer is not None
        wanted.write(json.dumps(asked) + "\n")
        wanted.flush()
        return int(answer.readline())


@cache
def _server() -> _Server:
    return _Server()


def serve() -> None:
    """Runs what stands on the lines of stdin, and says the exit code of each. Ends with its stdin."""
    for name in (*_LIBRARIES, *_own_modules()):
        import_module(name)
    gc.freeze()  # once before the run as well: whether anything is frozen, which takes long to ask, is asked in it
    _make_one_run()
    gc.freeze()
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            _become(json.loads(line))
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        sys.stdout.write(f"{code}\n")
        sys.stdout.flush()


def _own_modules() -> list[str]:
    """Every module that a command may import, so that no process of one compiles or runs it again."""
    names = (found.name for found in walk_packages(agent_chaos.__path__, "agent_chaos."))
    return [name for name in names if not name.startswith(_LEFT_TO_COMMANDS)]


def _make_one_run() -> None:
    """Has the SDK build its models, and the patches find what modules imported by name: half of what a short command takes."""
    before = set(sys.modules)
    trials, spoken = import_module("tests.trials"), import_module("tests.spoken").spoken
    said = import_module("tests.standin.said")
    whole = said.Said("One moment.", (said.Called("wait", ("{", "}")),))
    trials.recorded(trials.scenario(_asks_once), [spoken("anthropic_messages", whole, 0, stream=True)])
    release()
    # A command in this checkout would take them for modules of its agent.
    for name in [name for name in sys.modules if name.startswith("tests.") and name not in before]:
        del sys.modules[name]


def _asks_once(ctx: object, text: str) -> str:
    client = import_module("anthropic").Anthropic()
    asked = [{"role": "user", "content": text}]
    with client.messages.stream(model="claude-sonnet-5", max_tokens=9, messages=asked) as stream:
        return stream.get_final_message().content[0].text


def _become(asked: dict[str, Any]) -> NoReturn:
    """Runs one command in this process, which is a copy of the server, and ends it."""
    for number, name in ((1, "out"), (2, "err")):
        os.dup2(os.open(asked[name], os.O_WRONLY | os.O_CREAT), number)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.chdir(asked["cwd"])
    os.environ.clear()
    os.environ.update(asked["environment"])
    sys.argv = list(asked["argv"])
    sys.orig_argv = [sys.executable, "-m", *sys.argv]
    on_path = asked["environment"].get("PYTHONPATH", "").split(os.pathsep)
    sys.path[:1] = [asked["cwd"], *filter(None, on_path)]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
    sys.exit(0)
