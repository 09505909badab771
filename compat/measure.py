"""One framework's agent, recorded against the stand-in, replayed and searched without it."""

from __future__ import annotations

import json
import os
import re
import resource
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import trustme

from agent_chaos.cassette.storage.file import open_cassette
from compat.environment import AGENTS, Environment
from compat.model import Desk
from docs.reference.frameworks import Measured
from tests.standin.record_scenarios import FAKE_KEYS, contexts_of
from tests.standin.server import standin

_LIMIT_S = 900


def measure(name: str, where: Environment, folder: Path, *, examples: int) -> Measured:
    """What became of the agent of `name`; `folder` holds what it left and what the commands printed."""
    shutil.rmtree(folder, ignore_errors=True)
    work = folder / "work"
    work.mkdir(parents=True)
    for file in ("desk.py", f"{name}_desk.py"):
        shutil.copy(AGENTS / file, work)
    agent = _Agent(name, where, folder)
    told = {"framework": where.package, "version": where.version, "date": _today()}
    return Measured(**(told | agent.measured(examples)))


@dataclass(frozen=True)
class _Agent:
    name: str
    where: Environment
    folder: Path

    def measured(self, examples: int) -> dict[str, Any]:
        recorded = self.recorded()
        if recorded.returncode != 0:
            return {"note": self.note(recorded)}
        told = {"recorded": True, **_of_cassette(self.folder / f"work/cassettes/{self.name}.msgpack")}
        replayed = self.command("replay", {})
        told |= {"replayed": replayed.returncode == 0}
        found = self.folder / "found.json"
        before = _cpu_s()
        options = ("--max-examples", str(examples), "--report", f"json:{found}")
        fuzzed = self.command("fuzz", {}, *options)
        told |= {"cpu_s": round(_cpu_s() - before), "real_runs": self.runs("replay") + self.runs("fuzz")}
        if fuzzed.returncode not in (0, 1):
            return told | {"note": self.note(fuzzed)}
        note = "" if told["replayed"] else self.note(replayed)
        return told | of_search(json.loads(found.read_text())["campaigns"][0]) | {"note": note}

    def recorded(self) -> subprocess.CompletedProcess[str]:
        """Runs `record`, with a proxy between the SDK and the stand-in that ends TLS for the provider's own host."""
        authority = trustme.CA()
        trusted = self.folder / "authority.pem"
        trusted.write_bytes(authority.cert_pem.bytes())
        with standin(Desk(), contexts=contexts_of(authority)) as server:
            through = dict.fromkeys(("HTTPS_PROXY", "https_proxy"), server.url)
            trust = dict.fromkeys(("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"), str(trusted))
            return self.command("record", {**through, **trust})

    def command(
        self, word: str, environment: Mapping[str, str], *options: str
    ) -> subprocess.CompletedProcess[str]:
        """Runs a command of agent-chaos in the framework's environment; its output is a file, which no child holds open."""
        command = [str(self.where.python), "-m", "agent_chaos", word, f"{self.name}_desk.py", *options]
        own = {**os.environ, **FAKE_KEYS, **environment, "DESK_LOG": str(self.folder / f"{word}.ran")}
        printed = self.folder / f"{word}.out"
        with printed.open("w") as out:
            try:
                code = subprocess.run(
                    command,
                    cwd=self.folder / "work",
                    env=own,
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=out,
                    check=False,
                    timeout=_LIMIT_S,
                ).returncode
            except subprocess.TimeoutExpired:
                out.write(f"\nerror: {word} did not end within {_LIMIT_S} s\n")
                code = -1
        return subprocess.CompletedProcess(command, code, printed.read_text(encoding="utf-8"), "")

    def note(self, done: subprocess.CompletedProcess[str]) -> str:
        """The error of a command, else its last line, without what is of this machine only."""
        told = [line for line in done.stdout.splitlines() if line.strip()]
        errors = [line for line in told if line.startswith("error: ")]
        said = (errors or told or [f"exit code {done.returncode}"])[-1].strip()
        return re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1", said.replace(f"{self.folder}/", ""))

    def runs(self, word: str) -> int:
        """How often tools ran for real in a command, as they noted themselves."""
        log = self.folder / f"{word}.ran"
        return len(log.read_text().splitlines()) if log.exists() else 0


def _of_cassette(path: Path) -> dict[str, Any]:
    cassette = open_cassette(path)
    ran = (one.name for one in cassette.tools if one.is_call and not one.pure)
    through = (one.transport for one in cassette.exchanges)
    return {"tools": tuple(dict.fromkeys(ran)), "clients": tuple(dict.fromkeys(through))}


def of_search(campaign: Mapping[str, Any]) -> dict[str, Any]:
    """The figures of a search, and its first finding by what went wrong and the smallest plan that shows it."""
    figures = campaign["figures"]
    return {
        "examples": figures["examples"],
        "kinds": len(figures["fired"]),
        "failures": figures["distinct"],
        "finding": _shown(campaign),
    }


def _shown(campaign: Mapping[str, Any]) -> str:
    if not campaign["findings"]:
        return ""
    first = campaign["findings"][0]["failures"][0]
    shown = next(one for one in campaign["failures"] if one["failure"]["id"] == first)
    return f"{shown['failure']['violation']['reason']} ({'; '.join(shown['plan'])})"


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _today() -> str:
    return datetime.now(UTC).date().isoformat()
