"""The OpenAI Chat Completions API, and what speaks like it."""

from agent_chaos.providers.openai_chat.protocol import PROTOCOL

__all__ = ["PROTOCOL"]
