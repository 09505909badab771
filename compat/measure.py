"""One framework's agent, recorded against the stand-in, replayed and searched without it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import trustme

from agent_chaos.cassette.storage.file import open_cassette
from benchmarks.compat.environment import AGENTS, Environment
from docs.reference.frameworks import Measured
from tests.standin.record_scenarios import FAKE_KEYS, contexts_of
from tests.standin.said import Asked, Called, Said
from tests.standin.server import standin

_LIMIT_S = 1_800
_OFFERED = re.compile(r'"name": "([^"]+)"')


def measure(name: str, where: Environment, folder: Path, *, examples: int) -> Measured:
    """What became of the agent of `name`; everything it leaves is in `folder`."""
    for file in ("desk.py", f"{name}_desk.py"):
        shutil.copy(AGENTS / file, folder)
    log, script = folder / "ran", f"{name}_desk.py"
    asked: dict[str, Any] = {"framework": where.package, "version": where.version, "date": _today()}
    recorded = _recorded(where, script, folder)
    if recorded.returncode != 0:
        return Measured(**asked, note=_last_line(recorded))
    asked |= {"recorded": True, **_of_cassette(folder / f"cassettes/{name}.msgpack")}
    log.write_text("")
    environment = {**os.environ, **FAKE_KEYS, "DESK_LOG": str(log)}
    replayed = _command(where, folder, environment, "replay", script)
    found = folder / "found.json"
    options = ("--max-examples", str(examples), "--report", f"json:{found}")
    fuzzed = _command(where, folder, environment, "fuzz", script, *options)
    asked |= {"replayed": replayed.returncode == 0, "real_runs": len(log.read_text().splitlines())}
    if fuzzed.returncode not in (0, 1):
        return Measured(**asked, note=_last_line(fuzzed))
    return Measured(**asked, **_of_search(json.loads(found.read_text())["campaigns"][0]))


def desk(asked: Asked) -> Said:
    """Looks the order up, refunds it and says so, by whatever names the framework gave the tools."""
    offered = _OFFERED.findall(json.dumps(asked.body.get("tools", [])))
    named = {word: next((one for one in offered if word in one.lower()), "") for word in _STEPS}
    steps = [Called.of(named[word], given) for word, given in _STEPS.items() if named[word]]
    if asked.turns < len(steps):
        return Said("", (steps[asked.turns],))
    return Said("Your refund of $1,500 for order A-17 is on its way.")


_STEPS: Mapping[str, Mapping[str, Any]] = {
    "lookup_order": {"order_id": "A-17"},
    "refund": {"order_id": "A-17", "amount": 1500},
    "final_answer": {"answer": "Your refund of $1,500 for order A-17 is on its way."},
}


def _recorded(where: Environment, script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    authority = trustme.CA()
    trusted = folder / "authority.pem"
    trusted.write_bytes(authority.cert_pem.bytes())
    with standin(desk, contexts=contexts_of(authority)) as server:
        through = dict.fromkeys(("HTTPS_PROXY", "https_proxy"), server.url)
        trust = dict.fromkeys(("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"), str(trusted))
        environment = {**os.environ, **FAKE_KEYS, **through, **trust}
        return _command(where, folder, environment, "record", script)


def _command(
    where: Environment, folder: Path, environment: Mapping[str, str], *arguments: str
) -> subprocess.CompletedProcess[str]:
    command = [str(where.python), "-m", "agent_chaos", *arguments]
    with tempfile.TemporaryFile("w+") as out:  # a pipe would wait for what the command leaves behind
        try:
            code = subprocess.run(
                command,
                cwd=folder,
                env=dict(environment),
                stdout=out,
                stderr=out,
                check=False,
                timeout=_LIMIT_S,
            ).returncode
        except subprocess.TimeoutExpired:
            out.write(f"\n{arguments[0]} did not end within {_LIMIT_S} s")
            code = -1
        out.seek(0)
        return subprocess.CompletedProcess(command, code, out.read(), "")


def _of_cassette(path: Path) -> dict[str, Any]:
    cassette = open_cassette(path)
    ran = (one.name for one in cassette.tools if one.is_call and not one.pure)
    through = (one.transport for one in cassette.exchanges)
    return {"tools": tuple(dict.fromkeys(ran)), "clients": tuple(dict.fromkeys(through))}


def _of_search(campaign: Mapping[str, Any]) -> dict[str, Any]:
    figures, findings = campaign["figures"], campaign["findings"]
    return {
        "examples": figures["examples"],
        "kinds": len(figures["fired"]),
        "failures": figures["distinct"],
        "finding": findings[0]["headline"] if findings else "",
    }


def _last_line(done: subprocess.CompletedProcess[str]) -> str:
    told = [line for line in done.stdout.splitlines() if line.strip()]
    errors = [line for line in told if line.startswith("error: ")]
    return (errors or told or [f"exit code {done.returncode}"])[-1].strip()


def _today() -> str:
    return datetime.now(UTC).date().isoformat()
