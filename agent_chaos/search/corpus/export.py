"""Stored failures as ordinary pytest tests, complete in themselves."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pprint import pformat

from agent_chaos.search.failure import Failure

_HEAD = '''"""{title}

Written by `agent-chaos export {ids}`. A test fails while its failure is there, and when its fault no longer fires.
"""

import agent_chaos
'''
_TEST = '''

def test_{name}():
    """{plan}: {reason}"""
    plan = {written}
    agent_chaos.check_failure({target}, plan, beside=__file__)
'''


def pytest_source(failures: Sequence[Failure]) -> str:
    """The text of a test file for the failures, a test each."""
    first, *others = failures
    more = f", and {len(others)} more" if others else ""
    head = _HEAD.format(
        title=_plain(f"{first.id} in {first.scenario}: {first.violation.reason}{more}."),
        ids=" ".join(one.id for one in failures),
    )
    return head + "".join(_test(one) for one in failures)


def _test(failure: Failure) -> str:
    written = pformat(failure.plan.as_dict(), sort_dicts=False, width=96)
    return _TEST.format(
        name=re.sub(r"\W+", "_", f"{failure.scenario}_{failure.id}").lower(),
        plan=_plain(str(failure.plan)),
        reason=_plain(failure.violation.reason),
        written=written.replace("\n", "\n    "),
        target=repr(failure.target),
    )


def _plain(text: str) -> str:
    """One paragraph that can stand in a docstring."""
    # What agents say may hold quotes and backslashes, which would end the docstring or be read as escapes.
    return " ".join(text.split()).replace("\\", "\\\\").replace('"', "'")
