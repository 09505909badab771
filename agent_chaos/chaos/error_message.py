"""The message of a provider's error body, in words of the user's own."""

from __future__ import annotations

import json
from dataclasses import replace

from agent_chaos.stream.exchange import Data, Reply, with_header


def with_message(reply: Reply, message: str) -> Reply:
    """The error with another message; the same where there is none to set, or no body that holds one."""
    if not message or reply.head is None:
        return reply
    body = json.loads(reply.body)
    error = (body[0] if isinstance(body, list) else body).get("error")
    if not isinstance(error, dict):
        return reply
    error["message"] = message
    data = json.dumps(body, ensure_ascii=False).encode()
    head = replace(reply.head, headers=with_header(reply.head.headers, "content-length", str(len(data))))
    at = next((event.at for event in reply.events if isinstance(event, Data)), reply.head.at)
    kept = [event for event in reply.events[1:] if not isinstance(event, Data)]
    return Reply((head, Data(data, at=at), *kept))
