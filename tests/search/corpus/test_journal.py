"""Nothing that ends a campaign early takes along what it had found."""

from __future__ import annotations

import pytest

from agent_chaos.search.corpus.failure_files import Corpus
from agent_chaos.search.search import find_failures
from tests.search import shop


class Ended(Exception):
    """What a reporter raises, or whatever else ends a campaign in the middle."""


def ended_early(corpus):
    def listener(progress):
        if progress.phase == "shrink":
            raise Ended

    with pytest.raises(Ended):
        find_failures(shop.rehearsal(shop.careless), max_examples=20, corpus=corpus, listener=listener)


def test_what_was_found_is_on_disk_and_marked_as_not_made_small(tmp_path):
    ended_early(Corpus(tmp_path))
    kept = Corpus(tmp_path).load_all()

    assert any(one.violation.oracle == "unfinished_tool_call" for one in kept)
    assert [one.smallest for one in kept] == [False] * len(kept)


def test_a_failure_that_was_made_small_before_stays_small(tmp_path):
    corpus = Corpus(tmp_path)
    find_failures(shop.rehearsal(shop.careless), max_examples=20, corpus=corpus)
    small = {one.fingerprint: one for one in corpus.load_all()}
    ended_early(corpus)

    assert small
    assert {one.fingerprint: one for one in corpus.load_all() if one.fingerprint in small} == small
