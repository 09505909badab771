"""Mistral's chat API: Chat Completions with errors, ids and an order of messages of its own."""

from agent_chaos.providers.mistral.protocol import PROTOCOL

__all__ = ["PROTOCOL"]
