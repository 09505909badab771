"""What a provider refuses in a conversation that an agent sends: the words for it, shared by the rules of every API.

Rules are silent about what they cannot know: blocks from the future, the provider's own tools, state on its server.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from agent_chaos.stream.exchange import Reply, Request

PriorExchange = Sequence[tuple[Request, Reply]]
"""What was asked and answered before, in order: the state that a server may have kept."""

TOOL_NAME = re.compile(r"^[a-zA-Z0-9_-]{1,128}$")


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a request would be refused.

    `rule` is a name of ours that is the same for every API; `at` is the JSON path of the part, which may be missing, `says`
    the provider's own message. `lenient` says that the provider itself lets it pass, and compatible servers and gateways do not.
    """

    rule: str
    at: str
    says: str
    lenient: bool = False


UNANSWERED = "tool call without a result"
ORPHAN = "result without a tool call"
REPEATED_RESULT = "two results for one call"
REPEATED_ID = "an id twice"
IDENTIFIER = "an id that is none"
EMPTY = "empty message"
ARGUMENTS = "arguments that are no JSON object"
NAME = "a tool name that is none"
REASONING = "reasoning lost or changed"
ORDER = "messages out of order"
RESULT = "a result that is no JSON object"

ADVICE = {
    UNANSWERED: "Give every tool call a result before the next message, an error result where there is none, or take the whole "
    "call out of the history.",
    ORPHAN: "Drop a result together with its call, and a call together with its result; never cut a history between them.",
    REPEATED_RESULT: "Keep one result for each call; match results to calls by id.",
    REPEATED_ID: "Refuse a reply that repeats an id, or give the second call an id of its own, before it enters the history.",
    IDENTIFIER: "Send the ids of tool calls back as the model gave them; one made for another provider may not be an id here.",
    EMPTY: "Leave messages without content out of the history.",
    ARGUMENTS: "Do not keep a tool call in the history whose arguments are no JSON object; ask again instead.",
    NAME: "Do not keep a tool call in the history whose name is none of your tools; ask again instead.",
    REASONING: "Send reasoning blocks back byte for byte, with their signatures, beside the calls they came with.",
    ORDER: "Keep the history in the order in which it was said.",
    RESULT: "Send a tool's result as a JSON object.",
}
"""What the developer should do, by rule."""
