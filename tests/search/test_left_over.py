"""What earlier runs of one process left in the agent's modules is told, and is no failure of the agent."""

import http.client
import time

from agent_chaos.errors import ExitCode
from agent_chaos.report.build_record import campaign_record
from agent_chaos.report.contents.facts import facts
from agent_chaos.report.event import SearchEnded
from agent_chaos.report.result import result_of
from agent_chaos.search.corpus.failure_files import Corpus
from agent_chaos.search.search import find_failures
from agent_chaos.search.selection import scoped
from tests.search import plain

SERVER_ERRORS = scoped(only=["server_error", "bad_gateway"])


class Breaker:
    """Opens for half a minute after three failures with no success between them, as one at module level does."""

    def __init__(self):
        self.failures, self.open_until = 0, 0.0

    @property
    def is_open(self):
        return self.failures >= 3 and time.monotonic() < self.open_until

    def failed(self):
        self.failures += 1
        self.open_until = time.monotonic() + 30

    def succeeded(self):
        self.failures = 0


def agent_with(breaker):
    """An agent that asks once more after a failure, and says nothing where its breaker is open."""

    def ask(messages):
        for _ in range(2):
            if breaker.is_open:
                return ""
            try:
                status, _, body = plain.posted(messages)
            except (OSError, http.client.HTTPException):
                status = 0
            if status == 200:
                breaker.succeeded()
                return plain.text_of(body)
            breaker.failed()
        raise plain.Unavailable("no reply in two attempts")

    def agent(ctx, text):
        return plain.conversation(ask, text)

    return agent


def test_what_a_breaker_at_module_level_counted_in_earlier_runs_is_told_and_is_no_failure(tmp_path):
    subject, corpus = plain.rehearsal(agent_with(Breaker())), Corpus(tmp_path)
    campaign = find_failures(subject, max_examples=16, corpus=corpus, scope=SERVER_ERRORS)
    record = campaign_record(campaign)
    told = dict(facts(record, everything=False))
    result = result_of(SearchEnded(campaign=record))

    assert [one.violation.oracle for one in campaign.left_over] == ["empty_answer", "transparent_outcome"]
    assert campaign.figures.failures
    assert (campaign.findings, campaign.figures.left_over, record.exit_code) == ((), 2, ExitCode.OK)
    assert corpus.load_all() == []
    assert "0 findings, 2 not counted" in record.summary
    assert "a run without faults" in told["Not counted"]
    assert "setup=" in told["Not counted"]
    assert "Score" not in told
    assert (result.state, result.problems) == ("passed", ())
    assert told["Not counted"] in result.text


def test_with_a_breaker_of_each_run_nothing_is_left_over():
    def agent(ctx, text):
        return agent_with(Breaker())(ctx, text)

    campaign = find_failures(plain.rehearsal(agent), max_examples=16, scope=SERVER_ERRORS)

    assert (campaign.findings, campaign.left_over) == ((), ())
    assert campaign_record(campaign).score


def test_a_failure_that_was_confirmed_before_stays_stored_where_it_does_not_come_back(tmp_path):
    corpus = Corpus(tmp_path)
    confirmed = find_failures(plain.Logged(), max_examples=8, corpus=corpus).findings[0].failure
    met = confirmed.model_copy(update={"smallest": False, "checks": 0})
    stored = len(corpus.load_all())
    corpus.remove_unconfirmed(confirmed.scenario, confirmed.fingerprint)

    assert len(corpus.load_all()) == stored
    corpus.save(met)
    corpus.remove_unconfirmed("another", confirmed.fingerprint)
    assert len(corpus.load_all()) == stored
    corpus.remove_unconfirmed(confirmed.scenario, confirmed.fingerprint)
    assert len(corpus.load_all()) == stored - 1
