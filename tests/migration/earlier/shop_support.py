"""The support agent in a conversation of three turns, and six ways in which it may go wrong."""

from shop_agent import support_agent

from agent_chaos import BaselineScenario, Turn, at
from agent_chaos.chaos import (
    history_truncate,
    llm_auth_error,
    llm_rate_limit,
    llm_server_error,
    llm_timeout,
    tool_error,
    user_input_mutate,
)
from agent_chaos.scenario import (
    AllTurnsComplete,
    AssertionResult,
    CompletesWithin,
    ExpectError,
    MaxFailedCalls,
    MaxLLMCalls,
    MinChaosInjected,
    TurnCompletes,
    TurnMaxLLMCalls,
    TurnResponseContains,
)


def in_capitals(text):
    """A customer who shouts."""
    return text.upper()


def never_apologises(ctx):
    said = " ".join(turn.response for turn in ctx.turn_results)
    return AssertionResult("never_apologises", "sorry" not in said.lower(), "no apology where none is due")


def follow_up(history):
    return "Is the blue mug in stock?" if history[0].success else "Hello?"


baseline = BaselineScenario(
    name="shop-support",
    description="A customer asks for an order, then for a product.",
    agent=support_agent,
    turns=[
        Turn("Where is my order A-17?"),
        Turn(follow_up),
        Turn("Thank you, that is all.", assertions=[TurnMaxLLMCalls(3)]),
    ],
    providers=["anthropic"],
    assertions=[CompletesWithin(180.0), MaxLLMCalls(12)],
    tags=["support"],
    meta={"owner": "shop"},
)

rate_limited = baseline.variant(
    name="rate-limited",
    chaos=[llm_rate_limit(retry_after=5.0).on_call(2)],
    assertions=[AllTurnsComplete(), MaxFailedCalls(1), MinChaosInjected(1), never_apologises],
    tags=["llm"],
)

slow_provider = baseline.variant(
    name="slow-provider",
    description="The provider does not answer for a while, once.",
    chaos=[llm_timeout(delay=20.0).on_call(1)],
    assertions=[AllTurnsComplete(), MinChaosInjected(1)],
    tags=["llm"],
)

provider_down = baseline.variant(
    name="provider-down",
    turns=[
        at(2, chaos=[llm_server_error("upstream is down")], assertions=[TurnCompletes(expect_error=True)])
    ],
    assertions=[TurnResponseContains("12", turn=2), TurnCompletes(turn=1)],
    tags=["llm"],
)

key_expired = baseline.variant(
    name="key-expired",
    chaos=[llm_auth_error("Your key has expired").on_turn(3)],
    assertions=[ExpectError("expired"), TurnCompletes(turn=3, expect_error=True)],
    tags=["llm"],
)

orders_down = baseline.variant(
    name="orders-down",
    chaos=[tool_error("the order service is down").for_tool("lookup_order").on_turn(1)],
    assertions=[MinChaosInjected(1), AllTurnsComplete()],
    tags=["tools"],
)

forgetful = baseline.variant(
    name="forgetful",
    chaos=[history_truncate(keep_last=1).between_turns(2, 3), user_input_mutate(in_capitals).on_turn(3)],
    assertions=[AllTurnsComplete()],
    tags=["history"],
)

scenarios = [baseline, rate_limited, slow_provider, provider_down, key_expired, orders_down, forgetful]
