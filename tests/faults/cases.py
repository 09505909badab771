"""A check of what a fault does, as one test for each fault that tries it on every reply it can act on."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from agent_chaos.faults.fault import Target
from agent_chaos.providers.turn import ModelTurn
from agent_chaos.stream.exchange import Reply
from tests.faults.catalogued import Form, forms_of, named

Check = Callable[[str, Form], None]


def cases(*kinds: str, whole: bool = True) -> Callable[[Check], Callable[[str], None]]:
    """Makes a check of (kind, form) a test of kind; a failure names the reply at which it failed.

    Args:
        kinds: the faults it is true of.
        whole: also for replies that are not streamed.
    """

    def decorate(check: Check) -> Callable[[str], None]:
        @pytest.mark.parametrize("kind", kinds)
        def test(kind: str) -> None:
            forms = [form for form in forms_of(kind) if whole or form[1]]

            assert forms
            for form in forms:
                _checked(check, kind, form)

        test.__name__, test.__doc__ = check.__name__, check.__doc__
        return test

    return decorate


def _checked(check: Check, kind: str, form: Form) -> None:
    try:
        check(kind, form)
    except AssertionError as failure:
        failure.add_note(f"{kind} at {named(form)}")
        raise


def turn_of(where: Target, reply: Reply | None = None) -> ModelTurn:
    """What the model says in a reply; in the recorded one, where none is given."""
    return where.protocol.parse(where.reply if reply is None else reply)
