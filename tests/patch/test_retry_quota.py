"""What one run used up of an AWS client's retry quota is there again for the next; within a run it is counted."""

from __future__ import annotations

from botocore.retries.quota import RetryQuota

from tests.trials import recorded, scenario, trial


def test_a_client_that_outlives_a_run_retries_in_the_next() -> None:
    quota = RetryQuota(10)

    def agent(text: str) -> str:
        return f"{quota.acquire(6)} {quota.acquire(6)}"

    subject = scenario(agent)
    cassette = recorded(subject, [])
    quota.acquire(10)
    answers = [trial(subject, cassette).answers[0].text for _ in range(3)]

    assert answers == ["True False"] * 3
    assert not quota.acquire(6)  # outside of a run nothing is filled up
