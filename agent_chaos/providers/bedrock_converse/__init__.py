"""Amazon Bedrock's Converse API."""

from agent_chaos.providers.bedrock_converse.protocol import PROTOCOL

__all__ = ["PROTOCOL"]
