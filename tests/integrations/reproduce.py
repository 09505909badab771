"""What the table in scenarios/frameworks/README.md says, without agent-chaos: a small server sends the bytes, and the framework does the rest.

`python tests/integrations/reproduce.py langgraph` prints what ran and what was answered. Nothing leaves the machine.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Sent = tuple[str, bytes]
"""A reply's content type and body. A stream that lacks its end just ends, with the connection closed as it should be."""


@contextmanager
def server(replies: list[Sent]) -> Iterator[str]:
    """The address of a server that gives these replies, one after the other, and the last one for ever."""
    waiting = list(replies)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", 0)))
            kind, body = waiting.pop(0) if len(waiting) > 1 else waiting[0]
            self.send_response(200)
            self.send_header("content-type", kind)
            self.send_header("connection", "close")
            self.end_headers()
            self.wfile.write(body)
            self.close_connection = True

        def log_message(self, *_: object) -> None:
            return

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=listening.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listening.server_address[1]}"
    finally:
        listening.shutdown()
        listening.server_close()


def sse(*events: object, done: bool = False) -> Sent:
    lines = [f"data: {json.dumps(event)}\n\n" for event in events]
    return "text/event-stream", "".join([*lines, "data: [DONE]\n\n" if done else ""]).encode()


def named(*events: dict[str, object]) -> Sent:
    return "text/event-stream", "".join(
        f"event: {e['type']}\ndata: {json.dumps(e)}\n\n" for e in events
    ).encode()


def whole(body: object) -> Sent:
    return "application/json", json.dumps(body).encode()


def claude(block: dict[str, object], *deltas: dict[str, object], stop: str = "") -> Sent:
    """A streamed message with one block; without `stop` the stream ends after the last delta."""
    message = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-sonnet-5",
        "content": [],
    }
    usage = {"input_tokens": 10, "output_tokens": 10}
    started = [
        {
            "type": "message_start",
            "message": {**message, "stop_reason": None, "stop_sequence": None, "usage": usage},
        },
        {"type": "content_block_start", "index": 0, "content_block": block},
        *({"type": "content_block_delta", "index": 0, "delta": delta} for delta in deltas),
    ]
    if not stop:
        return named(*started)
    ended = {"type": "message_delta", "delta": {"stop_reason": stop, "stop_sequence": None}, "usage": usage}
    return named(*started, {"type": "content_block_stop", "index": 0}, ended, {"type": "message_stop"})


def chunk(delta: dict[str, object], finish: str | None = None) -> dict[str, object]:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {
        "id": "c",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "gpt-5-mini",
        "choices": [choice],
    }


def call(name: str, arguments: str, index: int = 0) -> dict[str, object]:
    return {
        "index": index,
        "id": f"call_{index}",
        "type": "function",
        "function": {"name": name, "arguments": arguments},
    }


def gemini(*parts: dict[str, object], finish: str = "STOP") -> dict[str, object]:
    return {
        "candidates": [
            {"content": {"role": "model", "parts": list(parts)}, "finishReason": finish, "index": 0}
        ]
    }


def langgraph() -> object:
    """A stream that ends inside a number of a tool argument."""
    from langchain.agents import create_agent
    from langchain.tools import tool
    from langchain_anthropic import ChatAnthropic

    @tool
    def refund(order_id: str, amount: float) -> str:
        """Refund an amount in dollars for an order."""
        return ran("refund", order_id=order_id, amount=amount)

    asked = {"type": "tool_use", "id": "toolu_1", "name": "refund", "input": {}}
    cut = claude(asked, {"type": "input_json_delta", "partial_json": '{"order_id": "A-17", "amount": 15'})
    said = claude({"type": "text", "text": ""}, {"type": "text_delta", "text": "Refunded."}, stop="end_turn")
    with server([cut, said]) as url:
        model = ChatAnthropic(model="claude-sonnet-5", base_url=url, streaming=True)
        state = create_agent(model, tools=[refund]).invoke(
            {"messages": [("user", "Refund 1500 dollars on A-17.")]}
        )
    return state["messages"][-1].text


def pydantic_ai() -> object:
    """A stream that ends after a whole tool call, before anything says that it was meant."""
    from openai import AsyncOpenAI
    from pydantic_ai import Agent
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.providers.openai import OpenAIProvider

    cut = sse(chunk({"role": "assistant", "tool_calls": [call("track_parcel", '{"number": "0034"}')]}))
    said = sse(chunk({"role": "assistant", "content": "In Leipzig."}), chunk({}, "stop"), done=True)

    async def run(url: str) -> object:
        client = AsyncOpenAI(base_url=f"{url}/v1")
        desk = Agent(OpenAIChatModel("gpt-5-mini", provider=OpenAIProvider(openai_client=client)))

        @desk.tool_plain
        def track_parcel(number: str) -> str:
            return ran("track_parcel", number=number)

        async with desk.run_stream("Where is parcel 0034?") as result:
            return await result.get_output()

    with server([cut, said]) as url:
        return asyncio.run(run(url))


def openai_agents() -> object:
    """An answer that hits the token limit."""
    from agents import Agent, OpenAIChatCompletionsModel, Runner, set_tracing_disabled
    from openai import AsyncOpenAI

    set_tracing_disabled(True)
    cut = sse(
        chunk({"role": "assistant", "content": "It reaches your card withi"}), chunk({}, "length"), done=True
    )

    async def run(url: str) -> object:
        model = OpenAIChatCompletionsModel("gpt-5-mini", AsyncOpenAI(base_url=f"{url}/v1"))
        result = Runner.run_streamed(Agent(name="Desk", model=model), "When do I get my money?")
        async for _ in result.stream_events():
            pass
        return result.final_output

    with server([cut]) as url:
        return asyncio.run(run(url))


def smolagents() -> object:
    """A tool call whose arguments the token limit cut inside a string."""
    from smolagents import LogLevel, OpenAIModel, ToolCallingAgent, tool

    @tool
    def track_parcel(number: str) -> str:
        """Where a parcel is.

        Args:
            number: the number of the parcel
        """
        return ran("track_parcel", number=number)

    def reply(name: str, arguments: str, finish: str) -> Sent:
        message = {"role": "assistant", "content": None, "tool_calls": [call(name, arguments)]}
        usage = {"prompt_tokens": 9, "completion_tokens": 9, "total_tokens": 18}
        choice = {"index": 0, "message": message, "finish_reason": finish}
        return whole(
            {
                "id": "c",
                "object": "chat.completion",
                "created": 1,
                "model": "m",
                "choices": [choice],
                "usage": usage,
            }
        )

    cut = reply("track_parcel", '{"number": "0034', "length")
    said = reply("final_answer", '{"answer": "In Leipzig."}', "tool_calls")
    with server([cut, said]) as url:
        model = OpenAIModel("gpt-5-mini", api_base=f"{url}/v1")
        return ToolCallingAgent(tools=[track_parcel], model=model, verbosity_level=LogLevel.OFF).run(
            "Where is 00340434?"
        )


def litellm() -> object:
    """A stream that ends in the middle of a sentence."""
    import litellm as library

    cut = sse(chunk({"role": "assistant", "content": "You may return a laptop within 30 days, unless"}))
    with server([cut]) as url:
        messages = [{"role": "user", "content": "What are the rules?"}]
        stream = library.completion(
            model="openai/gpt-5-mini", messages=messages, stream=True, api_base=f"{url}/v1"
        )
        reply = library.stream_chunk_builder(list(stream), messages=messages)
    return f"{reply.choices[0].message.content!r}, finish_reason {reply.choices[0].finish_reason!r}"


def genai_sdk() -> object:
    """A call of a tool that does not exist."""
    from google import genai
    from google.genai import types

    def find_trains(origin: str) -> str:
        """Finds trains from a city."""
        return ran("find_trains", origin=origin)

    made_up = whole(gemini({"functionCall": {"name": "find_trains_tool", "args": {"origin": "Berlin"}}}))
    with server([made_up]) as url:
        client = genai.Client(http_options=types.HttpOptions(base_url=url))
        config = types.GenerateContentConfig(tools=[find_trains])
        return client.models.generate_content(
            model="gemini-3-flash", contents="Trains from Berlin?", config=config
        ).text


def google_adk() -> object:
    """A tool call that the token limit cut, with arguments that happen to parse."""
    from google.adk.agents import Agent
    from google.adk.runners import InMemoryRunner
    from google.genai import types

    def book_hotel(city: str, max_price: float) -> dict[str, object]:
        """Books a hotel in a city."""
        return {"booked": ran("book_hotel", city=city, max_price=max_price)}

    cut = gemini(
        {"functionCall": {"name": "book_hotel", "args": {"city": "Hamburg", "max_price": 12}}},
        finish="MAX_TOKENS",
    )

    async def run() -> str:
        runner = InMemoryRunner(
            agent=Agent(name="t", model="gemini-3-flash", tools=[book_hotel]), app_name="t"
        )
        session = await runner.session_service.create_session(app_name="t", user_id="u")
        asked, answer = types.Content(role="user", parts=[types.Part(text="A hotel for 120 euros.")]), ""
        async for event in runner.run_async(user_id="u", session_id=session.id, new_message=asked):
            if event.is_final_response() and event.content and event.content.parts:
                answer = "".join(part.text or "" for part in event.content.parts)
        return answer

    with server([whole(cut), whole(gemini({"text": "Booked."}))]) as url:
        os.environ["GOOGLE_GEMINI_BASE_URL"] = url
        return asyncio.run(run())


CASES: dict[str, Callable[[], object]] = {
    one.__name__: one
    for one in (langgraph, pydantic_ai, openai_agents, smolagents, litellm, genai_sdk, google_adk)
}


def ran(tool: str, **arguments: object) -> str:
    print(f"  ran {tool}({', '.join(f'{name}={value!r}' for name, value in arguments.items())})")
    return "done"


def main(names: list[str]) -> int:
    for name in ("ANTHROPIC_API_KEY", "OPENAI_API_KEY", "GOOGLE_API_KEY"):
        os.environ.setdefault(name, "none")
    for name in names or CASES:
        if name not in CASES:
            print(f"{name}: no such case; there are {', '.join(CASES)}")
            return 2
        print(f"{name}: {CASES[name].__doc__}")
        try:
            print(f"  answered {CASES[name]()}")
        except Exception as error:
            print(f"  raised {type(error).__name__}: {error}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
