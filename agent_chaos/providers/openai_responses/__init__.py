"""The OpenAI Responses API."""

from agent_chaos.providers.openai_responses.protocol import PROTOCOL

__all__ = ["PROTOCOL"]
