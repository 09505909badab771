"""Which of the messages of a call are history, and what changes of several histories make of them."""

from agent_chaos.trial.histories import Histories, rewritten_histories


def test_the_history_of_a_turn_is_what_its_first_call_sends_before_the_users_words():
    histories = Histories()
    histories.begin(1, 4, ["a", "b", "question"])
    histories.begin(1, 5, ["a", "b", "question", "call", "result"])

    assert histories.first_call(1) == 4
    assert histories.length(1, ["a", "b", "question", "call", "result"]) == 2
    assert histories.length(1, ["another", "conversation"]) is None


def test_a_longer_history_holds_the_shorter_ones_as_they_were_changed():
    longer = (3, lambda history: [*history, "after three"])
    shorter = (1, lambda history: [*history, "after one"])
    changed = ["a", "after one", "b", "c", "after three", "d"]

    assert rewritten_histories(["a", "b", "c", "d"], [shorter, longer]) == changed
    assert rewritten_histories(["a", "b", "c", "d"], [longer, shorter]) == changed


def test_without_changes_messages_are_as_they_were():
    assert rewritten_histories(["a", "b"], []) == ["a", "b"]
