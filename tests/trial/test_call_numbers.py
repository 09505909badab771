"""Which attempt of a call a request is, as the SDK that sends it says."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agent_chaos.trial.call_numbers import is_retry, numbered_attempt
from tests.spoken import request

SENT = request("openai_chat", stream=False)


@pytest.mark.parametrize(
    ("name", "value", "attempt"),
    [
        ("x-stainless-retry-count", "0", 0),
        ("x-stainless-retry-count", "2", 2),
        ("amz-sdk-request", "attempt=1; max=3", 0),
        ("amz-sdk-request", "ttl=20261123T090100Z; attempt=2; max=3", 1),
        ("amz-sdk-request", "max=3", -1),
        ("amz-sdk-request", "attempt=x", -1),
        ("x-other", "2", -1),
    ],
)
def test_an_attempt_is_counted_from_zero_by_the_header_of_its_sdk(
    name: str, value: str, attempt: int
) -> None:
    assert numbered_attempt(replace(SENT, headers=((name, value),))) == attempt


def test_where_no_sdk_says_so_a_reply_without_use_makes_the_next_request_a_retry() -> None:
    bare = replace(SENT, headers=())

    assert is_retry(bare, answered=False)
    assert not is_retry(bare, answered=True)
