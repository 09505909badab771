"""Finds the oracles: every module of this folder that exports `ORACLE`."""

from __future__ import annotations

from functools import cache

import agent_chaos.oracles as folder
from agent_chaos.members import exported
from agent_chaos.oracles.oracle import ASSERTION, Gravity, Oracle, Violation, spoken


@cache
def all_oracles() -> dict[str, Oracle]:
    """Every oracle by name."""
    found: list[Oracle] = exported(folder, "ORACLE")
    # In the order of their files: of several violations of one run the first names the failure.
    return {oracle.name: oracle for oracle in found}


def gravity_of(violation: Violation) -> Gravity:
    """How grave a finding is; what the scenario itself asserts comes first, what an oracle of a third party finds last."""
    if violation.oracle == ASSERTION:
        return Gravity.ASSERTED
    oracle = all_oracles().get(violation.oracle)
    return oracle.gravity if oracle is not None else Gravity.WASTE


def headline_of(violation: Violation) -> str:
    """What is wrong, in one line: by the oracle's headline, or by the name of the assertion that failed."""
    oracle = all_oracles().get(violation.oracle)
    return f"{oracle.headline}: {violation.subject}" if oracle is not None else spoken(violation.fingerprint)
