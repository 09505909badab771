"""Stored failures as ordinary pytest tests, complete in themselves."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from pprint import pformat

from agent_chaos.search.failure import Failure

_HEAD = '''{title}

Written by `agent-chaos export {ids}`.
A test fails while its failure is there, and when its fault no longer fires.
"""

import agent_chaos
'''
_TEST = """

def test_{name}():
    {says}
    plan = {written}
    agent_chaos.check_failure({target}, plan, beside=__file__)
"""

_COLUMNS = 100
"""How wide a line of a test is, of words that are not longer themselves."""


def pytest_source(failures: Sequence[Failure]) -> str:
    """The text of a test file for the failures, a test each."""
    first, *others = failures
    more = f", and {len(others)} more" if others else ""
    said = f"{first.id} in {first.scenario}: {first.violation.reason}{more}."
    head = _HEAD.format(
        title="\n".join(_rows(f'"""{_plain(said)}')),
        ids=" ".join(one.id for one in failures),
    )
    return head + "".join(_test(one) for one in failures)


def _test(failure: Failure) -> str:
    written = pformat(failure.plan.as_dict(), sort_dicts=False, width=96)
    return _TEST.format(
        name=re.sub(r"\W+", "_", f"{failure.scenario}_{failure.id}").lower(),
        says=_docstring(_plain(f"{failure.plan}: {failure.violation.reason}")),
        written=written.replace("\n", "\n    "),
        target=repr(failure.target),
    )


def _docstring(text: str) -> str:
    """The text in quotes on one line, or on as many as it takes, indented as a function's body."""
    if len(text) + 10 <= _COLUMNS:
        return f'"""{text}"""'
    return "\n    ".join([*_rows(f'"""{text}'), '"""'])


def _rows(text: str) -> list[str]:
    # Words stay whole: a backslash at the end of a row would join it to the next.
    return textwrap.wrap(text, _COLUMNS - 4, break_long_words=False, break_on_hyphens=False)


def _plain(text: str) -> str:
    """One paragraph that can stand in a docstring."""
    # What agents say may hold quotes and backslashes, which would end the docstring or be read as escapes.
    return " ".join(text.split()).replace("\\", "\\\\").replace('"', "'")
