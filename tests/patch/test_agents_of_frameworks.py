"""Agents as their frameworks' documentation writes them: tools are seen without wrapping, and never run in a replay.

Each is skipped where its framework is not installed.
"""

from __future__ import annotations

from importlib.util import find_spec

import pytest

from agent_chaos.trial.rehearsal import Rehearsal
from tests.patch.test_tool_adapters import KEY, ORDER, Desk, chat, claude
from tests.trials import json_reply, recorded, scenario, trial


def agno(desk):
    from agno.agent import Agent
    from agno.models.openai import OpenAIChat

    clerk = Agent(model=OpenAIChat(id="gpt-5-mini"), tools=[desk.refund], telemetry=False)
    return lambda ctx, text: clerk.run(text).content


def autogen(desk):
    from autogen_agentchat.agents import AssistantAgent
    from autogen_ext.models.openai import OpenAIChatCompletionClient

    async def agent(ctx, text):
        client = OpenAIChatCompletionClient(model="gpt-4o-mini", max_retries=0)
        clerk = AssistantAgent("desk", model_client=client, tools=[desk.refund], max_tool_iterations=5)
        return (await clerk.run(task=text)).messages[-1].content

    return agent


def ag2(desk):
    from ag2 import Agent
    from ag2.config import OpenAIConfig

    clerk = Agent("desk", config=OpenAIConfig(model="gpt-4o-mini"), tools=[desk.refund])

    async def agent(ctx, text):
        return (await clerk.ask(text)).body

    return agent


def crewai(desk):
    from crewai import Agent, Crew, Task
    from crewai.tools import tool

    made = tool("Refund")(desk.refund)

    def agent(ctx, text):
        clerk = Agent(role="clerk", goal="refund", backstory="a shop", tools=[made], llm="openai/gpt-4o-mini")
        task = Task(description=text, expected_output="a short confirmation", agent=clerk)
        return Crew(agents=[clerk], tasks=[task]).kickoff().raw

    return agent


def haystack(desk):
    from haystack.components.agents import Agent
    from haystack.components.generators.chat import OpenAIChatGenerator
    from haystack.dataclasses import ChatMessage
    from haystack.tools import create_tool_from_function

    tools = [create_tool_from_function(desk.refund)]
    clerk = Agent(chat_generator=OpenAIChatGenerator(model="gpt-5-mini", max_retries=0), tools=tools)
    return lambda ctx, text: clerk.run(messages=[ChatMessage.from_user(text)])["messages"][-1].text


def agent_framework(desk):
    from agent_framework import Agent
    from agent_framework.openai import OpenAIChatCompletionClient

    async def agent(ctx, text):
        clerk = Agent(OpenAIChatCompletionClient(model="gpt-5-mini"), tools=[desk.refund])
        return str(await clerk.run(text))

    return agent


def llama_index(desk):
    from llama_index.core.agent.workflow import FunctionAgent
    from llama_index.llms.openai import OpenAI

    clerk = FunctionAgent(tools=[desk.refund], llm=OpenAI(model="gpt-4o-mini"), streaming=False)

    async def agent(ctx, text):
        return str(await clerk.run(user_msg=text))

    return agent


def llm(desk):
    import llm

    def agent(ctx, text):
        return llm.get_model("gpt-4o-mini").chain(text, tools=[desk.refund], stream=False).text()

    return agent


def magentic(desk):
    from magentic import prompt_chain
    from magentic.chat_model.openai_chat_model import OpenaiChatModel

    @prompt_chain("{question}", functions=[desk.refund], model=OpenaiChatModel("gpt-5-mini"))
    def clerk(question: str) -> str: ...

    return lambda ctx, text: clerk(text)


def mirascope(desk):
    from mirascope import llm

    @llm.call("openai/gpt-5-mini:completions", tools=[llm.tool(desk.refund)])
    def clerk(question: str):
        return question

    def agent(ctx, text):
        response = clerk(text)
        while response.tool_calls:
            response = response.resume(response.execute_tools())
        return response.pretty()

    return agent


def semantic_kernel(desk):
    from semantic_kernel.agents import ChatCompletionAgent
    from semantic_kernel.connectors.ai.open_ai import OpenAIChatCompletion
    from semantic_kernel.functions import kernel_function

    class Shop:
        @kernel_function(description="Refund money.")
        def refund(self, order: str, amount: int) -> str:
            return desk.refund(order, amount)

    async def agent(ctx, text):
        service = OpenAIChatCompletion(ai_model_id="gpt-4o-mini", api_key=KEY)
        clerk = ChatCompletionAgent(service=service, name="desk", plugins=[Shop()])
        return str((await clerk.get_response(messages=text)).content)

    return agent


def tool_runner(desk):
    import anthropic

    made = anthropic.beta_tool(desk.refund)

    def agent(ctx, text):
        client = anthropic.Anthropic(max_retries=0)
        asked = {"model": "claude-sonnet-5", "max_tokens": 9, "messages": [{"role": "user", "content": text}]}
        return client.beta.messages.tool_runner(**asked, tools=[made]).until_done().content[0].text

    return agent


def automatic_calls(desk):
    from google import genai

    def agent(ctx, text):
        config = genai.types.GenerateContentConfig(tools=[desk.refund])
        client = genai.Client(api_key=KEY)
        return client.models.generate_content(model="gemini-2.5-flash", contents=text, config=config).text

    return agent


def gemini(calls, text):
    def said(*parts):
        content = {"role": "model", "parts": list(parts)}
        return json_reply({"candidates": [{"content": content, "finishReason": "STOP", "index": 0}]})

    asked = [{"functionCall": {"name": "refund", "args": arguments}} for arguments in calls]
    return [said(*asked), said({"text": text})]


def of_a_plugin(calls, text):
    """A model that was told of a method by the names of its plugin and itself."""
    first, last = chat(calls, text)
    body = first.json
    body["choices"][0]["message"]["tool_calls"][0]["function"]["name"] = "Shop-refund"
    return [json_reply(body), last]


AGENTS = {
    "agno": (agno, chat, "agno"),
    "ag2": (ag2, chat, "ag2"),
    "agent-framework": (agent_framework, chat, "agent_framework"),
    "anthropic-tool-runner": (tool_runner, claude, "anthropic"),
    "autogen": (autogen, chat, "autogen_agentchat"),
    "crewai": (crewai, chat, "crewai"),
    "google-genai": (automatic_calls, gemini, "google.genai"),
    "haystack": (haystack, chat, "haystack"),
    "llama-index": (llama_index, chat, "llama_index"),
    "llm": (llm, chat, "llm"),
    "magentic": (magentic, chat, "magentic"),
    "mirascope": (mirascope, chat, "mirascope"),
    "semantic-kernel": (semantic_kernel, of_a_plugin, "semantic_kernel"),
}


@pytest.mark.parametrize("framework", AGENTS)
def test_a_tool_that_nobody_wrapped_is_seen_and_does_not_run_in_a_replay(framework):
    make, script, module = AGENTS[framework]
    if find_spec(module.partition(".")[0]) is None:
        pytest.skip(f"not installed: {module}")
    desk = Desk(is_async=False)
    subject = scenario(make(desk))
    cassette = recorded(subject, script([ORDER], "Refunded."))
    recorded_runs, desk.ran = desk.ran, 0
    trace = trial(subject, cassette)

    assert recorded_runs == 1
    assert [record.arguments for record in cassette.tools if record.is_call] == [ORDER]
    assert desk.ran == 0
    assert [(run.arguments, run.effect) for run in trace.tools] == [(ORDER, "recorded")]
    assert trace.answers[0].text.strip() == "Refunded."
    assert Rehearsal(subject, cassette=cassette).unwrapped_tools == ()
