"""No request that a provider accepted breaks a rule."""

import pytest

from agent_chaos.providers.registry import recognise
from tests.providers.test_recorded_traffic import APIS
from tests.providers.traffic import accepted, recorded


def served_before(api, name):
    """What the same recording had answered before."""
    tape = name.rpartition("#")[0]
    found = []
    for other, request, reply in recorded(api):
        if other == name:
            break
        if other.rpartition("#")[0] == tape:
            found.append((request, reply))
    return found


@pytest.mark.parametrize("api", APIS)
def test_requests_that_were_accepted_break_no_rule(api):
    cases = accepted(api)
    if not cases:
        pytest.skip("the folder of recorded traffic is absent")
    broken = []
    for name, request, _ in cases:
        protocol = recognise(request)
        for one in protocol.problems(request, served_before(api, name)) if protocol else ():
            broken.append((name, one.rule, one.says))

    assert broken == []
