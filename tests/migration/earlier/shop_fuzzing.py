"""Random trouble for the support agent, for the night before a release."""

from shop_agent import support_agent

from agent_chaos import (
    BaselineScenario,
    ChaosSpace,
    ContextFuzzConfig,
    LLMFuzzConfig,
    StreamFuzzConfig,
    ToolFuzzConfig,
    Turn,
    fuzz,
    fuzz_chaos,
)
from agent_chaos.scenario import CompletesWithin, MaxLLMCalls, TurnCompletes

baseline = BaselineScenario(
    name="shop-fuzzed",
    description="A customer asks for an order, then for a product.",
    agent=support_agent,
    turns=[
        Turn("Where is my order A-17?", assertions=[TurnCompletes()]),
        Turn("Is the blue mug in stock?"),
    ],
    assertions=[CompletesWithin(300.0), MaxLLMCalls(12)],
    tags=["support"],
)

orders = BaselineScenario(
    name="shop-orders-fuzzed",
    description="A customer asks for an order, and only that.",
    agent=support_agent,
    turns=[Turn("Where is my order A-17?")],
    assertions=[CompletesWithin(300.0)],
    tags=["support", "tools"],
)

providers = ChaosSpace(
    llm=LLMFuzzConfig(
        probability=0.6, faults=["rate_limit", "server_error", "timeout"], retry_after_range=(1, 10)
    ),
    stream=StreamFuzzConfig.disabled(),
    tool=ToolFuzzConfig.disabled(),
    context=ContextFuzzConfig.disabled(),
    min_per_scenario=1,
    max_per_scenario=2,
)

tools = ChaosSpace.tool_focused(["lookup_order"])

scenarios = [
    baseline,
    *fuzz_chaos(baseline, n=6, seed=42, space=providers),
    orders,
    *fuzz(n=4, seed=7, space=tools)(orders),
]
