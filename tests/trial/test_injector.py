"""Which requests a fault of the history changes: those of the conversation that the turn began with."""

from agent_chaos.chaos import history_inject
from agent_chaos.chaos.trigger import CallContext
from agent_chaos.trial.injector import ChaosInjector
from tests.replay.asked import conversation

ADDED = {"role": "user", "content": "by the way"}


def texts(request):
    return [message["content"] for message in request.json["messages"]]


def test_another_conversation_of_the_same_turn_keeps_its_history():
    injector = ChaosInjector([history_inject([ADDED], "start")])
    desk, router = conversation("Hello.", "Where is it?"), conversation("Which desk?", "Say one word.")
    first = injector.request(CallContext(0, 0, 0), desk)
    second = injector.request(CallContext(0, 1, 1), router)
    again = injector.request(CallContext(0, 2, 2), conversation("Hello.", "Where is it?", "And when?"))

    assert texts(first) == ["by the way", *texts(desk)]
    assert second is router
    assert texts(again)[:2] == ["by the way", "Hello."]
    assert len(injector.changes) == 1
