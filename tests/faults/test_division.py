"""A stream that is divided otherwise says the same: a client that reads it with care gives the same text and tool calls.

The clients here read the events of the real SDKs and put them together by themselves, as careful code does: a call by its id
or else its index, text from wherever there is any, until the stream ends.
"""

from __future__ import annotations

import json
from typing import Any

import anthropic
import openai
import pytest
from google import genai

from agent_chaos.faults.family import DIVISION
from agent_chaos.faults.plan import Plan
from tests.faults.catalogued import SAID, WIRE_FAULTS, faults_of
from tests.spoken import spoken
from tests.standin.wires import MODELS
from tests.trials import recorded, scenario, trial

KEY = "sk-test-0123456789abcdefghijklmnop"
ASKED: Any = [{"role": "user", "content": "go"}]
DIVIDED = [kind for kind, cls in WIRE_FAULTS.items() if cls.family == DIVISION and cls.transparent]


def chat(ctx, text):
    said, calls, current = "", [], None
    stream = openai.OpenAI(api_key=KEY).chat.completions.create(
        model=MODELS["openai_chat"], messages=ASKED, stream=True
    )
    for chunk in stream:
        delta = getattr(chunk.choices[0], "delta", None) if chunk.choices else None
        said += (delta.content or "") if delta else ""
        for piece in (delta.tool_calls or ()) if delta else ():
            known = next((call for call in calls if piece.id and call["id"] == piece.id), None)
            if piece.id and known is None:
                known = {"id": piece.id, "index": piece.index, "name": piece.function.name, "arguments": ""}
                calls.append(known)
            if not piece.id and current and piece.index not in (None, current["index"]):
                known = next(call for call in calls if call["index"] == piece.index)
            current = known or current
            current["arguments"] += piece.function.arguments or ""
    return {"response": said, "calls": [(call["name"], json.loads(call["arguments"])) for call in calls]}


def responses(ctx, text):
    said, calls = "", {}
    stream = openai.OpenAI(api_key=KEY).responses.create(
        model=MODELS["openai_responses"], input="go", stream=True
    )
    for event in stream:
        if event.type == "response.output_text.delta":
            said += event.delta
        elif event.type == "response.output_item.added" and event.item.type == "function_call":
            calls[event.output_index] = [event.item.name, ""]
        elif event.type == "response.function_call_arguments.delta":
            calls[event.output_index][1] += event.delta
    return {"response": said, "calls": [(name, json.loads(arguments)) for name, arguments in calls.values()]}


def messages(ctx, text):
    said, calls = "", {}
    stream = anthropic.Anthropic(api_key=KEY).messages.create(
        model=MODELS["anthropic_messages"], max_tokens=99, messages=ASKED, stream=True
    )
    for event in stream:
        if event.type == "content_block_start" and event.content_block.type == "tool_use":
            calls[event.index] = [event.content_block.name, ""]
        elif event.type == "content_block_delta" and event.delta.type == "text_delta":
            said += event.delta.text
        elif event.type == "content_block_delta" and event.delta.type == "input_json_delta":
            calls[event.index][1] += event.delta.partial_json
    return {"response": said, "calls": [(name, json.loads(arguments)) for name, arguments in calls.values()]}


def gemini(ctx, text):
    with genai.Client(api_key=KEY) as client:
        chunks = list(client.models.generate_content_stream(model=MODELS["gemini"], contents="go"))
    candidates = [candidate for chunk in chunks for candidate in chunk.candidates or ()]
    parts = [part for one in candidates if one.content for part in one.content.parts or ()]
    calls = [(part.function_call.name, part.function_call.args) for part in parts if part.function_call]
    return {"response": "".join(part.text or "" for part in parts if not part.thought), "calls": calls}


CLIENTS = {
    "openai_chat": chat,
    "openai_responses": responses,
    "anthropic_messages": messages,
    "gemini": gemini,
}


@pytest.mark.parametrize("said", SAID)
@pytest.mark.parametrize("protocol", CLIENTS)
def test_a_careful_client_reads_the_same_from_a_stream_that_is_divided_otherwise(protocol, said):
    subject = scenario(CLIENTS[protocol])
    cassette = recorded(subject, [spoken(protocol, SAID[said], stream=True)])
    (clean,) = trial(subject, cassette).answers
    faults = [fault for kind in DIVIDED for fault in faults_of(kind, (protocol, True, said))]

    assert faults
    for fault in faults:
        trace = trial(subject, cassette, Plan.of([("call 0", fault)]))

        assert trace.fired, fault
        assert [answer.value for answer in trace.answers] == [clean.value], fault
