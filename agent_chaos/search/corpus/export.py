"""A stored failure as an ordinary pytest test, complete in itself."""

from __future__ import annotations

import re
from pprint import pformat

from agent_chaos.search.campaign import Failure

_TEMPLATE = '''"""{title}

{reason}

Written by `agent-chaos export {id}`. It fails while the failure is there, and when its fault no longer fires.
"""

import agent_chaos

TARGET = {target}
PLAN = {plan}


def test_{name}():
    agent_chaos.check_failure(TARGET, PLAN)
'''


def pytest_source(failure: Failure) -> str:
    """The text of a test file for the failure."""
    return _TEMPLATE.format(
        title=_plain(f"{failure.scenario}: {failure.plan}."),
        reason=_plain(failure.violation.reason),
        id=failure.id,
        target=repr(failure.target),
        plan=pformat(failure.plan.as_dict(), sort_dicts=False, width=100),
        name=re.sub(r"\W+", "_", f"{failure.scenario}_{failure.id}").lower(),
    )


def _plain(text: str) -> str:
    """One paragraph that can stand in a docstring."""
    return " ".join(text.split()).replace("\\", "\\\\").replace('"""', "'''")
