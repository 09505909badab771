"""A refund desk on three real SDKs, and its trials. What it minds and how it reads arguments makes it good or bad."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import anthropic
import jiter
import openai
from google import genai
from google.genai import types

from agent_chaos.faults.fault import Fault
from agent_chaos.faults.plan import Plan, fault_of
from agent_chaos.oracles.judge import judge
from agent_chaos.oracles.oracle import Budget, Evidence, Oracle
from agent_chaos.oracles.verdict import Outcome, Verdict
from tests.spoken import spoken
from tests.standin.said import Called, Said
from tests.standin.wires import MODELS
from tests.trials import recorded, scenario, trial

KEY = "sk-test-0123456789abcdefghijklmnop"
QUESTION = "Please refund what I paid for order A-17."
SAID = (
    Said("I refund it now.", (Called("refund", ('{"order": "A-', '17", "amount": 15', "00}")),)),
    Said("Your refund of 1500 dollars is on its way to your card."),
)
ENDED = ("end_turn", "tool_use", "stop", "tool_calls", "STOP")
SCHEMA = {
    "type": "object",
    "properties": {"order": {"type": "string"}, "amount": {"type": "number"}},
    "required": ["order", "amount"],
}


class Unavailable(Exception):
    """The desk's own error: the provider gave no reply to act on."""


@dataclass
class Heard:
    """A reply as the SDK gives it: `calls` are (id, name, arguments), as text or already read."""

    text: str
    calls: list[tuple[str, str, Any]]
    stop: str | None


@dataclass
class Claude:
    """Anthropic, through its stream helper, which reads arguments itself."""

    messages: list[Any]
    retries: int = 2

    def ask(self) -> Heard:
        tools: Any = [{"name": "refund", "description": "Pay back.", "input_schema": SCHEMA}]
        client = anthropic.Anthropic(api_key=KEY, max_retries=self.retries)
        with client.messages.stream(
            model=MODELS["anthropic_messages"], max_tokens=99, tools=tools, messages=self.messages
        ) as stream:
            message = stream.get_final_message()
        text = "".join(block.text for block in message.content if block.type == "text")
        calls = [(block.id, block.name, block.input) for block in message.content if block.type == "tool_use"]
        return Heard(text, calls, message.stop_reason)

    def tell(self, heard: Heard, arguments: list[Any], results: list[str]) -> None:
        ids = [(id, name) for id, name, _ in heard.calls]
        used = [
            {"type": "tool_use", "id": id, "name": name, "input": given}
            for (id, name), given in zip(ids, arguments, strict=True)
        ]
        done = [
            {"type": "tool_result", "tool_use_id": id, "content": result}
            for (id, _), result in zip(ids, results, strict=True)
        ]
        said = [{"type": "text", "text": heard.text}] if heard.text else []
        self.messages += [{"role": "assistant", "content": [*said, *used]}, {"role": "user", "content": done}]


@dataclass
class Chat:
    """OpenAI Chat Completions, adding up the deltas of the plain stream."""

    messages: list[Any]

    def ask(self) -> Heard:
        tools: Any = [{"type": "function", "function": {"name": "refund", "parameters": SCHEMA}}]
        client = openai.OpenAI(api_key=KEY)
        heard, parts = Heard("", [], None), []
        for chunk in client.chat.completions.create(
            model=MODELS["openai_chat"], tools=tools, messages=self.messages, stream=True
        ):
            for choice in chunk.choices:
                heard.text += choice.delta.content or ""
                heard.stop = choice.finish_reason or heard.stop
                for call in choice.delta.tool_calls or ():
                    if call.id:
                        parts.append([call.id, call.function.name, ""])
                    parts[-1][2] += call.function.arguments or ""
        heard.calls = [(id, name, arguments) for id, name, arguments in parts]
        return heard

    def tell(self, heard: Heard, arguments: list[Any], results: list[str]) -> None:
        used = [
            {"id": id, "type": "function", "function": {"name": name, "arguments": json.dumps(given)}}
            for (id, name, _), given in zip(heard.calls, arguments, strict=True)
        ]
        done = [
            {"role": "tool", "tool_call_id": id, "content": result}
            for (id, *_), result in zip(heard.calls, results, strict=True)
        ]
        self.messages += [{"role": "assistant", "content": heard.text or None, "tool_calls": used}, *done]


@dataclass
class Gemini:
    """google-genai, whose wire carries arguments as an object."""

    messages: list[Any]
    contents: list[Any] = field(init=False)

    def __post_init__(self) -> None:
        text = self.messages[0]["content"]
        self.contents = [types.Content(role="user", parts=[types.Part(text=text)])]

    def ask(self) -> Heard:
        declared = types.FunctionDeclaration(
            name="refund", description="Pay back.", parameters_json_schema=SCHEMA
        )
        off = types.AutomaticFunctionCallingConfig(disable=True)
        config = types.GenerateContentConfig(
            tools=[types.Tool(function_declarations=[declared])], automatic_function_calling=off
        )
        with genai.Client(api_key=KEY) as client:
            chunks = list(
                client.models.generate_content_stream(
                    model=MODELS["gemini"], contents=self.contents, config=config
                )
            )
        candidates = [one for chunk in chunks for one in chunk.candidates or ()]
        parts = [part for one in candidates if one.content for part in one.content.parts or ()]
        calls = [("", p.function_call.name or "", p.function_call.args) for p in parts if p.function_call]
        stops = [one.finish_reason.value for one in candidates if one.finish_reason]
        return Heard("".join(p.text or "" for p in parts), calls, stops[-1] if stops else None)

    def tell(self, heard: Heard, arguments: list[Any], results: list[str]) -> None:
        used = [
            types.Part(function_call=types.FunctionCall(name=name, args=given))
            for (_, name, _), given in zip(heard.calls, arguments, strict=True)
        ]
        done = [
            types.Part.from_function_response(name=name, response={"result": result})
            for (_, name, _), result in zip(heard.calls, results, strict=True)
        ]
        said = [types.Part(text=heard.text)] if heard.text else []
        self.contents += [
            types.Content(role="model", parts=[*said, *used]),
            types.Content(role="user", parts=done),
        ]


SPEAKERS: dict[str, Callable[[list[Any]], Any]] = {
    "anthropic_messages": Claude,
    "openai_chat": Chat,
    "gemini": Gemini,
}


def refund(order: str = "", amount: float = 0) -> str:
    return f"refunded {amount} on order {order}"


def lenient(arguments: Any) -> Any:
    """Mends arguments that are cut, as LangChain's parser of partial JSON does."""
    if isinstance(arguments, str):
        return jiter.from_json(arguments.encode(), partial_mode="trailing-strings")
    return arguments


def strict(arguments: Any) -> Any:
    return json.loads(arguments) if isinstance(arguments, str) else arguments


def anything(heard: Heard) -> bool:
    return True


def whole(heard: Heard) -> bool:
    """Whether a reply says that it ended, and all its arguments are JSON."""
    try:
        return heard.stop in ENDED and all(isinstance(strict(call[2]), dict) for call in heard.calls)
    except ValueError:
        return False


def desk(
    protocol: str,
    tool: Callable[..., str] = refund,
    *,
    minds: Callable[[Heard], bool] = anything,
    read: Callable[[Any], Any] = lenient,
    speak: Callable[[list[Any]], Any] | None = None,
) -> Callable[[Any, str], str]:
    """An agent that asks again where it does not like a reply, and runs `tool` on what it reads."""

    def agent(ctx: Any, text: str) -> str:
        conversation = (speak or SPEAKERS[protocol])([{"role": "user", "content": text}])
        for _ in range(6):
            heard = conversation.ask()
            if not minds(heard):
                continue
            if not heard.calls:
                return heard.text
            arguments = [read(given) for *_, given in heard.calls]
            conversation.tell(heard, arguments, [tool(**given) for given in arguments])
        raise Unavailable("no reply to act on")

    return agent


def fault(kind: str, **fields: Any) -> Fault:
    return fault_of({"kind": kind, **fields})


def judged(
    agent: Callable[[Any, str], Any],
    protocol: str,
    faults: Mapping[str, Fault],
    *,
    said: tuple[Said, ...] = SAID,
    stream: bool = True,
    budget_s: float = 600.0,
    requests: int = 30,
    judges: Mapping[str, Oracle] | None = None,
    schemas: Mapping[str, Any] | None = None,
    pure_tools: tuple[str, ...] = (),
) -> Outcome:
    """The outcome of an agent, recorded on what the model says, under faults by site. Its clean run must pass."""
    subject = scenario(agent, QUESTION)
    cassette = recorded(subject, [spoken(protocol, one, i, stream=stream) for i, one in enumerate(said)])
    clean = trial(subject, cassette)
    budget = Budget(virtual_s=budget_s, requests=requests)
    declared = dict(schemas or {})
    sound = judge(Evidence(clean, clean, budget, declared), judges)

    assert (sound.verdict, sound.violations, clean.raised) == (Verdict.PASS, (), ())
    trace = trial(
        subject,
        cassette,
        Plan.of(faults.items()),
        max_requests=len(clean.calls) + requests,
        max_virtual_s=budget_s,
    )
    return judge(Evidence(trace, clean, budget, declared, pure_tools=frozenset(pure_tools)), judges)


def found(outcome: Outcome) -> set[str]:
    """The fingerprints of an outcome; a harness error is none of them."""
    assert outcome.verdict is not Verdict.HARNESS_ERROR, outcome.reason
    return set(outcome.fingerprints)
