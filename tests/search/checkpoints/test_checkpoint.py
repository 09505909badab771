"""A campaign that was ended, and is gone on with, is the campaign that was not ended."""

from __future__ import annotations

import shutil
from contextlib import closing, suppress
from pathlib import Path

import pytest

from agent_chaos.errors import UsageError
from agent_chaos.oracles.verdict import Verdict
from agent_chaos.search.checkpoints.beginning import Beginning, CampaignSelection
from agent_chaos.search.checkpoints.checkpoint import FILE, Checkpoint
from agent_chaos.search.checkpoints.checkpoint_executor import CheckpointExecutor
from agent_chaos.search.checkpoints.kept_results import KeptResults
from agent_chaos.search.checkpoints.stopwatch import Stopwatch
from agent_chaos.search.corpus.failure_files import Corpus
from agent_chaos.search.executors.inline import Inline
from agent_chaos.search.judgements import Judgements
from agent_chaos.search.search import find_failures
from agent_chaos.search.selection import scoped
from agent_chaos.search.space import Space
from tests.search import shop
from tests.search.shop import TRUNCATED
from tests.search.workers import everything

EXAMPLES = 10
CHOSEN = {"max_examples": EXAMPLES, "seed": 3, "scope": scoped(only=("truncate", "server"))}


def beginning(subject, corpus=None, **changed):
    known = {"seed": 3, "max_examples": EXAMPLES, "shard": "1/1", "selection": CampaignSelection()}
    stored = tuple(corpus.load_all()) if corpus else ()
    return Beginning.of(subject, **{**known, "stored": stored, **changed})


def searched(folder, subject, *, corpus=None, checkpoint=None, stop_after=None):
    """The campaign, or None where it was stopped as by Ctrl-C or a kill after so many runs."""
    checkpoint = checkpoint or Checkpoint.begun(folder, beginning(subject, corpus))
    subject.left = stop_after
    try:
        return find_failures(subject, **CHOSEN, corpus=corpus, checkpoint=checkpoint)
    finally:
        checkpoint.close()


class Killed(Exception):
    """What no campaign survives."""


class Stopping(shop.Logged):
    """The shop; the process ends, or Ctrl-C comes, after some runs."""

    left: int | None = None
    by: type[BaseException] = KeyboardInterrupt

    def trial(self, plan):
        if self.left is not None:
            self.left -= 1
            if self.left == 0:
                raise self.by
        return super().trial(plan)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The campaign in one piece, and its file."""
    folder = tmp_path_factory.mktemp("whole")
    return searched(folder, shop.Logged()), folder / FILE


@pytest.mark.parametrize(
    ("by", "runs"),
    [(KeyboardInterrupt, 4), (Killed, 4), (KeyboardInterrupt, EXAMPLES + 4)],
    ids=["Ctrl-C", "killed", "Ctrl-C while shrinking"],
)
def test_a_campaign_gone_on_with_says_what_it_says_in_one_piece(tmp_path, whole, by, runs):
    first, second, corpus = Stopping(), shop.Logged(), Corpus(tmp_path / "stored")
    first.by = by
    with suppress(Killed):
        searched(tmp_path, first, corpus=corpus, stop_after=runs)
    again = searched(tmp_path, second, corpus=corpus, checkpoint=Checkpoint.taken_up(tmp_path / FILE))

    assert first.left is not None
    assert first.left <= 0
    assert everything(again) == everything(whole[0])
    figures = whole[0].figures
    assert len(second.plans) <= figures.examples + figures.shrink_runs - min(runs - 1, EXAMPLES)


class Counted(Stopwatch):
    """Counts how often what passed was forgotten."""

    times = 0

    def begin_again(self):
        self.times += 1
        super().begin_again()


def test_only_what_passes_before_the_first_new_run_is_no_time_of_the_campaign(tmp_path, whole):
    path = Path(shutil.copy(whole[1], tmp_path))
    checkpoint = Checkpoint.taken_up(path)
    checkpoint.stopwatch = counted = Counted()
    first, second, *_ = (one.plan for one in KeptResults(path).examples())
    subject = shop.Logged()
    executor = CheckpointExecutor(Inline(subject, Space.of(subject.clean)), checkpoint)
    with closing(executor), closing(checkpoint):
        ran = [one.plan for one in executor.examine([first, TRUNCATED.without(0), second])]

    assert ran == [first, TRUNCATED.without(0), second]
    assert subject.plans == [TRUNCATED.without(0)]
    assert counted.times == 1


def test_every_result_reads_as_it_was_written(whole):
    campaign, path = whole
    kept = KeptResults(path)
    examples = list(kept.examples())

    judged = Judgements()
    for one in examples:
        judged.add(one.judged)

    assert judged == campaign.judged
    assert all(one.reason for one in examples if one.verdict is Verdict.FAIL)
    assert {one.verdict for one in examples} >= {Verdict.PASS, Verdict.FAIL}
    assert sum(one.runs for one in kept.shrinks()) == campaign.figures.shrink_runs
    assert not kept.interrupted


@pytest.mark.parametrize("lost", [1, 400], ids=["a byte", "results"])
def test_what_a_kill_tore_is_run_again(tmp_path, whole, lost):
    data = whole[1].read_bytes()
    (tmp_path / FILE).write_bytes(data[:-lost])
    again = searched(tmp_path, shop.Logged(), checkpoint=Checkpoint.taken_up(tmp_path / FILE))

    assert everything(again) == everything(whole[0])
    assert not KeptResults(tmp_path / FILE).interrupted


def test_more_examples_are_added_to_those_that_ran(tmp_path, whole):
    (tmp_path / FILE).write_bytes(whole[1].read_bytes())
    subject = shop.Logged()
    checkpoint = Checkpoint.taken_up(tmp_path / FILE)
    chosen = {**CHOSEN, "max_examples": 2 * EXAMPLES}
    more = find_failures(subject, **chosen, checkpoint=checkpoint)
    once = find_failures(shop.Logged(), **chosen)

    assert everything(more) == everything(once)
    assert len(subject.plans) < once.figures.examples + once.figures.shrink_runs


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"seed": 4}, "--seed was 3, and is 4"),
        (
            {"selection": CampaignSelection(only_faults=("truncate",))},
            "--only-faults was not given, and is truncate",
        ),
        ({"selection": CampaignSelection(profile="everyday")}, "--profile was all, and is everyday"),
    ],
)
def test_what_was_asked_for_otherwise_is_named(changed, said):
    subject = shop.Logged()

    assert list(beginning(subject).differences(beginning(subject, **changed))) == [said]


def test_another_recording_library_or_line_of_the_agent_is_named():
    was = beginning(shop.Logged())
    file = next(name for name in was.code if name.endswith("shop.py"))
    now = was.model_copy(
        update={
            "cassette_digest": "another",
            "versions": {**was.versions, "python": "2.7"},
            "code": {**was.code, file: "edited", "elsewhere.py": "new"},
        }
    )

    recording, code, version = was.differences(now)
    assert "recording" in recording
    assert file in code
    assert "2.7" in version


@pytest.mark.parametrize("content", [b"", b"something else entirely", b"agent-chaos 1.0\n", None])
def test_a_file_that_is_none_is_told_in_a_line(tmp_path, content):
    path = tmp_path / FILE
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(UsageError, match=FILE):
        KeptResults(path)
