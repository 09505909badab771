"""`agent-chaos doctor`: what works here and what does not, a line each, with what to do about it."""

from __future__ import annotations

import importlib.util
import os
import platform
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

from rich.text import Text

from agent_chaos.cassette.storage.file import open_cassette
from agent_chaos.errors import AgentChaosError, ExitCode, UsageError
from agent_chaos.patch.install import report
from agent_chaos.patch.keys import PLACEHOLDER, key_variables
from agent_chaos.report.console import console
from agent_chaos.report.printable import count, printable
from agent_chaos.search.corpus.settings import resolved
from agent_chaos.version import __version__

_SDKS = ("anthropic", "openai", "google-genai")
_ENGINE = ("vcrpy", "hypothesis", "pydantic", "msgpack", "time-machine")
_HTTP = ("httpx2", "httpx", "aiohttp", "requests", "urllib3")
_SHADOWED = ("anthropic", "openai", "google", "httpx", "hypothesis", "pydantic", "agent_chaos")
_CASSETTES = Path("cassettes")
_OLD_S = 180 * 24 * 3600
_STYLES = {"ok": "green", "note": "yellow", "problem": "bold red"}


@dataclass(frozen=True, slots=True)
class Check:
    """One line: what was looked at, how it is, and what to do where it is not well."""

    state: Literal["ok", "note", "problem"]
    about: str
    found: str
    advice: str = ""


def doctor() -> int:
    """Prints every check; exit code 5 where one is a problem."""
    checks = list(_checks())
    for check in checks:
        line = Text.assemble(
            (f"{check.state:8}", _STYLES[check.state]), f"{check.about:11}", printable(check.found)
        )
        console().print(line, soft_wrap=True)
        if check.advice:
            console().print(Text(f"{'':19}{printable(check.advice)}", "dim"), soft_wrap=True)
    return ExitCode.BROKEN if any(check.state == "problem" for check in checks) else ExitCode.OK


def _checks() -> Iterator[Check]:
    yield Check(
        "ok", "versions", f"agent-chaos {__version__}, Python {platform.python_version()}; {_listed(_ENGINE)}"
    )
    yield _sdks()
    yield Check("ok", "http", _listed(_HTTP) or "none of the known libraries is installed")
    yield from _seams()
    yield from _shadowing()
    yield _settings()
    yield _keys()
    yield from _cassettes()
    yield _git()


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(f"{name} {found}" for name in names if (found := _version(name)))


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _sdks() -> Check:
    if found := _listed(_SDKS):
        return Check("ok", "SDKs", found)
    return Check(
        "note", "SDKs", "none is installed", 'pip install "agent-chaos[all]", or the one that your agent uses'
    )


def _seams() -> Iterator[Check]:
    """Names of Python and of other packages that a run changes or reads: a release without one is told here first."""
    names = report()
    lost = [found for found in names if found.state == "missing"]
    for found in lost:
        advice = "what goes through it may not be seen; pin the release before this one"
        yield Check("problem", "seams", f"{found.seam}: this version has no {found.name}", advice)
    there = sum(found.state == "found" for found in names)
    yield Check(
        "ok", "seams", f"{count(there, 'name')} of installed packages that runs rely on, {_found(lost)}"
    )


def _found(lost: Sequence[object]) -> str:
    return f"{len(lost)} more missing" if lost else "all found"


def _shadowing() -> Iterator[Check]:
    """Files of the project that hide a package from every import."""
    for name in _SHADOWED:
        # In the working directory, which stands first on the path of whatever is run from it.
        # A folder without `__init__.py` hides nothing: an installed package wins over a namespace.
        for place in (Path(f"{name}.py"), Path(name) / "__init__.py"):
            if place.is_file() and not _is_this_checkout(place):
                advice = f"rename it: with it, `import {name}` finds your file and not the package"
                yield Check("problem", "names", f"{place} has the name of a package", advice)


def _is_this_checkout(place: Path) -> bool:
    spec = importlib.util.find_spec("agent_chaos")
    return spec is not None and spec.origin is not None and place.resolve() == Path(spec.origin).resolve()


def _settings() -> Check:
    try:
        files = {origin for origin in resolved().origins.values() if origin != "default"}
    except UsageError as exc:
        return Check("problem", "settings", str(exc), "agent-chaos config prints the known keys")
    return Check(
        "ok", "settings", f"of {files.pop()}" if files else "the defaults; agent-chaos config prints them"
    )


def _keys() -> Check:
    # CI sets an absent secret to nothing.
    present = [name for name in key_variables() if os.environ.get(name) not in (None, "", PLACEHOLDER)]
    if present:
        return Check("ok", "keys", f"{', '.join(present)} (needed to record only)")
    return Check("note", "keys", "no provider's key is set", "replay and fuzz need none; set one to record")


def _cassettes() -> Iterator[Check]:
    found = sorted(_CASSETTES.rglob("*.msgpack")) if _CASSETTES.is_dir() else []
    if not found:
        yield Check("note", "cassettes", f"none in {_CASSETTES}/", "agent-chaos record scenarios/")
        return
    old = 0
    for path in found:
        try:
            # To open it is a check: what is damaged is told, and only then how old it is.
            old += time.time() - open_cassette(path).header.started_at > _OLD_S
        except AgentChaosError as exc:
            yield Check("problem", "cassettes", str(exc), f"agent-chaos cassette verify {path}")
    size = sum(path.stat().st_size for path in found)
    yield Check("ok", "cassettes", f"{count(len(found), 'cassette')}, {size:,} bytes")
    if old:
        advice = "agent-chaos record --record-mode all TARGET records afresh"
        yield Check("note", "cassettes", f"{count(old, 'recording')} older than six months", advice)


def _git() -> Check:
    if not Path(".git").exists():
        return Check("note", "git", "this folder is no clone, so cassettes have no history")
    asked = subprocess.run(
        ["git", "config", "--get", "diff.agent-chaos.textconv"], capture_output=True, check=False
    )
    if asked.returncode == 0:
        return Check("ok", "git", "git diff shows cassettes as text")
    return Check("note", "git", "git diff cannot show cassettes", "agent-chaos init sets it up")
