# /// script
# dependencies = ["google-adk"]
# ///
"""A refund desk on Google's Agent Development Kit."""

from __future__ import annotations

from desk import INSTRUCTIONS, QUESTION, lookup_order, refund
from google.adk.agents import LlmAgent
from google.adk.runners import InMemoryRunner
from google.genai import types

from agent_chaos import BaselineScenario, Turn

desk = LlmAgent(
    name="refunds", model="gemini-2.5-flash", instruction=INSTRUCTIONS, tools=[lookup_order, refund]
)


async def agent(ctx, turn_input):
    runner = InMemoryRunner(agent=desk, app_name="desk")
    session = await runner.session_service.create_session(app_name="desk", user_id="user")
    asked = types.Content(role="user", parts=[types.Part(text=turn_input)])
    answer = ""
    async for event in runner.run_async(user_id="user", session_id=session.id, new_message=asked):
        if event.is_final_response() and event.content:
            answer = "".join(part.text or "" for part in event.content.parts or ())
    return answer


scenario = BaselineScenario(name="google_adk", agent=agent, turns=[Turn(QUESTION)])
