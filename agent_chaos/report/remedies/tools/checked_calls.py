"""A tool call that no provider takes back is kept in the history."""

from __future__ import annotations

from agent_chaos.oracles.reading.turns import served_turn, strict_json
from agent_chaos.providers import rules
from agent_chaos.providers.turn import ModelTurn
from agent_chaos.report.remedies.case import Case
from agent_chaos.report.remedies.remedy import Remedy

_RULES = (
    rules.ARGUMENTS,
    rules.IDENTIFIER,
    rules.NAME,
    rules.ORPHAN,  # of a call without an id, whose result was given one
    rules.REPEATED_ID,
    rules.REPEATED_RESULT,
    rules.UNANSWERED,
)
"""What providers refuse of a history that holds such a call."""
_RAISE = '    raise RuntimeError("malformed tool calls")'
_READ = """try:
    given = [json.loads({}) for c in calls]
except ValueError:
    given = [None]
"""
_UNLESS = (
    """sound = all(isinstance(one, dict) for one in given)
if not sound or len(named) < len(calls):
"""
    + _RAISE
)
_EACH = """# of each call, once its deltas are put together:
try:
    given = json.loads(arguments)
except ValueError:
    given = None
if not (call_id and name and isinstance(given, dict)):
    raise RuntimeError("malformed tool call")"""


def _fits(case: Case) -> bool:
    call, rule = case.call, case.violation.subject.removeprefix("refused: ")
    turn = served_turn(call) if call is not None else None
    if turn is None or call is None or call.wire is None:
        return False
    carries_ids = "call_ids" in call.wire.carries
    if case.violation.oracle == "unhandled_exception":
        # An error result would stand in a history that no provider takes, or raise, too, in a framework's
        # node for tools.
        nameless = case.runs_tools and any(not one.name for one in turn.tool_calls)
        unnamed = not case.protocol and carries_ids and any(not one.id for one in turn.tool_calls)
        return (nameless or unnamed) and not case.asks_and_runs
    told = case.violation.oracle in ("request_validity", "history_poisoning") and rule in _RULES
    return told and _is_malformed(turn, carries_ids=carries_ids)


def _is_malformed(turn: ModelTurn, *, carries_ids: bool) -> bool:
    """Whether a call lacks a name or a JSON object, or, where the wire carries ids, an id of its own."""
    calls = turn.tool_calls
    sound = [one for one in calls if one.name and isinstance(strict_json(one.arguments), dict)]
    if not carries_ids:
        return len(sound) < len(calls)
    return len({one.id for one in sound if one.id}) < len(calls)


REMEDY = Remedy(
    name="checked_calls",
    headline="Malformed tool calls get into the history",
    does="Check the calls of a reply before they are kept: each with an id of its own, a name, and a JSON object for arguments; "
    "ask again where one has not.",
    fits=_fits,
    at=lambda case: case.at_call,
    reach="function",
    order=10,
    code={
        "anthropic_messages": 'calls = [b for b in $reply.content if b.type == "tool_use"]\n'
        "sound = [c for c in calls if c.name and isinstance(c.input, dict)]\n"
        "if len({c.id for c in sound if c.id}) < len(calls):\n" + _RAISE,
        "openai_chat": "calls = $reply.choices[0].message.tool_calls or []\n"
        + _READ.format("c.function.arguments")
        + "named = {c.id for c in calls if c.id and c.function.name}\n"
        + _UNLESS,
        "openai_responses": 'calls = [i for i in $reply.output if i.type == "function_call"]\n'
        + _READ.format("c.arguments")
        + "named = {c.call_id for c in calls if c.call_id and c.name}\n"
        + _UNLESS,
        "bedrock_converse": 'said = $reply["output"]["message"]["content"]\n'
        'calls = [b["toolUse"] for b in said if "toolUse" in b]\n'
        'ids = {c["toolUseId"] for c in calls if c["name"]}\n'
        "if len(ids) < len(calls):\n" + _RAISE,
        "gemini": "calls = $reply.function_calls or []\n"
        "if not all(c.name and isinstance(c.args, dict) for c in calls):\n" + _RAISE,
    },
    events={"openai_chat": _EACH, "openai_responses": _EACH},
)
