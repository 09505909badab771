"""The chat window under load: what a customer sees while the provider has a bad day, and what it costs."""

from shop_agent import streaming_agent

from agent_chaos import ChaosScenario, Turn
from agent_chaos.chaos import llm_rate_limit, llm_slow_chunks, llm_slow_ttft, llm_stream_cut, llm_stream_hang
from agent_chaos.scenario import (
    AllTurnsComplete,
    CompletesWithin,
    MaxInputTokens,
    MaxOutputTokensPerCall,
    MaxTokens,
    MaxTokensPerCall,
    MaxTokensPerTurn,
    MinLLMCalls,
    TokenBurstDetection,
    TurnCompletes,
    TurnCompletesWithin,
    TurnResponseContains,
)

ORDER = "Where is my order A-17?"
STOCK = "Is the blue mug in stock?"

BUDGET = [
    MaxTokens(4_000),
    MaxInputTokens(3_500),
    MaxTokensPerCall(1_000),
    MaxOutputTokensPerCall(100),
    MaxTokensPerTurn(2_000),
    TokenBurstDetection(absolute_max=1_000, burst_multiplier=3.0),
]


def get_scenarios():
    return [
        ChaosScenario(
            name="slow-morning",
            description="Answers come late, and then slowly.",
            agent=streaming_agent,
            turns=[
                Turn(ORDER, chaos=[llm_slow_ttft(delay=4.0)], assertions=[TurnCompletesWithin(20.0)]),
                Turn(STOCK, chaos=[llm_slow_chunks(delay=1.0)], assertions=[TurnCompletesWithin(90.0)]),
            ],
            assertions=[AllTurnsComplete(), MinLLMCalls(4), *BUDGET],
            tags=["chat", "slow"],
        ),
        ChaosScenario(
            name="lost-connection",
            description="The second answer breaks off.",
            agent=streaming_agent,
            turns=[
                Turn(ORDER, assertions=[TurnResponseContains("Friday")]),
                Turn(
                    STOCK,
                    chaos=[llm_stream_cut(after_chunks=4)],
                    assertions=[TurnCompletes(), TurnResponseContains("something went wrong")],
                ),
            ],
            assertions=BUDGET,
            tags=["chat"],
        ),
        ChaosScenario(
            name="busy-evening",
            description="Too many customers, from the second turn on.",
            agent=streaming_agent,
            turns=[Turn(ORDER), Turn(STOCK)],
            chaos=[llm_rate_limit(retry_after=10.0).on_turn(2)],
            assertions=[
                CompletesWithin(120.0),
                TurnResponseContains("something went wrong", turn=2),
                MaxTokensPerTurn(1_000, turn=2),
                *BUDGET,
            ],
            tags=["chat"],
        ),
        ChaosScenario(
            name="hanging-answer",
            description="An answer stops for longer than a customer waits.",
            agent=streaming_agent,
            turns=[
                Turn(ORDER, chaos=[llm_stream_hang(after_chunks=3)], assertions=[TurnCompletesWithin(30.0)])
            ],
            tags=["chat", "slow"],
        ),
    ]
