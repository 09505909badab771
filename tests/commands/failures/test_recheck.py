"""How a stored failure stands: fixed is only what ran under every fault of its plan, was judged, and passed."""

import urllib.request

import anthropic
import pytest

from agent_chaos.cli import run_command
from agent_chaos.commands.failures.recheck import Standing, recheck
from agent_chaos.faults.plan import Plan
from agent_chaos.faults.transport.rate_limits import RateLimitLong
from agent_chaos.faults.transport.slow_replies import SlowFirstByte
from agent_chaos.faults.transport.truncate import Truncate
from agent_chaos.search.corpus.failure_files import Corpus, failure_of
from tests.search import shop

IN_THE_NUMBER = shop.TRUNCATED.faults[0].fault
IN_THE_TEXT = Truncate(boundary="mid_text", offset=0)


def stored(plan):
    """The gravest failure of the careless agent under a plan."""
    subject = shop.rehearsal()
    return failure_of(subject, subject.trial(plan).violations[0], plan, seed=0, smallest=True, checks=1)


def standing(failure, agent):
    return recheck(failure, shop.rehearsal(agent).trial(failure.plan))


def careful_but_on_trouble(then):
    """The careful agent, which does something else where its first reply is not whole."""

    def agent(ctx, text):
        client = anthropic.Anthropic(max_retries=1)
        _, _, ended = shop.heard(client, [{"role": "user", "content": text}])
        return shop.careful(ctx, text) if ended else then()

    return agent


def test_the_same_failure_still_fails():
    found = standing(stored(shop.TRUNCATED), shop.careless)

    assert found.standing is Standing.STILL_FAILS
    assert '"amount": 15}' in found.why


def test_an_agent_that_passes_under_every_fault_is_fixed():
    found = standing(stored(shop.TRUNCATED), shop.careful)

    assert found.standing is Standing.FIXED
    assert found.why.startswith(f"passes under {shop.TRUNCATED}")


def test_another_failure_is_a_change():
    found = standing(stored(shop.TRUNCATED), careful_but_on_trouble(lambda: [][0]))

    assert found.standing is Standing.CHANGED
    assert found.why.startswith("now fails by unhandled exception: IndexError in test_recheck.py:")


@pytest.mark.parametrize(
    "plan",
    [
        Plan.of([("call 1", IN_THE_TEXT)]),
        Plan.of([("call 0", SlowFirstByte(seconds=1)), ("call 1", IN_THE_TEXT)]),
    ],
    ids=["its only fault", "one of two"],
)
def test_a_fault_that_is_not_reached_is_stale_and_never_fixed(plan):
    found = standing(stored(plan), shop.curt)

    assert found.standing is Standing.STALE
    assert found.why.startswith("not reached: call 1: the stream ends in the middle of the answer's text")


def test_a_retry_that_is_no_longer_made_is_stale():
    failure = stored(Plan.of([("call 0", RateLimitLong(hours=1)), ("call 0.1", IN_THE_NUMBER)]))

    def gives_up(ctx, text):
        try:
            return shop.careful(ctx, text, max_retries=0)
        except anthropic.RateLimitError as exc:
            raise shop.Unavailable("come back in an hour") from exc

    found = standing(failure, gives_up)

    assert found.standing is Standing.STALE
    assert found.why.startswith("not reached: call 0, retry 1: ")


def test_a_run_that_left_the_recording_is_stale():
    def asks_something_else():
        client = anthropic.Anthropic(max_retries=0)
        return shop.heard(client, [{"role": "user", "content": "What did you mean by that?"}])[0]

    found = standing(stored(shop.TRUNCATED), careful_but_on_trouble(asks_something_else))

    assert found.standing is Standing.STALE
    assert "left the recording" in found.why


def test_a_refused_connection_is_neither_fixed_nor_the_agents_failure():
    def calls_home():
        return urllib.request.urlopen("http://home.example.com/").read()

    found = standing(stored(shop.TRUNCATED), careful_but_on_trouble(calls_home))

    assert found.standing is Standing.BROKEN
    assert "home.example.com" in found.why


def test_a_damaged_failure_keeps_no_other_from_being_replayed(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    target = shop.write_project(tmp_path)
    kept = Corpus().save(stored(shop.TRUNCATED).model_copy(update={"target": target}))
    (tmp_path / ".agent_chaos" / "F-ZZZZ.json").write_text("{")
    code = run_command(["replay"])
    told = capsys.readouterr()

    assert code == 2
    assert f"{kept.id}  shop  STILL FAILS" in told.out
    assert "F-ZZZZ.json: cannot be read as a stored failure" in told.err
