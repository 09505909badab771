"""`agent-chaos record --serve`: a recording through a server on this machine, of an app that is started elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from rich.text import Text

from agent_chaos.cassette.keys import KEY_VERSION
from agent_chaos.cassette.model import Header
from agent_chaos.cassette.storage.writer import CassetteWriter
from agent_chaos.commands.serve import exports, listening, until_interrupted
from agent_chaos.errors import RecordError, UsageError
from agent_chaos.patch.loopback.addresses import BASE_URLS, here
from agent_chaos.patch.recording.capture import CaptureStats
from agent_chaos.record.recording import DEFAULT_SEED
from agent_chaos.record.summary import installed_versions
from agent_chaos.report.console import console
from agent_chaos.report.printable import count, printable
from agent_chaos.serve.authority import Authority
from agent_chaos.serve.recorder import RecordingService


def record_serve(
    path: Path,
    *,
    mode: str,
    port: int,
    tls: Path | None = None,
    wait: Callable[[], None] = until_interrupted,
) -> int:
    """Forwards to the providers until Ctrl-C, then writes the cassette.

    Raises UsageError where there is one and `mode` is not `all`, and for a port that is taken; RecordError where nothing was
    asked of a model.
    """
    if mode not in ("once", "all"):
        raise UsageError(f"--serve goes with --record-mode once or all, not {mode}")
    if path.exists() and mode == "once":
        raise UsageError(f"{path} is there already; --record-mode all records it afresh")
    authority = Authority() if tls else None
    if authority is not None and tls is not None:
        authority.write(tls)
    header = Header(
        scenario=path.stem,
        started_at=time.time(),
        seed=DEFAULT_SEED,
        key_version=KEY_VERSION,
        versions=installed_versions(),
    )
    writer = CassetteWriter(path, header)
    try:
        service = listening(
            lambda: RecordingService(writer, port=port, tls=authority.context if authority else None), port
        )
    except UsageError:
        writer.discard()
        raise
    _say(f"recording into {path} until Ctrl-C; requests go on to the providers")
    for line in (
        *(f"export {name}={here(service.url, url)}" for name, url in BASE_URLS.items()),
        *(exports(service.url, tls) if tls else ()),
    ):
        _say(line)
    try:
        wait()
    except KeyboardInterrupt:
        pass
    finally:
        stats = service.close()
    return _finished(writer, stats)


def _finished(writer: CassetteWriter, stats: CaptureStats) -> int:
    passed = ", ".join(sorted(stats.passed))
    if not len(writer):
        writer.discard()
        seen = f"only {passed} was asked, which answers for no model" if passed else "no request came"
        raise RecordError(f"{writer.path}: nothing was recorded: {seen}")
    writer.finish()
    hosts = ", ".join(sorted(stats.hosts))
    tokens = f"{stats.input_tokens:,} tokens in, {stats.output_tokens:,} out"
    _say(f"{writer.path}: {count(stats.calls, 'call')}, {tokens}; hosts: {hosts}")
    if passed:
        _say(f"not recorded, since they answer for no model: {passed}")
    _say(f"Next: agent-chaos serve {writer.path}")
    return 0


def _say(line: str) -> None:
    console().print(Text(printable(line)), soft_wrap=True)
