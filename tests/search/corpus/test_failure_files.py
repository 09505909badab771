"""Stored failures: they come back as they were, run first, and a file that is not one is a clear error."""

import json

import pytest

from agent_chaos.errors import PlanError, UsageError
from agent_chaos.faults.plan import Plan
from agent_chaos.search.corpus.failure_files import Corpus, failure_id, failure_of, is_proven
from agent_chaos.search.search import find_failures
from agent_chaos.search.selection import scoped
from tests.search import shop
from tests.search.shop import TRUNCATED, Logged


def failure(**changes):
    subject = shop.rehearsal()
    outcome = subject.trial(TRUNCATED)
    made = failure_of(subject, outcome.violations[0], TRUNCATED, seed=3, smallest=True, checks=5)
    return made.model_copy(update=changes)


class OnDisk(Logged):
    """The shop, as it is where its recording lies on the disk."""

    cassette_digest = "recorded"


@pytest.fixture
def corpus(tmp_path):
    return Corpus(tmp_path / "stored")


def test_a_stored_failure_comes_back_as_it_was(corpus):
    kept = corpus.save(failure())

    assert corpus.load_all() == [kept]
    assert corpus.load(kept.id.lower()) == kept
    assert kept.plan == TRUNCATED
    assert kept.violation.oracle == "unfinished_tool_call"
    assert kept.versions["agent-chaos"]


@pytest.mark.parametrize(
    ("changed", "proven"),
    [
        ({}, True),
        ({"smallest": False}, False),
        ({"cassette_digest": "another"}, False),
        ({"versions": {}}, False),
    ],
    ids=["unchanged", "not smallest", "another recording", "other versions"],
)
def test_a_failure_is_proven_as_long_as_nothing_changed_that_it_depends_on(changed, proven):
    subject = OnDisk()
    made = failure_of(
        subject, subject.trial(TRUNCATED).violations[0], TRUNCATED, seed=3, smallest=True, checks=5
    )

    assert is_proven(made.model_copy(update=changed), subject) is proven


def test_a_failure_of_a_recording_that_is_not_on_the_disk_is_never_proven():
    assert not is_proven(failure(), shop.rehearsal())


def test_the_file_is_the_same_for_the_same_failure(corpus):
    path = corpus.folder / f"{corpus.save(failure()).id}.json"
    before = path.read_bytes()
    corpus.save(failure())

    assert path.read_bytes() == before
    assert [one.name for one in corpus.folder.iterdir()] == [path.name]


def test_an_id_depends_on_scenario_and_fingerprint_alone(corpus):
    one = failure()
    again = failure(seed=99, smallest=False, plan=one.plan.without(0))

    assert corpus.save(one).id == corpus.save(again).id == failure_id("shop", one.fingerprint)
    assert failure_id("shop", "o:x") == "F-GKK9"
    assert corpus.load_all() == [again]


def test_a_second_failure_whose_short_id_is_taken_gets_a_longer_one(corpus):
    one = failure()
    taken = corpus.save(one)
    path = corpus.folder / f"{taken.id}.json"
    path.write_text(path.read_text().replace(one.fingerprint, "another:failure"))
    kept = corpus.save(one)

    assert len(kept.id) == len(taken.id) + 1
    assert kept.id.startswith(taken.id)
    assert {stored.fingerprint for stored in corpus.load_all()} == {one.fingerprint, "another:failure"}


def test_a_removed_failure_is_gone(corpus):
    kept = corpus.save(failure())
    corpus.remove(kept)

    assert corpus.load_all() == []
    with pytest.raises(UsageError, match=f"no failure {kept.id} in .*; stored: none"):
        corpus.load(kept.id)


def altered(**fields):
    return lambda stored: json.dumps({**stored, **fields})


def with_fault(**fields):
    def change(stored):
        placed = stored["plan"]["faults"][0]
        return altered(plan={"version": 1, "faults": [{**placed, "fault": {**placed["fault"], **fields}}]})(
            stored
        )

    return change


DAMAGE = {
    "cut off": (lambda stored: json.dumps(stored)[:200], "cannot be read as a stored failure"),
    "empty": (lambda stored: "", "cannot be read as a stored failure"),
    "not an object": (lambda stored: "[1, 2]", "not a stored failure"),
    "nested too deep": (lambda stored: "[" * 200_000, "cannot be read as a stored failure"),
    "an unknown field": (altered(colour="red"), "colour: Extra inputs are not permitted"),
    "a missing field": (lambda stored: json.dumps({"version": 1}), "Field required"),
    "an id of another form": (altered(id="../../x"), "id: String should match pattern"),
    "an unknown fault": (with_fault(kind="truncat"), "unknown fault 'truncat'; did you mean truncate?"),
    "an unknown field of a fault": (with_fault(colour="red"), "colour: Extra inputs are not permitted"),
    "a number out of its bounds": (
        with_fault(offset=-1),
        "offset: Input should be greater than or equal to 0",
    ),
    "a text for a number": (with_fault(offset="many"), "offset: Input should be a valid integer"),
    "an unknown site": (
        altered(plan={"faults": [{"site": "moon 1", "fault": {"kind": "server_error"}}]}),
        "site 'moon 1': expected 'call N', 'call N.K' or 'tool N'",
    ),
    "a future version": (
        altered(version=2, new="x"),
        "failure format 2, this agent-chaos reads 1; upgrade it",
    ),
    "a version that is no number": (altered(version="new"), "version: Input should be 1"),
    "a plan of the future": (altered(plan={"version": 2, "faults": []}), "version: Input should be 1"),
}


@pytest.mark.parametrize(("change", "words"), DAMAGE.values(), ids=DAMAGE)
def test_a_file_that_is_not_a_failure_is_one_clear_error_and_stays_as_it_is(corpus, change, words):
    kept = corpus.save(failure())
    path = corpus.folder / f"{kept.id}.json"
    text = change(json.loads(path.read_text()))
    path.write_text(text)

    for read in (corpus.load_all, lambda: corpus.load(kept.id), lambda: corpus.save(kept)):
        with pytest.raises((UsageError, PlanError)) as caught:
            read()
        assert str(path) in str(caught.value)
        assert words in str(caught.value)
        assert "\n" not in str(caught.value)
        assert len(str(caught.value)) < 400
    assert path.read_text() == text


def test_bytes_that_are_not_text_are_one_clear_error(corpus):
    path = corpus.folder / f"{corpus.save(failure()).id}.json"
    path.write_bytes(b"\xff\xfe\x00")

    with pytest.raises(UsageError, match="cannot be read as a stored failure"):
        corpus.load_all()


def test_stored_failures_run_before_any_search_and_are_found_without_one(corpus):
    kept = corpus.save(failure())
    corpus.save(failure(scenario="another"))
    subject = Logged()
    campaign = find_failures(subject, max_examples=1, corpus=corpus, max_shrink_runs=0)

    assert subject.plans[0] == kept.plan
    assert campaign.figures.corpus_runs == 1
    assert campaign.figures.examples == 1
    assert kept.fingerprint in {finding.failure.fingerprint for finding in campaign.findings}


def test_what_a_search_finds_is_stored_and_a_second_search_starts_from_it(corpus):
    first = find_failures(shop.rehearsal(), max_examples=30, corpus=corpus)
    stored = corpus.load_all()
    plans = [Plan.from_json(text) for text in dict.fromkeys(one.plan.to_json() for one in stored)]
    subject = Logged()
    second = find_failures(subject, max_examples=1, corpus=corpus)

    assert {one.fingerprint for one in stored} == {one.failure.fingerprint for one in first.findings}
    assert subject.plans[: len(plans)] == plans
    assert {one.fingerprint for one in corpus.load_all()} == {
        one.failure.fingerprint for one in second.findings
    }


def test_a_search_that_no_longer_finds_a_stored_failure_keeps_it(corpus):
    kept = corpus.save(failure())
    campaign = find_failures(shop.rehearsal(shop.careful), max_examples=1, corpus=corpus, max_shrink_runs=0)

    assert kept.fingerprint not in {finding.failure.fingerprint for finding in campaign.findings}
    assert kept in corpus.load_all()


def test_a_damaged_file_stops_a_search_before_it_starts(corpus):
    path = corpus.folder / f"{corpus.save(failure()).id}.json"
    path.write_text("{")
    subject = Logged()

    with pytest.raises(UsageError, match="cannot be read as a stored failure"):
        find_failures(subject, max_examples=20, corpus=corpus)
    assert subject.plans == []
    assert path.read_text() == "{"


def test_where_faults_are_chosen_stored_failures_of_others_are_left_alone(corpus):
    corpus.save(failure())
    others = find_failures(shop.rehearsal(), max_examples=1, corpus=corpus, scope=scoped(only=["rate_limit"]))
    same = find_failures(shop.rehearsal(), max_examples=1, corpus=corpus, scope=scoped(only=["truncate"]))

    assert (others.figures.corpus_runs, len(others.findings)) == (0, 0)
    assert same.figures.corpus_runs == 1


def test_a_failure_that_quotes_half_a_character_is_stored_as_any_other(corpus):
    half = failure().violation.model_copy(update={"reason": "it said \ud83d", "after": {"text": "\ud83d"}})
    kept = corpus.save(failure(violation=half))

    assert corpus.load(kept.id).violation == half
