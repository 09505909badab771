"""Ollama's native chat API; exports `PROTOCOL`."""

from agent_chaos.providers.ollama.protocol import PROTOCOL

__all__ = ["PROTOCOL"]
