"""A tee hands its reply on once, and whoever closes it meanwhile waits for that."""

from threading import Event, Thread

from agent_chaos.patch.recording.tee import Tee
from agent_chaos.stream.exchange import End
from tests.cassette.made import asking

A_MOMENT_S = 0.1
"""Within it a tee that does not wait has closed; one that does is let go by the test itself."""


def test_closing_a_reply_that_is_being_handed_on_waits_until_it_was():
    inside, go, order, handed = Event(), Event(), [], []

    def done(taken):
        inside.set()
        go.wait()
        handed.append(taken)
        order.append("handed on")

    tee = Tee(asking("Hello."), "test", lambda: 0.0, done)
    tee.head(200, (), "OK")
    ending = Thread(target=tee.end)
    ending.start()
    inside.wait()
    closing = Thread(target=lambda: (tee.closed(), order.append("closed")))
    closing.start()
    closing.join(A_MOMENT_S)
    go.set()
    ending.join()
    closing.join()

    assert order == ["handed on", "closed"]
    assert [(type(one.events[-1]), one.closed) for one in handed] == [(End, False)]


def test_a_reply_may_be_closed_by_what_it_is_handed_to():
    handed = []

    def done(taken):
        tee.closed()
        handed.append(taken)

    tee = Tee(asking("Hello."), "test", lambda: 0.0, done)
    tee.end()

    assert len(handed) == 1
