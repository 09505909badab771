# /// script
# dependencies = ["google-genai"]
# ///
"""A refund desk on the automatic function calling of Google's SDK."""

from __future__ import annotations

from desk import INSTRUCTIONS, QUESTION, lookup_order, refund
from google import genai
from google.genai import types

from agent_chaos import BaselineScenario, Turn

client = genai.Client()


def agent(ctx, turn_input):
    config = types.GenerateContentConfig(system_instruction=INSTRUCTIONS, tools=[lookup_order, refund])
    return client.models.generate_content(model="gemini-2.5-flash", contents=turn_input, config=config).text


scenario = BaselineScenario(name="google_genai", agent=agent, turns=[Turn(QUESTION)])
