"""The oracles as the catalogue tells them: from their classes, docstrings and advice."""

from __future__ import annotations

import sys

from agent_chaos.oracles.oracle import Oracle
from agent_chaos.oracles.registry import all_oracles
from agent_chaos.report.catalogue.docstrings import docstring_parts
from agent_chaos.report.catalogue.entry import OracleEntry
from agent_chaos.trace.fidelity import Fidelity


def oracles_of_code() -> tuple[OracleEntry, ...]:
    """Every oracle, by name."""
    return tuple(_entry(oracle) for _, oracle in sorted(all_oracles().items()))


def _entry(oracle: Oracle) -> OracleEntry:
    does, source = docstring_parts(type(oracle))
    return OracleEntry(
        name=oracle.name,
        does=does,
        severity=oracle.severity,
        needs="any replay" if oracle.needs is Fidelity.MISS else oracle.needs.words,
        advice=_advice(oracle),
        source=source,
    )


def _advice(oracle: Oracle) -> tuple[str, ...]:
    """The sentences under `_ADVICE` in the oracle's module."""
    given = getattr(sys.modules[type(oracle).__module__], "_ADVICE", ())
    return (given,) if isinstance(given, str) else tuple(given.values() if isinstance(given, dict) else given)
