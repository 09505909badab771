"""`agent-chaos demo`: the whole path on a shipped agent: a failure found, the fix as a diff, the same failure gone."""

from __future__ import annotations

import difflib
import importlib.util
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.text import Text

import agent_chaos
from agent_chaos.commands.fuzz import fuzz
from agent_chaos.commands.replay import replay
from agent_chaos.commands.resolve_options import FuzzOptions
from agent_chaos.errors import ExitCode, UsageError
from agent_chaos.report.console import console
from agent_chaos.scenario.imports import forget
from agent_chaos.search.corpus.failure_files import Corpus

SCENARIO, CASSETTE = Path("scenarios/refund.py"), Path("cassettes/refund.msgpack")
_EXAMPLES = 8
_DIFF = {"+": "green", "-": "red", "@": "dim"}
_UNCHECKED = """            message = stream.get_final_message()
"""
_CHECKED = """            message = stream.get_final_message()
        stop, said = message.stop_reason, message.content
        if stop not in ("end_turn", "tool_use") or not said:
            raise RuntimeError("the reply is cut or empty: nothing in it was done")
"""


def demo(folder: Path) -> int:
    """Runs it in a new folder, which is left for the reader to look at. Raises UsageError where it cannot be made."""
    _refuse_without_sdk()
    _set_up(folder)
    with _inside(folder):
        _say(f"An agent that refunds orders, and one recording of it, are in {folder}/. No key, no network.")
        _command(f"agent-chaos fuzz {SCENARIO} --only-faults truncate --max-examples {_EXAMPLES}")
        asked = FuzzOptions(only_faults=("truncate",), max_examples=_EXAMPLES)
        if fuzz([str(SCENARIO)], asked) != ExitCode.FAILED:
            return ExitCode.BROKEN
        found = [failure.id for failure in Corpus().load_all()]
        _say("The fix: act on a reply only when it is complete and says anything.")
        _fix()
        _command(f"agent-chaos replay {' '.join(found)}")
        code = replay(found, allow_real_tools=False)
    _next_steps(folder)
    return code


def _refuse_without_sdk() -> None:
    if importlib.util.find_spec("anthropic") is None:
        raise UsageError('the demo\'s agent uses anthropic; pip install "agent-chaos[anthropic]"')


def _set_up(folder: Path) -> None:
    if folder.exists():
        raise UsageError(f"{folder} is there already; remove it, or name another folder with --into")
    try:
        for file in (SCENARIO, CASSETTE):
            (folder / file.parent).mkdir(parents=True)
            shutil.copyfile(_shipped(file), folder / file)
    except OSError as exc:
        raise UsageError(f"{folder} cannot be made ({exc.strerror}); name another with --into") from None


def _shipped(file: Path) -> Path:
    """Where a file of the demo lies: in the package as it is installed, or in the checkout that it runs from."""
    package = Path(agent_chaos.__file__).parent
    installed = package / "demo" / file.name
    return installed if installed.is_file() else package.parent / file


@contextmanager
def _inside(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def _fix() -> None:
    """Mends the agent and shows what changed; what was imported of it before is forgotten."""
    before = SCENARIO.read_text(encoding="utf-8")
    after = before.replace(_UNCHECKED, _CHECKED)
    # The fix is text, and a shipped agent that was edited would silently be demonstrated unfixed.
    assert after != before, "the shipped agent has no such line"
    SCENARIO.write_text(after, encoding="utf-8")
    forget()
    lines = difflib.unified_diff(
        before.splitlines(), after.splitlines(), str(SCENARIO), str(SCENARIO), lineterm="", n=2
    )
    for line in lines:  # never wrapped: a diff of which lines are broken is none
        console().print(Text(line, _DIFF.get(line[:1], "")), soft_wrap=True)
    console().print()


def _next_steps(folder: Path) -> None:
    _say("Next, with an agent of your own:")
    for line in (
        "agent-chaos init                 write a first scenario for this project",
        "agent-chaos record scenarios/    run it once against the real provider",
        "agent-chaos fuzz scenarios/      find what breaks it, offline",
    ):
        console().print(Text(f"  {line}"), soft_wrap=True)
    _say("What else is wrong with the demo's agent:")
    console().print(Text(f"  cd {folder} && agent-chaos fuzz"), soft_wrap=True)


def _say(text: str) -> None:
    console().print(Text(f"\n{text}\n", "bold"))


def _command(text: str) -> None:
    console().print(Text(f"$ {text}\n", "cyan"), soft_wrap=True)
