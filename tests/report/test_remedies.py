"""A failure gets the fix that ends it: by what the agent read, and not only by what was raised."""

from __future__ import annotations

import json

import anthropic
import openai
import pytest
from pydantic import BaseModel

from agent_chaos.patch.tools import tool
from agent_chaos.report.contents.grouping import remedy_of
from agent_chaos.report.remedies.case import Case
from tests.oracles.desk import KEY, SAID, Chat, fault, judged, refund
from tests.oracles.test_incomplete_use import OFFERS, buying
from tests.standin.said import Said
from tests.standin.wires import MODELS

ORDER = (Said('{"order": "A-17", "amount": 1500}'),)


def reading_json(ctx, text):
    """Takes what the model says for JSON, and acts on it."""
    heard = Chat([{"role": "user", "content": text}]).ask()
    return tool(refund)(**json.loads(heard.text))


def first_finish(ctx, text):
    """Stops to read a stream at the first reason to stop."""
    said = ""
    client = openai.OpenAI(api_key=KEY)
    with client.chat.completions.create(
        model=MODELS["openai_chat"], messages=[{"role": "user", "content": text}], stream=True
    ) as stream:
        for chunk in stream:
            said += chunk.choices[0].delta.content or "" if chunk.choices else ""
            if chunk.choices and chunk.choices[0].finish_reason is not None:
                break
    return said


def keeping(ctx, text):
    """Keeps every reply, asks once more, and says what it heard last."""
    conversation = Chat([{"role": "user", "content": text}])
    heard = conversation.ask()
    calls = [
        {"id": key, "type": "function", "function": {"name": name, "arguments": given}}
        for key, name, given in heard.calls
    ]
    conversation.messages.append({"role": "assistant", "content": heard.text, "tool_calls": calls})
    for key, _, given in heard.calls:
        try:
            result = tool(refund)(**json.loads(given))
        except ValueError:
            continue
        conversation.messages.append({"role": "tool", "tool_call_id": key, "content": result})
    return conversation.ask().text


def naming(ctx, text):
    """Gives a result a name of its own where its call came without one."""
    client, messages = openai.OpenAI(api_key=KEY), [{"role": "user", "content": text}]
    heard = client.chat.completions.create(model=MODELS["openai_chat"], messages=messages).choices[0].message
    results = [
        {
            "role": "tool",
            "tool_call_id": call.id or "unknown",
            "content": tool(refund)(**json.loads(call.function.arguments)),
        }
        for call in heard.tool_calls or ()
    ]
    messages += [heard.model_dump(exclude_none=True), *results]
    return (
        client.chat.completions.create(model=MODELS["openai_chat"], messages=messages)
        .choices[0]
        .message.content
    )


def filing(ctx, text):
    """Files what the provider was made to say in a schema of its own."""
    client = openai.OpenAI(api_key=KEY)
    filled = client.chat.completions.parse(
        model=MODELS["openai_chat"], messages=[{"role": "user", "content": text}], response_format=Order
    )
    order = filled.choices[0].message.parsed
    return tool(refund)(**order.model_dump())


def looking_up(ctx, text):
    """Runs a tool before it asks anything."""
    paid = tool(refund)("A-17", 15)
    return Chat([{"role": "user", "content": f"{text} {paid}"}]).ask().text


class Order(BaseModel):
    order: str
    amount: int


def telling(ctx, text):
    """Tells the model what a tool gave."""
    conversation = Chat([{"role": "user", "content": text}])
    heard = conversation.ask()
    arguments = [json.loads(given) for *_, given in heard.calls]
    conversation.tell(heard, arguments, [tool(refund)(**given) for given in arguments])
    return conversation.ask().text


def hasty(ctx, text):
    """Tries again at once, whatever the provider says."""
    client = openai.OpenAI(api_key=KEY, max_retries=0)
    for _ in range(3):
        try:
            said = client.chat.completions.create(
                model=MODELS["openai_chat"], messages=[{"role": "user", "content": text}], stream=True
            )
            return "".join(chunk.choices[0].delta.content or "" for chunk in said if chunk.choices)
        except openai.RateLimitError:
            continue
    raise RuntimeError("no answer")


def careful(ctx, text):
    """Refuses what it has read of a stream, for a reason of its own."""
    said = first_finish(ctx, text)
    if not said.endswith("}"):
        raise RuntimeError("this is no order")
    return said


@pytest.mark.parametrize(
    ("agent", "site", "struck", "name"),
    [
        (reading_json, "call 0", fault("truncate", boundary="mid_text", offset=0), "whole_reply"),
        (reading_json, "call 0", fault("max_tokens_in_text", percent_lost=40), "whole_reply"),
        (reading_json, "call 0", fault("garbled_text", shape="fenced"), "parse_text"),
        (reading_json, "tool 0", fault("tool_empty"), "empty_result"),
        (telling, "tool 0", fault("tool_malformed", shape="half_character"), "clean_result"),
        (buying(), "call 1", fault("auth_error"), "missing_part"),
        (buying(), "call 1", fault("truncate", boundary="mid_body", offset=0), "missing_part"),
        (keeping, "call 0", fault("truncate", boundary="mid_string", offset=0), "whole_reply"),
        (naming, "call 0", fault("lost_tool_id"), "checked_calls"),
        (filing, "tool 0", fault("tool_raise", error_type="TimeoutError"), "failed_action"),
        (looking_up, "tool 0", fault("tool_raise", error_type="TimeoutError"), "failed_action"),
        (filing, "call 0", fault("empty_reply"), "reply_shape"),
        (hasty, "call 0", fault("rate_limit", retry_after_s=9), "ordered_wait"),
        (careful, "call 0", fault("misplaced_finish", how="early"), "divided_reply"),
        (first_finish, "call 0", fault("misplaced_finish", how="early"), "divided_reply"),
    ],
    ids=[
        "cut",
        "at the limit",
        "fenced",
        "an empty result",
        "half a character",
        "a lost part",
        "a part that cannot be read",
        "cut and kept",
        "a call without an id",
        "an action that fails",
        "a tool that fails before anything is asked",
        "nothing to act on",
        "too soon",
        "an early reason that is refused",
        "an early reason to stop",
    ],
)
def test_the_fix_is_the_one_that_ends_the_failure(agent, site, struck, name):
    said = {"telling": SAID, "keeping": SAID, "naming": SAID, "agent": OFFERS}.get(agent.__name__, ORDER)
    streamed = agent.__name__ not in ("agent", "filing", "naming")
    outcome = judged(agent, "openai_chat", {site: struck}, said=said, stream=streamed)
    remedies = {
        remedy_of(Case(violation, outcome.trace, outcome.trace)).name for violation in outcome.violations
    }

    assert remedies == {name}


def first_text(message):
    return message.content[0].text


def every_text(message):
    return "".join(part.text for part in message.content)


def known_texts(message):
    return "".join(b.text for b in message.content if b.type == "text")


def reading(read):
    """An agent that answers what `read` takes from a reply of Anthropic's."""

    def agent(ctx, text):
        message = anthropic.Anthropic(api_key=KEY).messages.create(
            model=MODELS["anthropic_messages"], max_tokens=99, messages=[{"role": "user", "content": text}]
        )
        return read(message)

    return agent


@pytest.mark.parametrize("read", [first_text, every_text])
def test_a_part_of_the_future_that_is_read_as_text_is_told_by_its_type(read):
    unknown = {"call 0": fault("unknown_part")}
    outcome = judged(reading(read), "anthropic_messages", unknown, said=ORDER, stream=False)
    cases = [Case(violation, outcome.trace, outcome.trace) for violation in outcome.violations]
    fixed = judged(reading(known_texts), "anthropic_messages", unknown, said=ORDER, stream=False)

    assert {remedy_of(case).name for case in cases} == {"known_parts"}
    assert 'if b.type == "text"' in remedy_of(cases[0]).written(cases)
    assert fixed.violations == ()


def test_the_fix_of_a_tool_that_the_agent_runs_names_it():
    failed = {"tool 0": fault("tool_raise", error_type="TimeoutError")}
    outcome = judged(looking_up, "openai_chat", failed, said=ORDER)
    case = Case(outcome.violations[0], outcome.trace, outcome.trace)

    assert "    done = refund(...)" in remedy_of(case).written([case]).splitlines()
