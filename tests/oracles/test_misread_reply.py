"""Replies with more around them than was asked for, and what agents make of them that cannot read them."""

import json

import openai
import pytest

from agent_chaos.patch.tools import tool
from tests.oracles.desk import KEY, fault, found, judged
from tests.standin.said import Said
from tests.standin.wires import MODELS

TICKET = (Said('{"priority": "urgent", "team": "network", "cents": 4410}'),)
ROUTED = (Said("billing"), Said("The invoice was paid on 4 May."))
SHAPES = pytest.mark.parametrize("shape", ["fenced", "introduced", "followed", "translated", "thinking"])


def asked(system, text):
    client = openai.OpenAI(api_key=KEY, max_retries=0)
    said = [{"role": "system", "content": system}, {"role": "user", "content": text}]
    done = client.chat.completions.create(model=MODELS["openai_chat"], messages=said)
    return done.choices[0].message.content


def file_ticket(priority, team, note=""):
    return "T-1"


def ticket_or(default):
    def agent(ctx, text):
        said = asked("Answer with JSON: priority urgent or low, team network or helpdesk.", text)
        try:
            ticket = json.loads(said)
        except ValueError:
            ticket = default(said)
        return f"Ticket {tool(file_ticket)(ticket['priority'], ticket['team'], **ticket.get('more', {}))} was filed."

    return agent


def inner(said):
    return json.loads(said[said.rindex('{"priority') : said.rindex("}") + 1])


def outcome_of(agent, shape, said=TICKET):
    garbled = {"call 0": fault("garbled_text", shape=shape)}
    return found(judged(agent, "openai_chat", garbled, said=said, stream=False))


@SHAPES
def test_a_tool_that_runs_with_defaults_instead_is_found(shape):
    agent = ticket_or(lambda said: {"priority": "low", "team": "helpdesk"})

    assert outcome_of(agent, shape) == {"misread_reply:file_ticket"}


@SHAPES
@pytest.mark.parametrize(
    "default",
    [
        inner,
        lambda said: {"priority": "unknown", "team": "humans", "more": {"note": "no JSON came"}},
        lambda said: {"priority": "low", "team": said},
    ],
    ids=["read", "with-a-note", "passed-on"],
)
def test_what_is_read_or_told_or_passed_on_is_not(shape, default):
    assert outcome_of(ticket_or(default), shape) == set()


@pytest.mark.parametrize(
    ("words", "expected"),
    [("You get {} cents.", {"misread_reply:answer"}), ("You get {} cents, as far as I can tell.", set())],
    ids=["as-ever", "with-own-words"],
)
def test_an_answer_with_another_figure_is_found(words, expected):
    def agent(ctx, text):
        said = asked("Answer with JSON.", text)
        try:
            return f"You get {json.loads(said)['cents']} cents."
        except ValueError:
            return words.format(0)

    assert outcome_of(agent, "fenced") == expected


def test_a_figure_that_the_reply_does_not_say_may_differ():
    def agent(ctx, text):
        return f"The report has {len(asked('Answer with JSON.', text))} characters."

    assert outcome_of(agent, "followed") == set()


@pytest.mark.parametrize(("reads", "expected"), [(False, {"misread_reply:prompt"}), (True, set())])
def test_a_router_that_goes_to_its_default_is_found(reads, expected):
    def agent(ctx, text):
        label = asked("Answer with one word: billing, technical or general.", text)
        label = next((one for one in ("billing", "technical") if one in label), label) if reads else label
        desk = label if label in ("billing", "technical") else "general"
        return asked(f"You are the {desk} desk.", text)

    assert outcome_of(agent, "fenced", ROUTED) == expected


@pytest.mark.parametrize(
    ("desk", "note"),
    [("general", " (answered by the general desk: I could not sort it.)"), ("not known, find out", "")],
    ids=["told-to-the-user", "told-to-the-model"],
)
def test_a_default_that_is_told_is_not(desk, note):
    def agent(ctx, text):
        label = asked("Answer with one word: billing, technical or general.", text)
        plain = label in ("billing", "technical")
        return asked(f"You are the {label if plain else desk} desk.", text) + ("" if plain else note)

    assert outcome_of(agent, "fenced", ROUTED) == set()


@pytest.mark.parametrize(
    ("team", "told", "expected"),
    [
        ("helpdesk", "Ticket T-1 was filed with helpdesk.", {"misread_reply:file_ticket"}),
        ("helpdesk", "A person at helpdesk will sort it.", set()),
        ("humans", "Ticket T-1 was filed with humans.", set()),
        (None, "Ticket T-1 was filed with network.", set()),
    ],
    ids=["as-ever", "told", "no-word-of-the-choice", "nothing"],
)
def test_a_tool_gets_a_default_only_where_it_is_one_of_the_choices(team, told, expected):
    def agent(ctx, text):
        said = asked("Answer with JSON: priority urgent or low, team network or helpdesk.", text)
        try:
            ticket = json.loads(said)
        except ValueError:
            tool(file_ticket)("low", team)
            return told
        tool(file_ticket)(ticket["priority"], ticket["team"])
        return "Ticket T-1 was filed with network."

    assert outcome_of(agent, "fenced") == expected
