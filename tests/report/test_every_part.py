"""A reply that came whole, and of which the agent reads another part than the one with the text."""

import anthropic

from agent_chaos.faults.plan import Plan
from agent_chaos.report.contents.grouping import remedy_of
from agent_chaos.report.remedies.remedy import Case
from agent_chaos.trial.rehearsal import Rehearsal
from tests.oracles.desk import KEY, fault
from tests.spoken import MODELS, spoken
from tests.standin.said import Said
from tests.trials import recorded, scenario

ANSWER = Said("Yes, take one: it rains in Oslo.")
PROTOCOL = "anthropic_messages"


def first(message):
    return message.content[0].text


def joined(message):
    texts = [b.text for b in message.content if b.type == "text"]
    return "".join(texts)


def under(read, one):
    def agent(ctx, text):
        client = anthropic.Anthropic(api_key=KEY, max_retries=0)
        asked = {"max_tokens": 9, "messages": [{"role": "user", "content": text}]}
        message = client.messages.create(model=MODELS[PROTOCOL], **asked)
        return read(message)

    subject = scenario(agent)
    rehearsal = Rehearsal(subject, cassette=recorded(subject, [spoken(PROTOCOL, ANSWER, 0, stream=False)]))
    return rehearsal, rehearsal.trial(Plan.of([("call 0", one)]))


def test_a_text_behind_a_part_of_another_type_is_not_a_cut_reply_and_the_fix_finds_it():
    rehearsal, outcome = under(first, fault("unknown_part"))
    case = Case(outcome.errors[0], outcome.trace, rehearsal.clean)
    _, fixed = under(joined, fault("unknown_part"))

    assert remedy_of(case).name == "every_part"
    assert remedy_of(case).written([case]).startswith("texts = [b.text for b in message.content")
    assert fixed.trace.answers[0].text == ANSWER.text
    assert not fixed.fingerprints


def test_a_reply_that_says_nothing_has_the_fix_of_cut_replies():
    rehearsal, outcome = under(joined, fault("empty_reply"))
    case = Case(outcome.errors[0], outcome.trace, rehearsal.clean)

    assert remedy_of(case).name == "whole_reply"
