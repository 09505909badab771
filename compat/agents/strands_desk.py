# /// script
# dependencies = ["strands-agents", "strands-agents[anthropic]"]
# ///
"""A refund desk on Strands Agents."""

from __future__ import annotations

from desk import INSTRUCTIONS, QUESTION, lookup_order, refund
from strands import Agent, tool
from strands.models.anthropic import AnthropicModel

from agent_chaos import BaselineScenario, Turn

tools = [tool(lookup_order), tool(refund)]


def agent(ctx, turn_input):
    model = AnthropicModel(model_id="claude-sonnet-5", max_tokens=1000)
    return str(Agent(model=model, tools=tools, system_prompt=INSTRUCTIONS)(turn_input))


scenario = BaselineScenario(name="strands", agent=agent, turns=[Turn(QUESTION)])
