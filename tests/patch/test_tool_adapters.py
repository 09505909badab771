"""Tools of frameworks that nobody wrapped: recorded, answered from the recording, and faulted, as the real ones run them."""

import json
from dataclasses import dataclass
from importlib.util import find_spec
from random import Random

import pytest

import agent_chaos
from agent_chaos.faults.plan import Plan, fault_of
from agent_chaos.patch.frameworks.seam import model_asked
from agent_chaos.patch.install import install_offline as install
from agent_chaos.record.recording import record_scenario
from agent_chaos.runtime.active import enter, leave
from agent_chaos.runtime.clock import VirtualClock
from agent_chaos.runtime.session import Session
from agent_chaos.runtime.tape import Tape
from agent_chaos.trial.conversation import Conversation
from agent_chaos.trial.rehearsal import Rehearsal
from tests.patch.raw_server import serving
from tests.trials import START, Scripted, claude_message, claude_says, json_reply, recorded, scenario, trial

KEY = "sk-test-0123456789abcdefghijklmnop"
ORDER = {"order": "A-17", "amount": 1500}


@dataclass
class Decision:
    """What is to be done."""

    amount: int


class Desk:
    """A refund desk whose one tool counts how often it really ran."""

    def __init__(self, *, is_async, wrapped=False):
        self.ran = 0

        def refund(order: str, amount: int) -> str:
            """Refund money."""
            self.ran += 1
            return f"refunded {amount} on {order}"

        async def refund_async(order: str, amount: int) -> str:
            """Refund money."""
            return refund(order, amount)

        refund_async.__name__ = "refund"
        self.refund = refund_async if is_async else refund
        if wrapped:
            self.refund = agent_chaos.tool(self.refund)


def langchain(desk):
    from langchain.agents import create_agent
    from langchain_anthropic import ChatAnthropic
    from langchain_core.tools import tool

    async def agent(ctx, text):
        graph = create_agent(ChatAnthropic(model="claude-sonnet-5", max_retries=0), [tool(desk.refund)])
        state = await graph.ainvoke({"messages": [("user", text)]})
        return state["messages"][-1].text

    return agent


def pydantic_ai(desk):
    from pydantic_ai import Agent

    async def agent(ctx, text):
        bot = Agent("openai-chat:gpt-5-mini", tools=[desk.refund])
        return (await bot.run(text)).output

    return agent


def openai_agents(desk):
    async def agent(ctx, text):
        from agents import Agent, OpenAIChatCompletionsModel, Runner, function_tool, set_tracing_disabled
        from openai import AsyncOpenAI

        set_tracing_disabled(True)
        model = OpenAIChatCompletionsModel("gpt-5-mini", AsyncOpenAI(api_key=KEY, max_retries=0))
        bot = Agent(name="desk", model=model, tools=[function_tool(desk.refund)])
        return (await Runner.run(bot, text)).final_output

    return agent


def claude(calls, text):
    uses = [
        {"type": "tool_use", "id": f"toolu_{number}", "name": "refund", "input": arguments}
        for number, arguments in enumerate(calls)
    ]
    return [json_reply(claude_message(uses, "tool_use")), claude_says(text)]


def chat(calls, text):
    asked = [
        {
            "id": f"c{n}",
            "type": "function",
            "function": {"name": "refund", "arguments": json.dumps(arguments)},
        }
        for n, arguments in enumerate(calls)
    ]
    return [completion("tool_calls", tool_calls=asked), completion("stop", content=text)]


def completion(reason, **message):
    choice = {
        "index": 0,
        "finish_reason": reason,
        "message": {"role": "assistant", "content": None, **message},
    }
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
    head = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "gpt-5-mini"}
    return json_reply({**head, "choices": [choice], "usage": usage})


def needs(*modules):
    missing = [name for name in modules if find_spec(name) is None]
    return pytest.mark.skipif(bool(missing), reason=f"not installed: {', '.join(missing)}")


FRAMEWORKS = [
    pytest.param(
        langchain, claude, id="langchain", marks=needs("langchain", "langchain_anthropic", "langgraph")
    ),
    pytest.param(pydantic_ai, chat, id="pydantic-ai", marks=needs("pydantic_ai", "openai")),
    pytest.param(openai_agents, chat, id="openai-agents", marks=needs("agents", "openai")),
]
every_framework = pytest.mark.parametrize(("framework", "script"), FRAMEWORKS)
both = pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])


def performed(framework, script, desk, *plan, calls=(ORDER,), **fields):
    """The cassette of a desk, and its trial with the tool's faults; the count starts at the trial."""
    subject = scenario(framework(desk), **fields)
    cassette = recorded(subject, script(calls, "Refunded."))
    desk.recorded_runs, desk.ran = desk.ran, 0
    return cassette, trial(subject, cassette, Plan.of((f"tool {n}", one) for n, one in enumerate(plan)))


@both
@every_framework
def test_a_tool_that_nobody_wrapped_is_answered_from_the_recording(framework, script, is_async):
    desk = Desk(is_async=is_async)
    cassette, trace = performed(framework, script, desk)

    assert desk.recorded_runs == 1
    assert [(one.name, one.arguments, one.end.result) for one in cassette.tools] == [
        ("refund", ORDER, "refunded 1500 on A-17")
    ]
    assert desk.ran == 0
    assert [(run.name, run.arguments, run.effect) for run in trace.tools] == [("refund", ORDER, "recorded")]
    assert [answer.text for answer in trace.answers] == ["Refunded."]
    assert trace.left_at is None


@every_framework
def test_a_search_may_start_although_nobody_wrapped_the_tools(framework, script):
    desk = Desk(is_async=False)
    cassette, _ = performed(framework, script, desk)

    assert Rehearsal(scenario(framework(desk)), cassette=cassette).unwrapped_tools == ()


@both
@every_framework
def test_parallel_calls_are_each_seen(framework, script, is_async):
    desk = Desk(is_async=is_async)
    calls = (ORDER, {"order": "B-2", "amount": 20})
    _, trace = performed(framework, script, desk, calls=calls)

    assert desk.recorded_runs == 2
    assert sorted(run.arguments["order"] for run in trace.tools) == ["A-17", "B-2"]
    assert {run.effect for run in trace.tools} == {"recorded"}
    assert (desk.ran, trace.left_at) == (0, None)


@both
@every_framework
def test_a_tool_that_the_user_wraps_counts_once(framework, script, is_async):
    cassette, trace = performed(framework, script, Desk(is_async=is_async, wrapped=True))

    assert [record.name for record in cassette.tools] == ["refund"]
    assert [run.name for run in trace.tools] == ["refund"]


@both
@every_framework
def test_a_tool_that_the_scenario_declares_pure_really_runs(framework, script, is_async):
    desk = Desk(is_async=is_async)
    _, trace = performed(framework, script, desk, pure_tools=("refund",))

    assert desk.ran == 1
    assert [run.effect for run in trace.tools] == ["pure"]


FAULTS = [
    ({"kind": "tool_raise", "error_type": "ConnectionError"}, "ConnectionError", False),
    ({"kind": "tool_acknowledgement_lost", "seconds": 20}, "TimeoutError", True),
    ({"kind": "tool_empty"}, "", True),
    ({"kind": "tool_error"}, "", False),
]


@both
@pytest.mark.parametrize(
    ("fault", "error", "landed"), FAULTS, ids=lambda v: v["kind"] if type(v) is dict else ""
)
@every_framework
def test_a_fault_strikes_the_tool_where_the_framework_meets_it(
    framework, script, is_async, fault, error, landed
):
    desk = Desk(is_async=is_async)
    _, trace = performed(framework, script, desk, fault_of(fault))
    run = trace.tools[0]

    assert [one.kind for one in run.fired] == [fault["kind"]]
    assert (run.end.error_type, run.landed, desk.ran) == (error, landed, 0)
    assert trace.raised or trace.left_at is not None


@both
@every_framework
def test_a_slow_tool_takes_virtual_time_and_changes_nothing_else(framework, script, is_async):
    desk = Desk(is_async=is_async)
    slow = fault_of({"kind": "tool_slow", "seconds": 30})
    _, trace = performed(framework, script, desk, slow)
    _, clean = performed(framework, script, desk)

    assert trace.virtual_s - clean.virtual_s == pytest.approx(30, abs=0.5)
    assert [answer.text for answer in trace.answers] == ["Refunded."]


@every_framework
def test_arguments_that_the_framework_refuses_reach_no_tool(framework, script):
    desk = Desk(is_async=False)
    cassette, _ = performed(framework, script, desk, calls=({"order": "A-17", "amount": "a lot"},))

    assert desk.recorded_runs == 0
    assert cassette.tools == ()


class Kept:
    """Keeps the names of tool calls as a recording does."""

    def __init__(self):
        self.names = []

    def tool_called(self, name, arguments, *, at, end, pure):
        self.names.append((name, pure))


def kept(agent, replies=(), **fields):
    """What a recording of the agent keeps of its tools."""
    install()
    session = Session(clock=VirtualClock(START), tape=Tape(), jitter=Random(7), chance=Random(7), **fields)
    session.scribe = Kept()
    if replies:
        session.answers = Scripted(session, replies)
    token = enter(session)
    try:
        Conversation(scenario(agent), session).run()
    finally:
        leave(session, token)
    return session.scribe.names


LANGCHAIN = needs("langchain", "langchain_anthropic", "langgraph")
AGENTS = needs("agents", "openai")
PYDANTIC_AI = needs("pydantic_ai", "openai")


def langchain_tool(function, **options):
    from langchain_core.tools import tool

    made = tool(**options)(function)
    call = {"type": "tool_call", "id": "c1", "name": made.name, "args": {}}
    return lambda ctx=None, text="": str(made.invoke(call))


@LANGCHAIN
def test_a_command_to_the_graph_is_not_kept_because_json_cannot_give_it_back():
    from langchain_core.messages import ToolMessage
    from langgraph.types import Command

    def move():
        """Moves on."""
        return Command(goto="there", update={"messages": [ToolMessage("moved", tool_call_id="c1")]})

    def stay() -> str:
        """Stays."""
        return "here"

    assert kept(langchain_tool(move)) == []
    assert kept(langchain_tool(stay)) == [("stay", False)]
    assert kept(langchain_tool(move), pure_tools=frozenset({"move"})) == [("move", True)]


@LANGCHAIN
def test_a_tool_that_interrupts_the_graph_is_not_kept_even_when_it_goes_on():
    from langgraph.errors import GraphInterrupt

    answers = iter([None, "yes"])

    def confirm() -> str:
        """Asks a human."""
        if (said := next(answers)) is None:
            raise GraphInterrupt
        return said

    call = langchain_tool(confirm)

    def agent(ctx, text):
        with pytest.raises(GraphInterrupt):
            call()
        return call()

    assert kept(agent) == []


@LANGCHAIN
def test_a_tool_that_asks_a_model_itself_is_not_kept():
    def delegate() -> str:
        """Asks another agent."""
        model_asked()
        return "done"

    assert kept(langchain_tool(delegate)) == []


@LANGCHAIN
@pytest.mark.parametrize("fault", [None, "tool_empty"])
def test_content_and_artifact_are_a_pair_in_replay_whatever_became_of_them(fault):
    def look() -> tuple[str, dict]:
        """Looks."""
        return "seen", {"pixels": 4}

    subject = scenario(langchain_tool(look, response_format="content_and_artifact"))
    cassette = recorded(subject, [])
    plan = Plan.of([("tool 0", fault_of({"kind": fault}))]) if fault else None
    trace = trial(subject, cassette, plan)

    assert not trace.raised
    assert ("seen" in trace.answers[0].text) == (fault is None)


@LANGCHAIN
def test_what_langgraph_injects_is_no_argument_of_the_tool():
    from langchain.agents import create_agent
    from langchain.tools import ToolRuntime
    from langchain_anthropic import ChatAnthropic
    from langchain_core.tools import tool

    def refund(order: str, amount: int, runtime: ToolRuntime) -> str:
        """Refund money."""
        return f"refunded {amount} after {len(runtime.state['messages'])}"

    def agent(ctx, text):
        graph = create_agent(ChatAnthropic(model="claude-sonnet-5", max_retries=0), [tool(refund)])
        return graph.invoke({"messages": [("user", text)]})["messages"][-1].text

    subject = scenario(agent)
    cassette = recorded(subject, claude((ORDER,), "Refunded."))
    trace = trial(subject, cassette)

    assert [run.arguments for run in trace.tools] == [ORDER]
    assert trace.left_at is None


@LANGCHAIN
def test_structured_output_of_langchain_is_known_to_run_no_tool():
    from langchain.agents import create_agent
    from langchain.agents.structured_output import ToolStrategy
    from langchain_anthropic import ChatAnthropic

    def agent(ctx, text):
        model = ChatAnthropic(model="claude-sonnet-5", max_retries=0)
        graph = create_agent(model, [], response_format=ToolStrategy(Decision))
        return str(graph.invoke({"messages": [("user", text)]})["structured_response"])

    use = {"type": "tool_use", "id": "toolu_1", "name": "Decision", "input": {"amount": 5}}

    assert kept(agent, [json_reply(claude_message([use], "tool_use"))]) == [("Decision", True)]


@PYDANTIC_AI
def test_structured_output_of_pydantic_ai_is_known_to_run_no_tool_under_any_name():
    from pydantic_ai import Agent, ToolOutput

    async def agent(ctx, text):
        bot = Agent("openai-chat:gpt-5-mini", output_type=ToolOutput(Decision, name="decide"))
        return str((await bot.run(text)).output)

    assert kept(agent, [called("decide", {"amount": 5})]) == [("decide", True)]


@PYDANTIC_AI
def test_a_tool_that_asks_the_model_to_retry_does_so_in_replay():
    from pydantic_ai import Agent, ModelRetry

    def refund(order: str, amount: int) -> str:
        """Refund money."""
        raise ModelRetry("no such order")

    async def agent(ctx, text):
        return (await Agent("openai-chat:gpt-5-mini", tools=[refund]).run(text)).output

    subject = scenario(agent)
    cassette = recorded(subject, chat((ORDER,), "There is no such order."))
    trace = trial(subject, cassette)

    assert [run.end.error_type for run in trace.tools] == ["pydantic_ai.exceptions.ModelRetry"]
    assert [answer.text for answer in trace.answers] == ["There is no such order."]
    assert trace.left_at is None


@AGENTS
def test_a_handoff_is_known_to_run_no_tool():
    from agents import Agent, Runner

    async def agent(ctx, text):
        billing = Agent(name="billing", model=chat_model())
        desk = Agent(name="desk", model=chat_model(), handoffs=[billing])
        return (await Runner.run(desk, text)).final_output

    replies = [called("transfer_to_billing", {}), completion("stop", content="Refunded.")]

    assert kept(agent, replies) == [("transfer_to_billing", True)]


@AGENTS
def test_an_agent_that_is_a_tool_runs_and_its_own_tools_are_seen():
    from agents import Agent, Runner, function_tool

    def look(order: str) -> str:
        """Look up."""
        return "paid"

    async def agent(ctx, text):
        clerk = Agent(name="clerk", model=chat_model(), tools=[function_tool(look)])
        ask = clerk.as_tool(tool_name="ask_clerk", tool_description="Asks.")
        return (await Runner.run(Agent(name="desk", model=chat_model(), tools=[ask]), text)).final_output

    replies = [
        called("ask_clerk", {"input": "A-17?"}),
        called("look", {"order": "A-17"}),
        completion("stop", content="It is paid."),
        completion("stop", content="Paid."),
    ]

    assert kept(agent, replies)[0] == ("ask_clerk", True)
    subject = scenario(agent)
    trace = trial(subject, recorded(subject, replies))

    assert [run.name for run in trace.tools] == ["look"]
    assert len(trace.calls) == 4
    assert [answer.text for answer in trace.answers] == ["Paid."]


def chat_model():
    from agents import OpenAIChatCompletionsModel, set_tracing_disabled
    from openai import AsyncOpenAI

    set_tracing_disabled(True)
    return OpenAIChatCompletionsModel("gpt-5-mini", AsyncOpenAI(api_key=KEY, max_retries=0))


def called(name, arguments):
    function = {"name": name, "arguments": json.dumps(arguments)}
    return completion(
        "tool_calls", tool_calls=[{"id": f"call_{name}", "type": "function", "function": function}]
    )


@every_framework
def test_a_tool_that_ran_while_no_boundary_saw_it_still_runs_on_that_recording(framework, script):
    desk = Desk(is_async=False)
    cassette, _ = performed(framework, script, desk)
    unseen = type(cassette)(**{**cassette_fields(cassette), "tools": ()})
    trace = trial(scenario(framework(desk)), unseen)

    assert desk.ran == 1
    assert [answer.text for answer in trace.answers] == ["Refunded."]


def cassette_fields(cassette):
    return {name: getattr(cassette, name) for name in type(cassette).__dataclass_fields__}


@needs("langchain_core")
def test_a_tool_that_asks_another_server_is_kept_like_any_other(tmp_path):
    import httpx2

    with serving(lambda got, wire: wire.whole(b'"12 degrees"')) as url:

        def weather() -> str:
            """Asks the weather service."""
            return httpx2.get(f"{url}/weather").json()

        subject = scenario(langchain_tool(weather), hosts=("127.0.0.1",), cassette=tmp_path / "w.msgpack")
        record_scenario(subject)

    assert [(tool.name, tool.end.result) for tool in Rehearsal(subject).cassette.tools] == [
        ("weather", "12 degrees")
    ]


@PYDANTIC_AI
def test_a_tool_is_known_by_the_name_that_the_model_calls_it_by():
    from pydantic_ai import Agent, FunctionToolset

    def ship(order: str) -> str:
        return f"shipped {order}"

    async def agent(ctx, text):
        tools = FunctionToolset([ship]).prefixed("shop").renamed({"send": "shop_ship"})
        return (await Agent("openai-chat:gpt-5-mini", toolsets=[tools]).run(text)).output

    asked = {"id": "c1", "type": "function", "function": {"name": "send", "arguments": '{"order": "A-17"}'}}
    replies = [completion("tool_calls", tool_calls=[asked]), completion("stop", content="Sent.")]
    subject = scenario(agent)
    cassette = recorded(subject, replies)
    trace = trial(subject, cassette)

    assert [(tool.name, tool.end.result) for tool in cassette.tools] == [("send", "shipped A-17")]
    assert [(run.name, run.effect) for run in trace.tools] == [("send", "recorded")]
    assert Rehearsal(subject, cassette=cassette).unwrapped_tools == ()


@needs("agents", "openai")
def test_a_tool_of_the_agents_sdk_that_is_built_by_hand_is_seen():
    from agents import Agent, FunctionTool, OpenAIChatCompletionsModel, Runner, set_tracing_disabled
    from openai import AsyncOpenAI

    desk = Desk(is_async=False)
    schema = {"type": "object", "properties": {"order": {"type": "string"}, "amount": {"type": "integer"}}}

    async def invoke(context, arguments):
        return desk.refund(**json.loads(arguments))

    async def agent(ctx, text):
        set_tracing_disabled(True)
        tool = FunctionTool("refund", "Refund money.", schema, invoke, strict_json_schema=False)
        model = OpenAIChatCompletionsModel("gpt-5-mini", AsyncOpenAI(api_key=KEY, max_retries=0))
        return (await Runner.run(Agent(name="desk", model=model, tools=[tool]), text)).final_output

    subject = scenario(agent)
    cassette = recorded(subject, chat([ORDER], "Refunded."))
    trace = trial(subject, cassette)

    assert desk.ran == 1
    assert [(run.name, run.arguments, run.effect) for run in trace.tools] == [("refund", ORDER, "recorded")]
