"""`agent-chaos record --serve`: a recording through a server on this machine, of an app that is started elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from agent_chaos.cassette.keys import KEY_VERSION
from agent_chaos.cassette.model import Header
from agent_chaos.cassette.storage.writer import CassetteWriter
from agent_chaos.commands.output import print_line
from agent_chaos.commands.serve import exports, listening, until_interrupted
from agent_chaos.errors import RecordError, UsageError
from agent_chaos.patch.loopback.addresses import BASE_URLS, here
from agent_chaos.patch.recording.capture import CaptureStats
from agent_chaos.record.recording import DEFAULT_SEED
from agent_chaos.record.summary import installed_versions
from agent_chaos.report.printable import count
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
    writer = _begun(path)
    try:
        service = listening(
            lambda: RecordingService(writer, port=port, tls=authority.context if authority else None), port
        )
    except UsageError:
        # What was begun is taken away, or the next attempt would find a cassette there already.
        writer.discard()
        raise
    _announce(path, service.url, tls)
    try:
        wait()
    # Ctrl-C is how it is ended, and what was recorded until then is the recording.
    except KeyboardInterrupt:
        pass
    finally:
        stats = service.close()
    return _finished(writer, stats)


def _begun(path: Path) -> CassetteWriter:
    header = Header(
        scenario=path.stem,
        started_at=time.time(),
        seed=DEFAULT_SEED,
        key_version=KEY_VERSION,
        versions=installed_versions(),
    )
    return CassetteWriter(path, header)


def _announce(path: Path, server: str, tls: Path | None) -> None:
    print_line(f"recording into {path} until Ctrl-C; requests go on to the providers")
    for name, url in BASE_URLS.items():
        print_line(f"export {name}={here(server, url)}")
    for line in exports(server, tls) if tls else ():
        print_line(line)


def _finished(writer: CassetteWriter, stats: CaptureStats) -> int:
    passed = ", ".join(sorted(stats.passed))
    if not len(writer):
        writer.discard()
        seen = f"only {passed} was asked, which answers for no model" if passed else "no request came"
        raise RecordError(f"{writer.path}: nothing was recorded: {seen}")
    writer.finish()
    hosts = ", ".join(sorted(stats.hosts))
    tokens = f"{stats.input_tokens:,} tokens in, {stats.output_tokens:,} out"
    print_line(f"{writer.path}: {count(stats.calls, 'call')}, {tokens}; hosts: {hosts}")
    if passed:
        print_line(f"not recorded, since they answer for no model: {passed}")
    print_line(f"Next: agent-chaos serve {writer.path}")
    return 0
