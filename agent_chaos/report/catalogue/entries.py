"""The entries of the catalogues: read from a file that was written when the version was built, since asking every fault
where it acts takes a second.

Where another package adds faults, protocols or oracles the file does not know them, and the code is asked instead.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from agent_chaos.report.catalogue.entry import FaultEntry, OracleEntry, Parameter
from agent_chaos.report.catalogue.reactions import Reaction

BUILT = Path(__file__).with_name("catalogue.json")
"""The file, which `python -m docs.generate` writes."""


@cache
def fault_entries() -> tuple[FaultEntry, ...]:
    """Every fault, by level and family, then the changes that functions of a scenario make."""
    if _extended():
        from agent_chaos.report.catalogue.faults import faults_of_code

        return faults_of_code()
    return tuple(_fault(row) for row in _built()["faults"])


@cache
def oracle_entries() -> tuple[OracleEntry, ...]:
    """Every oracle, by name."""
    if _extended():
        from agent_chaos.report.catalogue.oracles import oracles_of_code

        return oracles_of_code()
    return tuple(OracleEntry(**{**row, "advice": tuple(row["advice"])}) for row in _built()["oracles"])


def catalogue_file(faults: Sequence[FaultEntry], oracles: Sequence[OracleEntry]) -> str:
    """The text of the file."""
    value = {"faults": [asdict(one) for one in faults], "oracles": [asdict(one) for one in oracles]}
    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"


def _extended() -> bool:
    return any(group.startswith("agent_chaos.") for group in entry_points().groups)


@cache
def _built() -> dict[str, Any]:
    return dict(json.loads(BUILT.read_text(encoding="utf-8")))


def _fault(row: Mapping[str, Any]) -> FaultEntry:
    tuples = {name: tuple(row[name]) for name in ("protocols", "forms", "changes")}
    parameters = tuple(Parameter(**one) for one in row["parameters"])
    reactions = tuple(Reaction(**one) for one in row["reactions"])
    return FaultEntry(**{**row, **tuples, "parameters": parameters, "reactions": reactions})
