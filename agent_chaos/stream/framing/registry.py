"""Finds the framings: every module of this folder that exports `FRAMING`."""

from __future__ import annotations

from functools import cache

import agent_chaos.stream.framing as folder
from agent_chaos.members import exported
from agent_chaos.stream.exchange import Reply
from agent_chaos.stream.framing.framing import Framing


@cache
def framings() -> tuple[Framing, ...]:
    """Every framing, by name of its module."""
    return tuple(exported(folder, "FRAMING"))


def evident_framing(reply: Reply) -> Framing | None:
    """The framing of a stream whose protocol is unknown; None where the body is whole, or nothing tells."""
    # A plain JSON body that begins with a bracket could be an array of messages or just a list, so such
    # framings are not asked.
    return next((one for one in framings() if one.self_evident and one.holds(reply)), None)
