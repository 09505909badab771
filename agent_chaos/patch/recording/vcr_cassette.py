"""vcrpy's part in a recording: its cassette lifecycle, which puts patches in place and takes them back.

Every HTTP stack gets a tee of our own instead of vcrpy's stubs, which read a whole body before the client sees its head.
vcrpy is imported here, when a recording starts, since that takes 0.7 s.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from agent_chaos.patch.recording.capture import Capture
from agent_chaos.patch.recording.tee_aiohttp import aiohttp_patches
from agent_chaos.patch.recording.tee_http_client import http_client_patches
from agent_chaos.patch.recording.tee_httpx import httpx_patches
from agent_chaos.patch.recording.unseen_traffic import Unseen, resolving


@contextmanager
def vcr_lifecycle(recorder: Capture, mode: str, unseen: Unseen) -> Iterator[None]:
    """Patches every HTTP client while the block runs."""
    # Model servers on this machine (Ollama, vLLM) are providers like others.
    config: Any = import_module("vcr").VCR(record_mode=mode, ignore_localhost=False)
    arguments = partial(
        config.get_merged_config,
        path="agent-chaos",
        custom_patches=(*_patches(recorder), resolving(unseen)),
        # All of vcrpy's own, in whose place ours stand.
        skip_patchers=import_module("vcr.patch").PATCHER_NAMES,
    )
    lifecycle: AbstractContextManager[Any] = _cassette_class().use_arg_getter(arguments)
    with lifecycle:
        yield


def _patches(recorder: Capture) -> tuple[tuple[Any, str, Any], ...]:
    found = http_client_patches(recorder)
    # Imported although the agent may not use it: vcrpy takes the classes to patch before the agent runs.
    for name in ("httpx2", "httpx"):
        if find_spec(name) is not None:
            found += httpx_patches(import_module(name), recorder)
    if find_spec("aiohttp") is not None:
        found += aiohttp_patches(import_module("aiohttp"), recorder)
    return tuple(found)


def _cassette_class() -> Any:
    """A vcrpy cassette without a file: records are written as they happen."""

    def nothing(self: Any, *args: Any, **kwargs: Any) -> None:
        """There is nothing to load or to save."""

    base: Any = import_module("vcr.cassette").Cassette
    return type("RecorderCassette", (base,), {"_load": nothing, "_save": nothing})
