"""Records live traffic into a scribe. vcrpy carries the lifecycle; the streams are our own, so that tokens arrive live.

Requests go out with `accept-encoding: identity`. Everything is kept that goes to a host which answers for a model in this
run, or that is named; the rest is counted by host (`scope`). A reply the client closed early is kept as ended
where its protocol's terminator had arrived (OpenAI's client closes at `[DONE]`), and as broken ("closed by the client")
where it had not, since nobody knows what the rest would have been.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Literal, get_args

from agent_chaos.cassette.model import Cassette, Scribe
from agent_chaos.errors import RecordError, UsageError
from agent_chaos.patch.recording.capture import Capture, CaptureStats
from agent_chaos.patch.recording.earlier_recording import Earlier
from agent_chaos.patch.recording.scope import RecordedHosts
from agent_chaos.patch.recording.unseen_traffic import watching
from agent_chaos.patch.recording.vcr_cassette import vcr_lifecycle
from agent_chaos.runtime import real
from agent_chaos.stream.exchange import Reply, Request

RecordMode = Literal["once", "new_episodes", "all", "none"]
"""As in vcrpy: `once` records where there is no earlier cassette, `new_episodes` adds what it lacks, `all` records
everything anew, `none` records nothing. But for `all`, requests the earlier cassette has are answered from it."""


@contextmanager
def recording(
    scribe: Scribe,
    *,
    hosts: Sequence[str] = (),
    ignore_hosts: Sequence[str] = (),
    before_request: Callable[[Request], Request | None] | None = None,
    before_response: Callable[[Reply], Reply | None] | None = None,
    mode: str = "all",
    clock: Callable[[], float] | None = None,
    earlier: Cassette | None = None,
) -> Iterator[CaptureStats]:
    """Records every request this process makes in the block, from any thread, sync and async.

    Args:
        scribe: where exchanges go, each when its reply has ended, in the thread in which it ended.
        hosts: names to record besides the providers' (`api.example.com`, `*.example.com`, `localhost:8080`).
        ignore_hosts: names never to record; they win over `hosts` and over protocols.
        before_request, before_response: rewrite what is kept; None drops the exchange. The agent sees the original.
        mode: see `RecordMode`.
        clock: seconds since the recording started; by default the monotonic clock from now on.
        earlier: the cassette that `once`, `new_episodes` and `none` answer from.

    Raises:
        UsageError: there is no such mode.
        RecordError: at the end, where a hook failed.
        ReplayMiss: in the agent, where the mode does not let a request out.
    """
    if mode not in get_args(RecordMode):
        raise UsageError(f"there is no record mode {mode!r}; it is one of {', '.join(get_args(RecordMode))}")
    recorder = Capture(
        scribe, RecordedHosts(hosts, ignore_hosts), before_request, before_response, clock or _since_now()
    )
    # As in vcrpy: `once` with a cassette is a promise that nothing new goes out.
    protected = mode == "none" or (mode == "once" and earlier is not None)
    recorder.answer_from(Earlier(earlier if mode != "all" else None), protected=protected)
    try:
        with watching() as unseen, vcr_lifecycle(recorder, mode, unseen):
            recorder.recorded.unseen = unseen
            yield recorder.recorded
    finally:
        # Also where the agent failed: what had been paid for by then stays in the journal.
        recorder.flush()
    # After the block, so that a failure of the agent, which says more, is not replaced by it.
    if recorder.failure is not None:
        raise RecordError(f"a before_record hook failed: {recorder.failure!r}") from recorder.failure


def _since_now() -> Callable[[], float]:
    started = real.monotonic()
    return lambda: real.monotonic() - started
