"""Which tools would run for real in a replay, and what is said of them."""

from dataclasses import replace

import pytest

from agent_chaos.errors import UsageError
from agent_chaos.patch.loopback.relay import TRANSPORT
from agent_chaos.trial.real_tools import RealToolPolicy
from tests.cassette.made import asking
from tests.replay.asked import cassette_of
from tests.trials import claude_message, claude_says, json_reply, scenario

CALL = {"type": "tool_use", "id": "toolu_1", "name": "refund", "input": {}}
ASKED = cassette_of(
    (asking("Refund it."), json_reply(claude_message([CALL], "tool_use"))),
    (asking("Thanks."), claude_says("Bye.")),
)


def policy(cassette, *, allowed=False, **fields):
    return RealToolPolicy(scenario(lambda text: text, **fields), cassette, "record it again", allowed)


def test_a_tool_that_no_boundary_saw_is_refused_by_name_unless_it_is_pure_or_allowed():
    with pytest.raises(UsageError, match="the recorded model calls refund, which no tool boundary saw"):
        policy(ASKED).refuse()

    policy(ASKED, allowed=True).refuse()
    policy(ASKED, pure_tools=("refund",)).refuse()


@pytest.mark.parametrize("of_a_program", [(0,), (0, 1)], ids=["one call", "every call"])
def test_tools_of_an_agent_that_asks_from_another_process_run_inside_of_it(of_a_program):
    exchanges = tuple(
        replace(one, transport=TRANSPORT) if one.index in of_a_program else one for one in ASKED.exchanges
    )

    with pytest.raises(UsageError, match="refund, which would run inside of the program"):
        policy(replace(ASKED, exchanges=exchanges)).refuse()
