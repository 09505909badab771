"""Records the shipped scenarios with the real command: `python -m tests.standin.record_scenarios [NAME…]`.

The SDKs speak to their real host names; a proxy on loopback ends their TLS at the stand-in, with a certificate of an
authority that lives as long as this process.
"""

from __future__ import annotations

import os
import ssl
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import trustme

from tests.standin.said import Script
from tests.standin.scripts import SCRIPTS
from tests.standin.server import standin

FAKE_KEYS = {
    "ANTHROPIC_API_KEY": "sk-ant-api03-stand-in-key-0123456789",
    "OPENAI_API_KEY": "sk-proj-stand-in-key-0123456789abcdef",
    "GEMINI_API_KEY": "AIzaSyStandInKey0123456789abcdefghijklm",
}


def record(
    name: str, *, folder: Path, pace_s: float = 0.02, first_byte_s: float = 0.4
) -> subprocess.CompletedProcess[str]:
    """Runs `agent-chaos record` for one scenario of `folder`, against its script."""
    return record_target(
        f"scenarios/{name}.py", SCRIPTS[name], folder=folder, pace_s=pace_s, first_byte_s=first_byte_s
    )


def contexts_of(authority: trustme.CA) -> Callable[[str], ssl.SSLContext]:
    """The TLS context of each host, with a certificate of the authority."""

    @cache
    def context(host: str) -> ssl.SSLContext:
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(host).configure_cert(made)
        return made

    return context


def record_target(
    target: str, script: Script, *, folder: Path, pace_s: float = 0.02, first_byte_s: float = 0.4
) -> subprocess.CompletedProcess[str]:
    """Runs `agent-chaos record` for a target in `folder`, where the model says what `script` does."""
    authority = trustme.CA()
    with (
        tempfile.NamedTemporaryFile(suffix=".pem") as trusted,
        standin(script, pace_s=pace_s, first_byte_s=first_byte_s, contexts=contexts_of(authority)) as server,
    ):
        trusted.write(authority.cert_pem.bytes())
        trusted.flush()
        proxy = {"HTTPS_PROXY": server.url, "https_proxy": server.url, "SSL_CERT_FILE": trusted.name}
        command = [
            sys.executable,
            "-m",
            "agent_chaos",
            "record",
            target,
            "--record-mode",
            "all",
        ]
        environment = {**os.environ, **FAKE_KEYS, **proxy}
        return subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, check=False
        )


def main() -> int:
    folder = Path(__file__).resolve().parents[2]
    for name in sys.argv[1:] or list(SCRIPTS):
        done = record(name, folder=folder)
        sys.stdout.write(done.stdout + done.stderr)
        if done.returncode:
            return done.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main())
