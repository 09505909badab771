"""The variables that providers' keys are in, and whether this process may go online with one."""

from __future__ import annotations

import os
from functools import cache

from agent_chaos.providers.registry import protocols

PLACEHOLDER = "agent-chaos-placeholder-key"
"""Value of key variables that are absent; the SDKs refuse to be built without one."""


@cache
def key_variables() -> tuple[str, ...]:
    """Every variable that some provider's SDK reads a key from."""
    named = (name for protocol in protocols().values() for name in protocol.key_variables)
    return tuple(dict.fromkeys(named))


def may_record(*, asked: bool = False) -> bool:
    """Whether what has no recording may be recorded: somebody's key is there, and this is not CI unless it was asked for."""
    # Every CI service sets it to something true; some people set it to nothing or to false at home.
    in_ci = os.environ.get("CI", "").lower() not in ("", "0", "false")
    has_key = any(os.environ.get(name) not in (None, "", PLACEHOLDER) for name in key_variables())
    return has_key and (asked or not in_ci)
