"""What a request asks: the user's last words, and how far the agent has gone since."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from agent_chaos.providers.turn import ModelTurn, Text
from agent_chaos.replay.questions import Question, question_of
from tests.cassette.made import asking
from tests.replay.asked import conversation, with_body


def looked_up(*results: str) -> Question:
    """A question of the Messages API after so many results of a tool, which come in the user's name there."""
    messages: list[dict[str, Any]] = [{"role": "user", "content": "Which is dearer?"}]
    for number, result in enumerate(results):
        call = {"type": "tool_use", "id": f"toolu_{number}", "name": "price", "input": {"of": number}}
        told = {"type": "tool_result", "tool_use_id": call["id"], "content": result}
        messages += [{"role": "assistant", "content": [call]}, {"role": "user", "content": [told]}]
    request = asking("")
    found = question_of(with_body(request, {**request.json, "messages": messages}))
    assert found is not None
    return found


def test_results_of_tools_are_steps_of_the_question_and_no_words_of_the_user() -> None:
    asked, once, twice = looked_up(), looked_up("15"), looked_up("15", "1500")

    assert asked.user == once.user == twice.user
    assert [one.step for one in (asked, once, twice)] == [0, 1, 2]
    assert not once.is_asked_by(twice)


def test_a_question_is_shortened_only_by_one_with_less_of_its_history() -> None:
    whole, less = question_of(conversation("One?", "Two?")), question_of(conversation("Two?"))
    assert whole is not None
    assert less is not None

    assert whole.is_shortened_by(less)
    assert not whole.is_shortened_by(whole)
    assert not less.is_shortened_by(whole)


def asked(*texts: str, **fields: Any) -> Question:
    found = question_of(conversation(*texts, **fields))
    assert found is not None
    return found


def test_a_question_is_asked_again_with_more_words_or_with_what_came_of_it_and_a_word_on_that() -> None:
    first = asked("How many?")

    assert first.is_asked_again_by(asked("How many? Say a number."))
    assert first.is_asked_again_by(asked("How many?", "That was no number."))
    assert asked("Hello.", "How many?").is_asked_again_by(asked("Hello.", "How many?", "A number, please."))


def test_a_question_is_not_asked_again_by_itself_nor_by_less_nor_by_another() -> None:
    first = asked("Hello.", "How many?")

    assert not first.is_asked_again_by(first)
    assert not first.is_asked_again_by(asked("Hello."))
    assert not first.is_asked_again_by(asked("Hello.", "Which one?"))
    assert not first.is_asked_again_by(asked("Good day.", "How many?", "A number, please."))
    assert not first.is_asked_again_by(asked("Hello.", "How many?", "A number, please.", system="Be brief."))


def test_results_of_tools_ask_the_next_question_and_not_the_same_again() -> None:
    assert not looked_up().is_asked_again_by(looked_up("15"))
    assert not looked_up("15").is_asked_again_by(looked_up("15", "1500"))


def test_a_question_is_shortened_by_one_that_no_longer_names_what_a_server_keeps() -> None:
    alone = asked("Hello.", "How many?")
    kept = replace(alone, previous="resp_1")

    assert kept.is_shortened_by(alone)
    assert not kept.is_shortened_by(kept)
    assert not kept.is_shortened_by(asked("Good day.", "How many?"))


OTHER = {"protocol": "openai_chat"}


def test_a_question_is_asked_elsewhere_in_the_words_of_another_protocol() -> None:
    first = asked("Hello.", "How many?")

    assert first.is_asked_elsewhere_by(replace(first, **OTHER, model="gpt-5.1", form="streamed"))
    assert not first.is_asked_elsewhere_by(first)


@pytest.mark.parametrize("kept_apart", [{"structured": True}, {"previous": "resp_1"}], ids=["form", "state"])
def test_a_form_or_a_state_of_either_provider_means_nothing_to_the_other(kept_apart: dict[str, Any]) -> None:
    first = asked("How many?")
    second = replace(first, **OTHER)

    assert first.is_asked_elsewhere_by(second)
    assert not first.is_asked_elsewhere_by(replace(second, **kept_apart))
    assert not replace(first, **kept_apart).is_asked_elsewhere_by(second)


def test_a_reply_can_be_given_again_where_protocol_and_form_are_the_same() -> None:
    first, said = asked("How many?"), ModelTurn(parts=(Text("Three."),))

    assert asked("Which?").can_be_answered_by(said, first)
    assert not replace(first, **OTHER).can_be_answered_by(said, first)
    assert not replace(first, form="streamed").can_be_answered_by(said, first)
