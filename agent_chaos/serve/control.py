"""The server's own small API: `GET /-/calls`, `POST /-/reset`, `POST /-/plan`, each of a session (`?session=NAME`).

`/-/plan` takes a plan as JSON, as `agent-chaos shrink --plan` does, or `{}` for none.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

from agent_chaos.errors import AgentChaosError
from agent_chaos.faults.plan import Plan
from agent_chaos.serve.sessions import Sessions
from agent_chaos.stream.exchange import Reply, Request, reply


def controlled(sessions: Sessions, request: Request) -> Reply:
    """The answer to a request that is for the server itself."""
    target = urlsplit(request.url)
    # As a query and not as the header of other requests: these are typed by hand, into curl or a browser.
    name = parse_qs(target.query).get("session", [""])[0]
    match request.method, target.path:
        case "GET", "/-/calls":
            return _json(200, sessions.calls(name))
        case "POST", "/-/reset":
            sessions.begin(name)
            return _json(200, {"session": name})
        case "POST", "/-/plan":
            return _planned(sessions, name, request)
        case _:
            known = (
                "GET /-/calls, POST /-/reset, POST /-/plan, or a base URL as `agent-chaos serve` prints it"
            )
            return _json(404, {"error": f"{request.method} {target.path} is not known; expected {known}"})


def _planned(sessions: Sessions, name: str, request: Request) -> Reply:
    value = request.json
    if not isinstance(value, dict):
        return _json(400, {"error": "a plan is a JSON object, as `agent-chaos export` shows it"})
    try:
        plan = Plan.model_validate(value)
    except (AgentChaosError, ValueError) as exc:
        return _json(400, {"error": str(exc)})
    # A new plan begins the session afresh: its sites count servings from the beginning.
    sessions.begin(name, plan)
    return _json(200, {"session": name, "plan": plan.as_dict()})


def _json(status: int, value: Any) -> Reply:
    body = json.dumps(value, ensure_ascii=False).encode()
    return reply(status, [("content-type", "application/json"), ("content-length", str(len(body)))], [body])
