"""`agent-chaos cassette refresh`: records scenarios afresh, and says what the provider says differently now."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from agent_chaos.cassette.conversation import conversation_diff
from agent_chaos.cassette.storage.file import open_cassette
from agent_chaos.commands.output import print_line, say_skipped
from agent_chaos.commands.record import record
from agent_chaos.errors import AgentChaosError
from agent_chaos.patch.install import install
from agent_chaos.scenario.loader import load
from agent_chaos.scenario.selector import Selector

_NEXT = "Next: agent-chaos replay says which stored failures are still there."


def refresh(targets: list[str], selector: Selector) -> int:
    """Records as `record --record-mode all`, then writes a diff of each conversation that was recorded before.

    A recording that fails leaves the earlier cassette. The exit code is that of the recording. Raises UsageError.
    """
    install()
    loaded = selector.of(load(targets, variants=True, skip=say_skipped))
    paths = dict.fromkeys(one.scenario.cassette_path for one in loaded)
    with TemporaryDirectory() as folder:
        before = {path: _kept(path, Path(folder) / f"{n}.msgpack") for n, path in enumerate(paths)}
        code = record(targets, mode="all", selector=selector, next_step="")
        for path, kept in before.items():
            # A recording that failed leaves the earlier file as it was, byte for byte.
            if kept is not None and kept.read_bytes() != path.read_bytes():
                for line in _changes(kept, path):
                    print_line(line)
    print_line(_NEXT)
    return code


def _kept(path: Path, copy: Path) -> Path | None:
    return Path(shutil.copyfile(path, copy)) if path.is_file() else None


def _changes(before: Path, after: Path) -> Iterator[str]:
    try:
        lines = conversation_diff(
            open_cassette(before), open_cassette(after), (f"{after} before", f"{after} now")
        )
    except AgentChaosError as exc:  # what is damaged, or of another version, has no conversation to compare
        yield f"{after}: nothing to compare with: {exc}".replace(str(before), "the earlier cassette")
        return
    yield from lines or [f"{after}: the same conversation"]
