"""The Anthropic Messages API."""

from agent_chaos.providers.anthropic.protocol import PROTOCOL

__all__ = ["PROTOCOL"]
