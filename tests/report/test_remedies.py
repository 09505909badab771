"""A failure gets the fix that ends it: by what the agent read, and not only by what was raised."""

from __future__ import annotations

import json
import time

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
        (filing, "call 0", fault("empty_reply"), "whole_reply"),
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


def dispatching(ctx, text):
    """Looks a tool up in one line, and runs it in the next."""
    heard = Chat([{"role": "user", "content": text}]).ask()
    return run(*heard.calls[0][1:])


def run(name, given):
    found = {"refund": tool(refund)}[name]
    return found(**json.loads(given))


def test_a_tool_that_is_not_found_is_answered_with_an_error_as_one_that_fails():
    plans = (
        {"call 0": fault("unknown_tool", call=0)},
        {"tool 0": fault("tool_raise", error_type="TimeoutError")},
    )
    outcomes = [judged(dispatching, "openai_chat", plan, said=SAID) for plan in plans]
    cases = [Case(one.violations[0], one.trace, outcomes[1].trace) for one in outcomes]

    assert [remedy_of(case).name for case in cases] == ["tool_error_result"] * 2
    assert remedy_of(cases[0]).place(cases[0]) == remedy_of(cases[1]).place(cases[1])


def counting(ctx, text):
    """Reads each chunk in two steps."""
    said = ""
    client = openai.OpenAI(api_key=KEY)
    for chunk in client.chat.completions.create(
        model=MODELS["openai_chat"], messages=[{"role": "user", "content": text}], stream=True
    ):
        delta = chunk.choices[0].delta
        said += delta.content or ""
    return said


@pytest.mark.parametrize(
    ("shape", "code"),
    [
        ("no_content", "if delta is None:\n    continue"),
        ("no_choice", "if not chunk.choices:\n    continue"),
    ],
)
def test_a_chunk_that_holds_nothing_is_passed_over(shape, code):
    outcome = judged(counting, "openai_chat", {"call 0": fault("empty_chunks", shape=shape)}, said=ORDER)
    cases = [
        Case(one, outcome.trace, outcome.trace)
        for one in outcome.violations
        if one.oracle == "unhandled_exception"
    ]

    assert [remedy_of(case).written([case]) for case in cases] == [code]


def test_an_error_in_a_stream_is_raised_and_not_passed_over():
    plans = [fault("flat_error"), fault("empty_chunks", shape="no_choice")]
    outcomes = [judged(counting, "openai_chat", {"call 0": one}, said=ORDER) for one in plans]
    cases = [
        Case(one, outcome.trace, outcome.trace)
        for outcome in outcomes
        for one in outcome.violations
        if one.oracle == "unhandled_exception"
    ]

    assert len(cases) == 2
    assert "if chunk.choices is None:\n    raise" in remedy_of(cases[0]).written(cases)


def listening(ctx, text):
    """Reads a stream to its end, with a client as it comes."""
    with anthropic.Anthropic(api_key=KEY).messages.stream(
        model=MODELS["anthropic_messages"], max_tokens=99, messages=[{"role": "user", "content": text}]
    ) as stream:
        return "".join(stream.text_stream)


@pytest.mark.parametrize(
    ("broken", "client"),
    [
        (
            fault("stall", boundary="before_terminator", seconds=600),
            ["client = anthropic.Anthropic(timeout=30, max_retries=1)"],
        ),
        (fault("broken_event"), []),
    ],
    ids=["a reply that stalls", "a broken event"],
)
def test_a_guard_comes_with_a_timeout_where_a_second_attempt_would_come_too_late(broken, client):
    outcome = judged(listening, "anthropic_messages", {"call 0": broken}, said=ORDER)
    (case,) = [
        Case(one, outcome.trace, outcome.trace)
        for one in outcome.violations
        if one.oracle == "unhandled_exception"
    ]
    rows = remedy_of(case).written([case]).splitlines()

    assert remedy_of(case).name == "guard_call"
    assert [row for row in rows if row.startswith("client =")] == client


def choosing(ctx, text):
    """Takes a choice for granted."""
    completion = openai.OpenAI(api_key=KEY).chat.completions.create(
        model=MODELS["openai_chat"], messages=[{"role": "user", "content": text}]
    )
    return completion.choices[0].message.content


def test_a_value_that_is_missing_in_two_ways_is_looked_at_once():
    plans = [{"call 0": fault("hollow_body", holds=holds)} for holds in ("empty", "null")]
    outcomes = [judged(choosing, "openai_chat", plan, said=ORDER, stream=False) for plan in plans]
    cases = [Case(one.violations[0], one.trace, one.trace) for one in outcomes]

    assert remedy_of(cases[0]).written(cases) == (
        'if not getattr(completion, "choices", None):\n    raise RuntimeError("the reply holds no choice")'
    )


def stepping(ctx, text):
    """Takes a choice for granted, line by line."""
    client = openai.OpenAI(api_key=KEY)
    completion = client.chat.completions.create(
        model=MODELS["openai_chat"], messages=[{"role": "user", "content": text}]
    )
    tokens = completion.usage.total_tokens
    choices = completion.choices
    first = choices[0]
    return f"{first.message.content} {tokens}"


def chained(ctx, text):
    """Asks and reads in one statement of several lines."""
    client = openai.OpenAI(api_key=KEY)
    return (
        client.chat.completions.create(
            model=MODELS["openai_chat"], messages=[{"role": "user", "content": text}]
        )
        .choices[0]
        .message.content.strip()
    )


@pytest.mark.parametrize("agent", [stepping, chained])
def test_replies_that_hold_nothing_are_one_finding_at_the_call_whatever_line_missed_something(agent):
    plans = [fault("error_body"), fault("html_body"), fault("hollow_body", holds="null")]
    outcomes = [judged(agent, "openai_chat", {"call 0": one}, said=ORDER, stream=False) for one in plans]
    cases = [Case(one.violations[0], one.trace, one.trace) for one in outcomes]
    remedy = remedy_of(cases[0])

    assert len({case.at_exception.line for case in cases}) > 1
    assert {(remedy_of(case).name, remedy.place(case)) for case in cases} == {
        ("reply_shape", remedy.place(cases[0]))
    }
    assert remedy.at(cases[0]) == cases[0].at_call
    assert 'if not getattr(completion, "choices", None):' in remedy.written(cases)


def test_a_reply_without_a_name_is_given_one_and_not_asked_for_twice():
    plan = {"call 0": fault("hollow_body", holds="null")}
    outcome = judged(chained, "openai_chat", plan, said=ORDER, stream=False)
    case = Case(outcome.violations[0], outcome.trace, outcome.trace)

    assert remedy_of(case).written([case]).splitlines()[:2] == [
        "completion = client.chat.completions.create(...)",
        'if not getattr(completion, "choices", None):',
    ]


def refusing(ctx, text):
    """Takes what was parsed for granted, and the choice."""
    client = openai.OpenAI(api_key=KEY)
    filled = client.chat.completions.parse(
        model=MODELS["openai_chat"], messages=[{"role": "user", "content": text}], response_format=Order
    )
    return f"{filled.choices[0].message.parsed.order}"


def test_a_part_that_is_missing_from_a_whole_reply_is_named_and_told_apart_from_a_reply_without_any():
    plans = [fault("refusal_in_words"), fault("hollow_body", holds="empty")]
    outcomes = [judged(refusing, "openai_chat", {"call 0": one}, said=ORDER, stream=False) for one in plans]
    words, empty = (Case(one.violations[0], one.trace, one.trace) for one in outcomes)

    assert remedy_of(words).written([words]) == (
        'if filled.choices[0].message.parsed is None:\n    raise RuntimeError("the reply holds no parsed")'
    )
    assert remedy_of(words).place(words) != remedy_of(empty).place(empty)


def totalling(ctx, text):
    """Counts tokens before it reads the reply."""
    client = openai.OpenAI(api_key=KEY)
    completion = client.chat.completions.create(
        model=MODELS["openai_chat"], messages=[{"role": "user", "content": text}]
    )
    tokens = completion.usage.total_tokens
    return f"{completion.choices[0].message.content} {tokens}"


def test_a_refusal_in_place_of_a_reply_is_told_by_what_every_reply_has():
    outcome = judged(totalling, "openai_chat", {"call 0": fault("error_body")}, said=ORDER, stream=False)
    case = Case(outcome.violations[0], outcome.trace, outcome.trace)

    assert remedy_of(case).written([case]).startswith('if not getattr(completion, "choices", None):')


def hopeful(ctx, text):
    """Tries every refusal again, after a while."""
    client = anthropic.Anthropic(api_key=KEY, max_retries=0)
    for _ in range(3):
        try:
            return first_text(
                client.messages.create(
                    model=MODELS["anthropic_messages"],
                    max_tokens=99,
                    messages=[{"role": "user", "content": text}],
                )
            )
        except anthropic.APIStatusError:
            time.sleep(5)
    raise RuntimeError("no answer")


@pytest.mark.parametrize(
    ("struck", "line"),
    [
        (
            fault("spend_limit", limit="enforced_spend_limit_reached"),
            'if "enforced_spend_limit_reached" in str(exc):',
        ),
        (fault("context_length"), "if status < 500 and status not in (408, 409, 429):"),
    ],
)
def test_a_refusal_for_good_is_told_by_its_code_where_its_status_is_that_of_a_rate_limit(struck, line):
    outcome = judged(hopeful, "anthropic_messages", {"call 0": struck}, said=ORDER, stream=False)
    case = Case(outcome.violations[0], outcome.trace, outcome.trace)

    assert remedy_of(case).name == "hopeless_retry"
    assert line in remedy_of(case).written([case])


def keeping_blocks(ctx, text):
    """Goes by the reason to stop, and sends back whatever results there are."""
    client = anthropic.Anthropic(api_key=KEY)
    messages = [{"role": "user", "content": text}]
    for _ in range(3):
        reply = client.messages.create(
            model=MODELS["anthropic_messages"], max_tokens=99, messages=messages, tools=[]
        )
        if reply.stop_reason != "tool_use":
            return "".join(b.text for b in reply.content if b.type == "text")
        calls = [b for b in reply.content if b.type == "tool_use"]
        results = []
        for b in calls:
            try:
                content = str(tool(refund)(**b.input))
            except Exception as exc:
                content = f"Error: {exc}"
            results.append({"type": "tool_result", "tool_use_id": b.id, "content": content})
        messages += [{"role": "assistant", "content": reply.content}, {"role": "user", "content": results}]
    raise RuntimeError("no answer")


@pytest.mark.parametrize(
    ("site", "struck", "name", "code"),
    [
        ("call 0", fault("missing_tool_call"), "by_oracle", ""),
        ("tool 0", fault("tool_secret_error"), "by_oracle", "except Exception:  # its text belongs"),
    ],
    ids=["a reason to call tools, and no call", "a credential"],
)
def test_a_whole_reply_and_a_told_exception_have_fixes_of_their_own(site, struck, name, code):
    outcome = judged(keeping_blocks, "anthropic_messages", {site: struck}, said=SAID, stream=False)
    case = Case(outcome.violations[0], outcome.trace, outcome.trace)

    assert remedy_of(case).name == name
    assert code in remedy_of(case).written([case])


def filing_tickets(ctx, text):
    """Acts on what the model says, and reads what the tool gave."""
    made = tool(opened)(**json.loads(Chat([{"role": "user", "content": text}]).ask().text))
    return f"Ticket {made['ticket']}"


def opened(order, amount):
    return {"ticket": f"T-{order}"}


def test_a_result_of_another_shape_is_no_failed_tool():
    plans = [{"tool 0": fault("tool_raise", error_type="TimeoutError")}, {"tool 0": fault("tool_empty")}]
    outcomes = [judged(filing_tickets, "openai_chat", plan, said=ORDER) for plan in plans]
    cases = [Case(one.violations[0], one.trace, one.trace) for one in outcomes]

    assert [remedy_of(case).name for case in cases] == ["failed_action", "reply_shape"]
    assert remedy_of(cases[1]).written(cases[1:]) == ""


def only_one(ctx, text):
    """Runs its only tool for whatever call comes, and passes over arguments that it cannot read."""
    client, messages = openai.OpenAI(api_key=KEY), [{"role": "user", "content": text}]
    heard = client.chat.completions.create(model=MODELS["openai_chat"], messages=messages).choices[0].message
    messages.append(heard.model_dump(exclude_none=True))
    for call in heard.tool_calls or ():
        try:
            result = tool(refund)(**json.loads(call.function.arguments))
        except ValueError:
            result = "None"
        messages.append({"role": "tool", "tool_call_id": call.id, "content": result})
    return (
        client.chat.completions.create(model=MODELS["openai_chat"], messages=messages)
        .choices[0]
        .message.content
    )


@pytest.mark.parametrize(
    ("struck", "oracle", "name", "code"),
    [
        (
            fault("unknown_tool", call=0),
            "argument_fidelity",
            "call_as_sent",
            'if call.function.name != "refund":  # of each call that the model makes\n'
            '    result = f"there is no tool {call.function.name}"',
        ),
        (
            fault("malformed_arguments", shape="trailing_comma", call=0),
            "swallowed_error",
            "passed_over_call",
            "try:\n"
            "    result = ...  # parse the arguments, look the tool up, run it\n"
            "except Exception as exc:\n"
            '    result = f"not run: {exc}"',
        ),
    ],
    ids=["a tool of another name", "arguments that cannot be read"],
)
def test_a_call_that_cannot_be_run_is_answered_so(struck, oracle, name, code):
    outcome = judged(only_one, "openai_chat", {"call 0": struck}, said=SAID, stream=False)
    (found,) = (one for one in outcome.violations if one.oracle == oracle)
    case = Case(found, outcome.trace, outcome.trace)

    assert remedy_of(case).name == name
    assert remedy_of(case).written([case]) == code


def quoting(ctx, text):
    """Answers with what a tool gave."""
    Chat([{"role": "user", "content": text}]).ask()
    return f"Done: {tool(refund)('A-17', 15)}"


def test_a_page_that_a_tool_gave_is_refused_by_the_printed_look_at_it():
    plan = {"tool 0": fault("tool_malformed", shape="html")}
    outcome = judged(quoting, "openai_chat", plan, said=ORDER)
    (leak,) = (one for one in outcome.violations if one.oracle == "internals_leak")
    code = remedy_of(case := Case(leak, outcome.trace, outcome.trace)).written([case])

    with pytest.raises(RuntimeError, match="a page"):
        exec(code, {"result": outcome.trace.tools[0].end.result})
    exec(code, {"result": "refunded"})
    exec(code, {"result": {"refunded": 15}})


def trusting(ctx, text):
    """Looks tools up by their names, and keeps every reply."""
    client, messages = anthropic.Anthropic(api_key=KEY), [{"role": "user", "content": text}]
    reply = client.messages.create(model=MODELS["anthropic_messages"], max_tokens=99, messages=messages)
    messages.append({"role": "assistant", "content": reply.content})
    results = [
        {"type": "tool_result", "tool_use_id": b.id, "content": {"refund": tool(refund)}[b.name](**b.input)}
        for b in reply.content
        if b.type == "tool_use"
    ]
    messages.append({"role": "user", "content": results})
    return first_text(
        client.messages.create(model=MODELS["anthropic_messages"], max_tokens=99, messages=messages)
    )


@pytest.mark.parametrize(
    ("struck", "name"),
    [
        (fault("unknown_tool", call=0), "tool_error_result"),
        (fault("null_field", field="tool_name"), "checked_calls"),
    ],
    ids=["a name that is none of its tools", "no name"],
)
def test_a_call_without_a_name_is_not_answered_since_no_provider_takes_it_back(struck, name):
    outcome = judged(trusting, "anthropic_messages", {"call 0": struck}, said=SAID, stream=False)
    clean = judged(trusting, "anthropic_messages", {}, said=SAID, stream=False)
    (raised,) = (one for one in outcome.violations if one.oracle == "unhandled_exception")

    assert remedy_of(Case(raised, outcome.trace, clean.trace)).name == name


class OneLine(Case):
    """A failure of an agent one line of which asks the model and runs its tools, as a framework's does."""

    @property
    def at_tool(self):
        return self.at_call


def test_what_a_framework_passes_over_has_no_code_of_the_agents_own():
    plan = {"call 0": fault("malformed_arguments", shape="trailing_comma", call=0)}
    outcome = judged(only_one, "openai_chat", plan, said=SAID, stream=False)
    (found,) = (one for one in outcome.violations if one.oracle == "swallowed_error")
    case = OneLine(found, outcome.trace, outcome.trace)

    assert (remedy_of(case).name, remedy_of(case).written([case])) == ("by_oracle", "")
