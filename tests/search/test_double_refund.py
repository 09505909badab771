"""An agent that calls a tool again which did not answer: the lost answer alone is found to make its effect happen twice."""

from __future__ import annotations

from anthropic import Anthropic

import agent_chaos
from agent_chaos.search.search import find_failures
from agent_chaos.search.selection import scoped
from agent_chaos.trial.rehearsal import Rehearsal
from tests.spoken import spoken
from tests.standin.said import Called, Said
from tests.trials import recorded, scenario

DUPLICATE = "duplicate_side_effect"
SAID = (
    Said("", (Called.of("refund", {"order": "A-17", "amount": 1500}),)),
    Said("Your refund of $1,500 is on its way to your card."),
)


@agent_chaos.tool
def refund(order, amount):
    return f"refunded {amount} on order {order}"


def twice_if_unheard(ctx, text):
    client, messages = Anthropic(), [{"role": "user", "content": text}]
    while True:
        message = client.messages.create(model="claude-sonnet-5", max_tokens=500, messages=messages)
        calls = [block for block in message.content if block.type == "tool_use"]
        if not calls:
            return message.content[0].text
        results = [
            {"type": "tool_result", "tool_use_id": call.id, "content": refunded(**call.input)}
            for call in calls
        ]
        messages += [{"role": "assistant", "content": message.content}, {"role": "user", "content": results}]


def refunded(**arguments):
    try:
        return refund(**arguments)
    except TimeoutError:
        return refund(**arguments)


def test_it_is_found_and_shrunk_to_that_one_fault():
    desk = scenario(twice_if_unheard, "Please refund what I paid for order A-17.")
    replies = [spoken("anthropic_messages", said, i, stream=False) for i, said in enumerate(SAID)]
    subject = Rehearsal(desk, cassette=recorded(desk, replies))
    campaign = find_failures(subject, max_examples=12, scope=scoped(only=["tool_effect"]))
    (found,) = (one.failure for one in campaign.findings if one.failure.violation.oracle == DUPLICATE)

    assert [placed.fault.kind for placed in found.plan.faults] == ["tool_acknowledgement_lost"]
    assert found.smallest
