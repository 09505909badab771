"""Agents on the real SDKs that know nothing of agent-chaos; as a program, what each does to a server is a line."""

from __future__ import annotations

import json
import sys

import anthropic
import openai

KEY = "sk-test-0123456789abcdefghijklmnop"


def claude(base_url, refund, text):
    client = anthropic.Anthropic(base_url=base_url, api_key=KEY, max_retries=0)
    messages = [{"role": "user", "content": text}]
    for _ in range(4):
        with client.messages.stream(model="m", max_tokens=99, messages=messages) as stream:
            message = stream.get_final_message()
        calls = [block for block in message.content if block.type == "tool_use"]
        if not calls:
            return "".join(block.text for block in message.content if block.type == "text")
        done = [
            {
                "type": "tool_result",
                "tool_use_id": one.id,
                "content": {"refund": refund}[one.name](**one.input),
            }
            for one in calls
        ]
        messages += [{"role": "assistant", "content": message.content}, {"role": "user", "content": done}]
    raise RuntimeError("no answer")


def chat(base_url, refund, text):
    client = openai.OpenAI(base_url=base_url + "/v1", api_key=KEY, max_retries=0)
    messages = [{"role": "user", "content": text}]
    for _ in range(4):
        message = client.chat.completions.create(model="m", messages=messages).choices[0].message
        messages.append(message)
        if not message.tool_calls:
            return message.content
        for call in message.tool_calls:
            arguments = json.loads(call.function.arguments)
            result = {"refund": refund}[call.function.name](**arguments)
            messages.append({"role": "tool", "tool_call_id": call.id, "content": result})
    raise RuntimeError("no answer")


AGENTS = {"claude": claude, "chat": chat}


def did(name, base_url, text):
    """What an agent did: the refunds that it made, and its answer or its exception."""
    ran = []

    def refund(order="", amount=0):
        ran.append({"order": order, "amount": amount})
        return f"refunded {amount} on order {order}"

    try:
        return {"ran": ran, "answer": AGENTS[name](base_url, refund, text) or ""}
    except Exception as exc:
        return {"ran": ran, "raised": type(exc).__name__}


if __name__ == "__main__":
    url, names, text = sys.argv[1:]
    for number, name in enumerate(names.split()):
        sys.stdout.write(json.dumps(did(name, f"{url}/{number}", text)) + "\n")
