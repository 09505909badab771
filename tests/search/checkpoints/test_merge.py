"""Shards joined: what they ran is one campaign, in whatever order they are given."""

from __future__ import annotations

from itertools import permutations

import pytest

from agent_chaos.errors import UsageError
from agent_chaos.search.checkpoints.beginning import Beginning, CampaignSelection
from agent_chaos.search.checkpoints.checkpoint import FILE, Checkpoint
from agent_chaos.search.checkpoints.kept_results import KeptResults
from agent_chaos.search.checkpoints.merge import in_order, merged
from agent_chaos.search.checkpoints.shard import Shard
from agent_chaos.search.search import find_failures
from agent_chaos.search.selection import scoped
from tests.search import shop
from tests.search.workers import everything

NARROW = scoped(only=("truncate", "server_error", "overloaded", "rate_limit_plain"))
APART = {"clean_runs", "corpus_runs", "shrink_runs", "distinct", "seconds"}
"""Figures of what each shard does for itself; it may meet one failure more while it makes another one small."""


def shard_of(folder, text, subject, **chosen):
    asked = {name: chosen[name] for name in ("exhaustive", "until_covered") if name in chosen}
    begun = Beginning.of(
        subject, seed=0, max_examples=12, shard=text, selection=CampaignSelection(**asked), stored=()
    )
    checkpoint = Checkpoint.begun(folder / text.replace("/", "-"), begun)
    campaign = find_failures(
        subject, max_examples=12, scope=NARROW, shard=Shard.parse(text), checkpoint=checkpoint, **chosen
    )
    return campaign, checkpoint.path


def thirds(folder, subject, **chosen):
    return [shard_of(folder, f"{number}/3", subject, **chosen) for number in (1, 2, 3)]


def joined(shards):
    return merged(shop.Logged(), in_order([KeptResults(path) for _, path in shards]), scope=NARROW)


def counted(campaign):
    return campaign.figures.model_dump(exclude=APART)


def failures(campaign):
    return {finding.failure.model_dump_json() for finding in campaign.findings}


@pytest.fixture(scope="module")
def every_single(tmp_path_factory):
    return thirds(tmp_path_factory.mktemp("shards"), shop.Logged(), exhaustive=True)


def test_shards_that_run_every_single_fault_are_one_campaign_that_does(every_single):
    whole = find_failures(shop.Logged(), scope=NARROW, exhaustive=True)
    together = joined(every_single)

    assert whole.findings
    assert counted(together) == counted(whole)
    assert failures(together) >= failures(whole)
    assert together.judged == whole.judged
    assert together.coverage == whole.coverage


def test_the_order_in_which_shards_are_given_changes_nothing(every_single):
    first, *others = [everything(joined(order)) for order in permutations(every_single)][::2]

    assert others == [first] * len(others)


def test_every_failure_of_a_shard_is_one_of_the_whole_and_no_larger(every_single):
    whole = {one.failure.fingerprint: one.failure for one in joined(every_single).findings}
    parts = [one.failure for campaign, _ in every_single for one in campaign.findings]

    assert set(whole) == {one.fingerprint for one in parts}
    assert all(len(whole[one.fingerprint].plan) <= len(one.plan) for one in parts)
    assert all(one.smallest for one in whole.values())


def test_runs_are_added(every_single):
    figures, parts = joined(every_single).figures, [campaign.figures for campaign, _ in every_single]

    for name in ("examples", "ok", "failures", "clean_runs", "shrink_runs"):
        assert getattr(figures, name) == sum(getattr(part, name) for part in parts), name


def test_shards_that_search_cover_together_what_one_campaign_covers(tmp_path):
    shards = thirds(tmp_path, shop.Logged(), until_covered=True)
    together = joined(shards).figures
    whole = find_failures(shop.Logged(), max_examples=12, scope=NARROW, until_covered=True).figures

    assert together.singles_run == together.singles_total >= whole.singles_total
    assert set(together.fired) >= set(whole.fired)
    parts = [campaign.figures.examples for campaign, _ in shards]
    assert max(parts) < together.examples <= sum(parts)


def test_shards_draw_different_plans():
    plans = []
    for text in ("1/2", "2/2"):
        subject = shop.Logged()
        find_failures(subject, max_examples=12, max_shrink_runs=0, shard=Shard.parse(text))
        plans.append({plan.to_json() for plan in subject.plans})

    assert len(plans[0] & plans[1]) < 3


def test_a_shard_that_was_interrupted_makes_the_whole_interrupted(every_single, tmp_path):
    whole = every_single[1][1].read_bytes()
    (tmp_path / FILE).write_bytes(whole[:-1])
    cut = joined([every_single[0], (None, tmp_path / FILE), every_single[2]])

    assert cut.interrupted
    assert not joined(every_single).interrupted


def test_all_shards_of_one_campaign_must_be_there_once(every_single, tmp_path):
    first, second, third = [KeptResults(path) for _, path in every_single]
    _, other = shard_of(tmp_path, "3/3", shop.Logged())

    with pytest.raises(UsageError, match="1/3, 2/3"):
        in_order([first, second])
    with pytest.raises(UsageError, match="give each once"):
        in_order([first, second, third, third, KeptResults(third.path)])
    with pytest.raises(UsageError, match="--exhaustive was True, and is not given"):
        in_order([first, second, KeptResults(other)])


@pytest.mark.parametrize("text", ["0/3", "4/3", "3", "a/b", "1/0", "-1/3", ""])
def test_a_shard_is_a_number_of_a_number(text):
    with pytest.raises(UsageError, match="1/8"):
        Shard.parse(text)


def test_no_shard_is_without_examples():
    assert [Shard(number, 3).examples(8) for number in (1, 2, 3)] == [3, 3, 2]
    with pytest.raises(UsageError, match="too few"):
        Shard(1, 9).examples(8)
