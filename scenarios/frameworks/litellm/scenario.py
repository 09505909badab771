"""A streamed answer through litellm, as its documentation of streaming writes it."""

from __future__ import annotations

import litellm

from agent_chaos import BaselineScenario, Turn


def agent(ctx: object, turn_input: str) -> str:
    messages = [{"role": "user", "content": turn_input}]
    stream = litellm.completion(model="openai/gpt-5-mini", messages=messages, stream=True)
    reply = litellm.stream_chunk_builder(list(stream), messages=messages)
    if reply.choices[0].finish_reason != "stop":
        raise RuntimeError("the answer is not whole")
    return str(reply.choices[0].message.content)


scenario = BaselineScenario(
    name="litellm_answer", agent=agent, turns=[Turn("What are the rules for returning a laptop?")]
)
