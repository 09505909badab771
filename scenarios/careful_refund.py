"""The refund agent again, built to survive: complete replies only, strict arguments, bounded retries, a deadline.

The same request is sent again whenever a reply is not whole, so that the model is never asked about an accident of the
network, and no tool runs before the reply that asks for it has been checked.
"""

import json
import time

import anthropic
import httpx2
from anthropic import Anthropic

import agent_chaos
from agent_chaos import BaselineScenario, Turn

client = Anthropic(max_retries=0, timeout=30.0)

SYSTEM = (
    "You are the refund desk of a web shop. Look up the order first, then refund what the customer is owed."
)
GIVEN_UP = [status for status in range(400, 500) if status not in (408, 409, 429)]
SPENT = (anthropic.ContractSpendLimitReachedError, anthropic.EnforcedSpendLimitReachedError)
ATTEMPTS = 10
DEADLINE_S = 540.0
REPLY_DEADLINE_S = 60.0
LONGEST_WAIT_S = 20.0
LONGEST_RESULT = 20_000

TOOLS = [
    {
        "name": "lookup_order",
        "description": "Look up an order by its number.",
        "input_schema": {
            "type": "object",
            "properties": {"order_id": {"type": "string"}},
            "required": ["order_id"],
        },
    },
    {
        "name": "refund",
        "description": "Pay money back to the customer, in US dollars.",
        "input_schema": {
            "type": "object",
            "properties": {"order_id": {"type": "string"}, "amount": {"type": "number"}},
            "required": ["order_id", "amount"],
        },
    },
]
TYPES = {"string": str, "number": (int, float)}


class AgentUnavailable(Exception):
    """The provider did not give a whole reply in time; nothing was done that a second attempt would repeat."""


class NotWhole(Exception):
    """A reply that must not be acted on."""


@agent_chaos.tool
def lookup_order(order_id: str) -> dict:
    return {"order_id": order_id, "item": "Laptop Pro 14", "total": 1500, "status": "returned"}


@agent_chaos.tool
def refund(order_id: str, amount: float) -> str:
    return f"refunded ${amount:,.0f} on order {order_id}"


HANDLERS = {"lookup_order": lookup_order, "refund": refund}
SCHEMAS = {tool["name"]: tool["input_schema"] for tool in TOOLS}


def checked(message, arguments):
    """The message, if it is complete and every tool call in it is one we offer, once, with arguments that fit."""
    if message.stop_reason not in ("end_turn", "tool_use"):
        raise NotWhole(f"stopped for {message.stop_reason}")
    calls = [block for block in message.content if block.type == "tool_use"]
    if bool(calls) != (message.stop_reason == "tool_use"):
        raise NotWhole("tool calls and stop reason disagree")
    if len({call.id for call in calls if call.id}) < len(calls) or twins(calls):
        raise NotWhole("the same tool call twice, or one without an id")
    for call in calls:
        fits(call.name, json.loads(arguments.get(call.id) or "{}", parse_constant=no_json))
    if not calls and not any(block.type == "text" and block.text.strip() for block in message.content):
        raise NotWhole("empty")
    return message


def twins(calls):
    return len({(call.name, json.dumps(call.input, sort_keys=True)) for call in calls}) < len(calls)


def fits(name, values):
    schema = SCHEMAS.get(name)
    if schema is None or not isinstance(values, dict):
        raise NotWhole(f"no such tool call: {name}")
    if set(values) != set(schema["properties"]):
        raise NotWhole(f"{name} wants {sorted(schema['properties'])}, got {sorted(values)}")
    for key, value in values.items():
        if isinstance(value, bool) or not isinstance(value, TYPES[schema["properties"][key]["type"]]):
            raise NotWhole(f"{name}.{key} is {type(value).__name__}")


def no_json(word):
    """NaN and Infinity, which Python's parser lets through."""
    raise NotWhole(f"{word} is no JSON")


def attempt(messages):
    """One request; the message only if the stream ended as it should and the arguments are strict JSON."""
    arguments, blocks, ended = {}, {}, False
    deadline = time.monotonic() + REPLY_DEADLINE_S
    with client.messages.stream(
        model="claude-sonnet-5", max_tokens=1024, system=SYSTEM, tools=TOOLS, messages=messages
    ) as stream:
        for event in stream:
            if time.monotonic() > deadline:
                raise NotWhole("the stream trickles")
            if event.type == "content_block_start" and event.content_block.type == "tool_use":
                blocks[event.index] = event.content_block.id
            elif event.type == "content_block_delta" and event.delta.type == "input_json_delta":
                key = blocks.get(event.index, "")
                arguments[key] = arguments.get(key, "") + event.delta.partial_json
            ended = ended or event.type == "message_stop"
        message = stream.get_final_message()
    if not ended:
        raise NotWhole("the stream ended early")
    return checked(message, arguments)


def ordered_wait_s(problem):
    """Seconds that the provider wants to be left alone; 0 where it says nothing."""
    headers = getattr(getattr(problem, "response", None), "headers", {})
    try:
        return float(headers.get("retry-after", 0))
    except ValueError:
        return 0.0


def ask(messages, deadline):
    """A whole reply, asking for it again with growing waits; AgentUnavailable once time or attempts are used up."""
    problem = None
    for number in range(ATTEMPTS):
        try:
            return attempt(messages)
        except anthropic.APIStatusError as exc:
            problem = exc
            if isinstance(exc, SPENT) or exc.status_code in GIVEN_UP:
                break
        except (
            anthropic.APIError,
            httpx2.HTTPError,
            NotWhole,
            ValueError,
            AssertionError,
            AttributeError,
            IndexError,
        ) as exc:
            problem = exc
        wait = max(min(0.5 * 2**number, LONGEST_WAIT_S), ordered_wait_s(problem))
        if time.monotonic() + wait > deadline:
            break
        time.sleep(wait)
    raise AgentUnavailable(f"no whole reply: {problem}") from problem


def used(call):
    """The result of a tool call; what it raises is told to the model, but not in the words of a driver or a server.

    A tool that failed is not called again: whether the money moved is not known here.
    """
    try:
        content, failed = json.dumps(HANDLERS[call.name](**call.input)), False
    except Exception as exc:  # noqa: BLE001 - whatever a tool raises, the model is told
        content, failed = f"{call.name} failed ({type(exc).__name__}); it may have been done or not", True
    if len(content) > LONGEST_RESULT:
        content, failed = f"{call.name} returned {len(content)} characters, which is too much to read", True
    result = {"type": "tool_result", "tool_use_id": call.id, "content": content}
    return {**result, "is_error": True} if failed else result


def agent(ctx, turn_input):
    deadline = time.monotonic() + DEADLINE_S
    messages = [{"role": "user", "content": turn_input}]
    for _ in range(8):
        message = ask(messages, deadline)
        calls = [block for block in message.content if block.type == "tool_use"]
        if not calls:
            return {"response": "".join(block.text for block in message.content if block.type == "text")}
        messages.append({"role": "assistant", "content": message.content})
        results = []
        for call in calls:
            results.append(used(call))
        messages.append({"role": "user", "content": results})
    raise AgentUnavailable("the model kept asking for tools")


careful_refund_scenario = BaselineScenario(
    name="careful_refund",
    description="The refund again, by an agent that acts on whole replies only.",
    agent=agent,
    turns=[Turn("I sent back my laptop, order A-17. Please refund what I paid.")],
)
