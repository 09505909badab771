"""What each API refuses in a conversation, and what looks like it and is accepted."""

import json

import pytest

from agent_chaos.providers import rules
from agent_chaos.providers.registry import protocols
from agent_chaos.stream.exchange import Request
from tests.trials import json_reply

URLS = {
    "anthropic_messages": "https://api.anthropic.com/v1/messages",
    "openai_chat": "https://api.openai.com/v1/chat/completions",
    "openai_responses": "https://api.openai.com/v1/responses",
    "gemini": "https://generativelanguage.googleapis.com/v1beta/models/gemini-3-pro:generateContent",
}


def request(protocol, body):
    headers = (("content-type", "application/json"),)
    return Request("POST", URLS[protocol], headers, json.dumps(body).encode())


def broken(protocol, body, served=()):
    return [one.rule for one in protocols()[protocol].problems(request(protocol, body), served)]


def user(text="Refund it."):
    return {"role": "user", "content": text}


def claude(*blocks, **more):
    return {"role": "assistant", "content": list(blocks), **more}


def use(id="toolu_1", name="refund", given=None):
    return {"type": "tool_use", "id": id, "name": name, "input": {} if given is None else given}


def used(*ids):
    return {
        "role": "user",
        "content": [{"type": "tool_result", "tool_use_id": id, "content": "ok"} for id in ids],
    }


THINKING = {"type": "thinking", "thinking": "hm", "signature": "s1"}
TEXT = {"type": "text", "text": "I do."}
SEARCH = {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {}}
FOUND = {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": []}

CLAUDE = [
    ([user(), claude(use()), used("toolu_1")], []),
    ([user(), claude(TEXT, use("a"), use("b")), used("b", "a")], []),
    ([user(), claude(use("a")), claude(use("b")), used("a", "b")], []),
    ([user(), claude(use("a")), used("a"), user("And now?"), claude(TEXT)], []),
    ([user(), claude(SEARCH)], []),
    ([user(), claude(SEARCH, FOUND, TEXT), user("And now?")], []),
    ([user(), claude(SEARCH, TEXT), user("And now?")], [rules.UNANSWERED]),
    ([user(), claude(use())], [rules.UNANSWERED]),
    ([user(), claude(use("a"), use("b")), used("a")], [rules.UNANSWERED]),
    ([user(), claude(use("a")), user("And now?"), used("a")], []),
    ([user(), claude(use("a")), user("And now?"), claude(TEXT), used("a")], [rules.UNANSWERED, rules.ORPHAN]),
    ([used("a")], [rules.ORPHAN]),
    ([user(), claude(use("a")), used("a", "a")], [rules.REPEATED_RESULT]),
    ([user(), claude(use("a")), used("a"), claude(use("a")), used("a")], [rules.REPEATED_ID]),
    ([user(), claude(use("a", given="{")), used("a")], [rules.ARGUMENTS]),
    ([user(), claude(use("a", name="")), used("a")], [rules.NAME]),
    ([user(), claude({"type": "text", "text": ""})], [rules.EMPTY]),
    ([user(), claude(), user("Hello?")], [rules.EMPTY]),
    ([user("")], [rules.EMPTY]),
    ([user(), claude()], []),
]


@pytest.mark.parametrize(("messages", "found"), CLAUDE, ids=range(len(CLAUDE)))
def test_the_messages_api(messages, found):
    assert broken("anthropic_messages", {"model": "m", "messages": messages}) == found


def test_a_thread_of_which_nothing_is_known_is_not_judged():
    body = {"model": "m", "messages": [used("a")], "thread": {"previous_message_id": "msg_1"}}

    assert broken("anthropic_messages", body) == []


@pytest.mark.parametrize(
    ("messages", "found"),
    [
        ([used("b")], []),
        ([user("And now?")], [rules.UNANSWERED]),
        ([used("a")], [rules.UNANSWERED, rules.ORPHAN]),
    ],
    ids=["answered", "unanswered", "another"],
)
def test_a_thread_is_judged_with_what_its_server_was_told(messages, found):
    first = {"model": "m", "messages": [user()], "thread": {"type": "create"}}
    then = {"model": "m", "messages": [used("a")], "thread": {"previous_message_id": "msg_1"}}
    served = [
        (request("anthropic_messages", first), json_reply({"id": "msg_1", "content": [use("a")]})),
        (request("anthropic_messages", then), json_reply({"id": "msg_2", "content": [TEXT, use("b")]})),
    ]
    body = {"model": "m", "messages": messages, "thread": {"previous_message_id": "msg_2"}}

    assert broken("anthropic_messages", body, served) == found


@pytest.mark.parametrize(
    ("blocks", "found"),
    [
        ([THINKING, use("a")], []),
        ([use("a")], [rules.REASONING]),
        ([{**THINKING, "signature": "other"}, use("a")], [rules.REASONING]),
    ],
    ids=["kept", "dropped", "changed"],
)
def test_thinking_stays_beside_its_call(blocks, found):
    body = {"model": "m", "thinking": {"type": "enabled", "budget_tokens": 1024}}
    before = request("anthropic_messages", {"model": "m", "messages": [user()]})
    reply = json_reply(
        {"type": "message", "id": "msg_1", "role": "assistant", "content": [THINKING, use("a")]}
    )
    messages = [user(), claude(*blocks), used("a")]

    assert broken("anthropic_messages", {**body, "messages": messages}, [(before, reply)]) == found


def thought_through(*told, replies):
    """What is refused of a turn in which the model called `a` and then `b`, as the agent tells it."""
    body = {"model": "m", "thinking": {"type": "enabled", "budget_tokens": 1024}}
    served = [
        (
            request("anthropic_messages", {"model": "m", "messages": [user()]}),
            json_reply({"type": "message", "id": f"msg_{at}", "role": "assistant", "content": content}),
        )
        for at, content in enumerate(replies)
    ]
    first, second = told
    messages = [user(), claude(*first), used("a"), claude(*second), used("b")]
    return broken("anthropic_messages", {**body, "messages": messages}, served)


def test_the_model_thinks_before_its_first_call_of_a_turn_and_not_again():
    replies = [[THINKING, use("a")], [use("b")]]

    assert thought_through(*replies, replies=replies) == []
    assert thought_through([use("a")], [use("b")], replies=replies) == [rules.REASONING]


def test_a_call_that_came_without_a_thought_is_sent_back_without_one():
    replies = [[use("a")], [use("b")]]

    assert thought_through(*replies, replies=replies) == []


def calls(*ids, arguments="{}", name="refund", content=None):
    made = [{"id": id, "type": "function", "function": {"name": name, "arguments": arguments}} for id in ids]
    return {"role": "assistant", "content": content, "tool_calls": made}


def told(id):
    return {"role": "tool", "tool_call_id": id, "content": "ok"}


CHAT = [
    ([user(), calls("a", "b"), told("b"), told("a")], []),
    ([user(), {"role": "assistant", "content": None, "function_call": {"name": "f", "arguments": "{}"}}], []),
    ([user(), {"role": "assistant", "content": ""}], []),
    ([user(), {"role": "assistant", "content": None, "refusal": "no"}], []),
    ([user(), calls("a", "b"), told("a"), user("And?")], [rules.UNANSWERED]),
    ([user(), calls("a")], [rules.UNANSWERED]),
    ([user(), told("a")], [rules.ORPHAN]),
    ([user(), calls("a"), user("And?"), told("a")], [rules.UNANSWERED, rules.ORPHAN]),
    ([user(), {"role": "assistant", "content": None}, user()], [rules.EMPTY]),
    ([user(), calls("a", name="no such tool"), told("a")], [rules.NAME]),
    ([user(), calls("a", arguments='{"amount": 15'), told("a")], [rules.ARGUMENTS]),
]


@pytest.mark.parametrize(("messages", "found"), CHAT, ids=range(len(CHAT)))
def test_chat_completions(messages, found):
    assert broken("openai_chat", {"model": "m", "messages": messages}) == found


def call(call_id, **more):
    return {"type": "function_call", "call_id": call_id, "name": "refund", "arguments": "{}", **more}


def output(id):
    return {"type": "function_call_output", "call_id": id, "output": "ok"}


SAID = {"type": "message", "id": "msg_1", "role": "assistant", "content": []}
THOUGHT = {"type": "reasoning", "id": "rs_1", "summary": []}

RESPONSES = [
    ([user(), call("a"), output("a")], []),
    ([user(), call("a"), call("b"), output("b"), output("a")], []),
    ([user(), THOUGHT, SAID, user()], []),
    ([user(), THOUGHT, call("a", id="fc_1"), output("a")], []),
    ([user(), {"type": "web_search_call", "id": "ws_1", "status": "completed"}, SAID], []),
    ([user(), {"type": "item_reference", "id": "fc_1"}, output("a")], []),
    ([user(), call("a")], [rules.UNANSWERED]),
    ([user(), output("a")], [rules.ORPHAN]),
    ([user(), THOUGHT, user("And?")], [rules.REASONING]),
    ([user(), THOUGHT, {"role": "assistant", "content": "rewritten"}, user()], [rules.REASONING]),
    ([user(), SAID, SAID, user()], [rules.REPEATED_ID]),
    ([user(), call("a", name=""), output("a")], [rules.NAME]),
    ([user(), call("a", id="a"), output("a")], [rules.IDENTIFIER]),
    ([user(), call("a", id=""), output("a")], [rules.IDENTIFIER]),
    ([user(), call("a", id=None), output("a")], []),
]


@pytest.mark.parametrize(("given", "found"), RESPONSES, ids=range(len(RESPONSES)))
def test_the_responses_api(given, found):
    assert broken("openai_responses", {"model": "m", "input": given}) == found


KEPT = (
    request("openai_responses", {"model": "m", "input": [user()]}),
    json_reply({"id": "resp_1", "output": [THOUGHT, call("a", id="fc_1")]}),
)


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ({"previous_response_id": "resp_1", "input": [output("a")]}, []),
        ({"previous_response_id": "resp_1", "input": [user("And?")]}, [rules.UNANSWERED]),
        ({"previous_response_id": "resp_1", "input": [output("a"), output("b")]}, [rules.ORPHAN]),
        ({"previous_response_id": "resp_unknown", "input": [output("b")]}, []),
        ({"conversation": "conv_1", "input": [output("b")]}, []),
        ({"input": [user(), call("a", id="fc_1"), output("a")]}, [rules.REASONING]),
        ({"input": [user(), call("a"), output("a")]}, []),
    ],
    ids=["continued", "unanswered", "orphan", "unknown", "conversation", "without-reasoning", "without-ids"],
)
def test_what_the_server_keeps_is_looked_up(body, found):
    assert broken("openai_responses", {"model": "m", **body}, [KEPT]) == found


def test_an_id_that_the_server_itself_gave_is_its_own_affair():
    reply = json_reply({"id": "resp_1", "output": [call("a", id="call_a")]})
    served = [(request("openai_responses", {"model": "m", "input": [user()]}), reply)]
    given = [user(), call("a", id="call_a"), output("a")]

    assert broken("openai_responses", {"model": "m", "input": given}, served) == []


def says(*parts, role="model"):
    return {"role": role, "parts": list(parts)}


def asks(name="refund", **more):
    return {"functionCall": {"name": name, "args": {}}, **more}


def gives(name="refund", response=None, **more):
    given = {"result": 1} if response is None else response
    return {"functionResponse": {"name": name, "response": given, **more}}


ASKED = says({"text": "Refund it."}, role="user")

GEMINI = [
    ([ASKED, says(asks()), says(gives(), role="user")], []),
    ([ASKED, says(asks(), asks("look")), says(gives(), role="user"), says(gives("look"), role="user")], []),
    ([ASKED, says(asks()), says(gives(), role="function"), says({"text": "done"})], []),
    ([ASKED, says(asks(), asks("look")), says(gives(), role="user")], [rules.UNANSWERED]),
    ([ASKED, says(asks()), says({"text": "And?"}, role="user")], [rules.UNANSWERED]),
    ([ASKED, says(asks(), asks("look")), says(gives("look"), gives(), role="user")], [rules.ORDER]),
    ([ASKED, says(asks(), asks("look")), says(gives("look", id="2"), gives(id="1"), role="user")], []),
    ([ASKED, says(gives(), role="user")], [rules.ORPHAN]),
    ([says(asks()), says(gives(), role="user")], [rules.ORDER]),
    ([ASKED, says(), ASKED], [rules.EMPTY]),
    ([ASKED, says(asks()), says(gives(response="ok"), role="user")], [rules.RESULT]),
]


@pytest.mark.parametrize(("contents", "found"), GEMINI, ids=range(len(GEMINI)))
def test_the_gemini_api(contents, found):
    assert broken("gemini", {"contents": contents}) == found


@pytest.mark.parametrize(("more", "found"), [({"thoughtSignature": "c2ln"}, []), ({}, [rules.REASONING])])
def test_a_call_of_gemini_3_comes_back_with_its_signature(more, found):
    signed = says(asks(thoughtSignature="c2ln"))
    served = [(request("gemini", {"contents": [ASKED]}), json_reply({"candidates": [{"content": signed}]}))]
    contents = [ASKED, says(asks(**more)), says(gives(), role="user")]

    assert broken("gemini", {"contents": contents}, served) == found


def test_every_rule_says_what_to_do():
    named = {value for name, value in vars(rules).items() if name.isupper() and isinstance(value, str)}

    assert named == set(rules.ADVICE)
