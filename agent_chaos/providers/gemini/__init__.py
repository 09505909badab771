"""The Gemini API: generateContent and its stream."""

from agent_chaos.providers.gemini.protocol import PROTOCOL

__all__ = ["PROTOCOL"]
