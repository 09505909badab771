"""Cohere's chat API, version 2; exports `PROTOCOL`."""

from agent_chaos.providers.cohere.protocol import PROTOCOL

__all__ = ["PROTOCOL"]
