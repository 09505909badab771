"""Strategies draw here without a campaign around them."""

from collections.abc import Iterator

import pytest

from agent_chaos.patch.install import environment


@pytest.fixture(autouse=True, scope="module")
def standing() -> Iterator[None]:
    """Hypothesis collects all garbage when a thread of it begins; a campaign has frozen by then what the process holds."""
    with environment():
        yield
