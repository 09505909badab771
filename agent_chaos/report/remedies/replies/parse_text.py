"""The agent parses what the model said, and a text that does not fit ends the turn."""

from __future__ import annotations

from agent_chaos.report.remedies.case import Case
from agent_chaos.report.remedies.remedy import Remedy


def _fits(case: Case) -> bool:
    return case.violation.oracle == "unhandled_exception" and case.parses_text


REMEDY = Remedy(
    name="parse_text",
    headline="A text that cannot be parsed ends the turn",
    does="Catch what the parser raises, ask the model again with what was wrong, a few times, and raise an error of your own "
    "if that does not help.",
    fits=_fits,
    at=lambda case: case.at_exception,
    # After the remedy for the arguments of a tool, which are parsed by the same libraries.
    order=55,
    code={
        "": "for attempt in range(3):\n"
        "    try:\n"
        "        value = ...  # ask, and parse the reply\n"
        "        break\n"
        "    except ValueError as exc:  # of json and of pydantic\n"
        "        failed = exc\n"
        "else:\n"
        '    raise RuntimeError(f"no usable reply: {failed}")'
    },
)
