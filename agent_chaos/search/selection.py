"""Faults and oracles by name, as the command line and pyproject.toml choose them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from difflib import get_close_matches
from typing import Literal

from pydantic import BaseModel, ConfigDict

from agent_chaos.errors import UsageError
from agent_chaos.faults.catalogue import fault_types
from agent_chaos.faults.family import Frequency
from agent_chaos.oracles.oracle import Oracle
from agent_chaos.oracles.registry import all_oracles
from agent_chaos.search.scope import EVERYTHING, Scope

_FAMILY = "family:"

Profile = Literal["everyday", "all", "hostile"]
"""What a search draws from: what any agent meets, everything, or what only one provider or an attacker sends."""


class Selection(BaseModel):
    """Which faults and oracles, each as its option was given; a project and a campaign say more beside it."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    only_faults: tuple[str, ...] = ()
    skip_faults: tuple[str, ...] = ()
    only_oracles: tuple[str, ...] = ()
    skip_oracles: tuple[str, ...] = ()
    profile: Profile = "all"
    space: str = ""


def scoped(scope: Scope = EVERYTHING, *, only: Iterable[str] = (), skip: Iterable[str] = ()) -> Scope:
    """The scope with only the faults named, less those to skip; a family stands for all its faults.

    Raises:
        UsageError: a name is unknown, or no fault is left.
    """
    wanted, unwanted = kinds(only), kinds(skip)
    chosen = scope.only(wanted) if wanted else scope
    chosen = chosen.less(unwanted) if unwanted else chosen
    if not chosen.by_kind:
        raise UsageError(
            "no fault is left to search with; name others in only-faults, skip-faults or the space"
        )
    return chosen


def judges(*, only: Iterable[str] = (), skip: Iterable[str] = ()) -> Mapping[str, Oracle]:
    """The oracles named, less those to skip. Raises UsageError as `scoped` does."""
    every = all_oracles()
    wanted, unwanted = _known(only, every, "oracle"), _known(skip, every, "oracle")
    kept = {
        name: one for name, one in every.items() if (not wanted or name in wanted) and name not in unwanted
    }
    if not kept:
        raise UsageError("no oracle is left to judge with; name others in only-oracles or skip-oracles")
    return kept


def kinds(names: Iterable[str]) -> frozenset[str]:
    """The kinds of fault that names stand for: a fault, else its family; `family:refusal` where both have the name.

    Raises:
        UsageError: names that are neither, all in one.
    """
    families: dict[str, list[str]] = {}
    for kind, cls in fault_types().items():
        families.setdefault(cls.family.name, []).append(kind)
    prefixed = {f"{_FAMILY}{family}": found for family, found in families.items()}
    every = {**prefixed, **families, **{kind: [kind] for kind in fault_types()}}
    return frozenset(kind for name in _known(names, every, "fault or family") for kind in every[name])


def _known(names: Iterable[str], every: Collection[str], what: str) -> list[str]:
    # As reports write them ("rate limit"), as options are written (rate-limit), and as they are called.
    spelled = [name.strip().lower().replace("-", "_").replace(" ", "_") for name in names]
    unknown = [name for name in spelled if name not in every]
    if unknown:
        raise UsageError("; ".join(_unknown(name, every, what) for name in unknown))
    return spelled


def _unknown(name: str, every: Collection[str], what: str) -> str:
    near = get_close_matches(name, sorted(every), n=3, cutoff=0.5)
    listed = "agent-chaos oracles" if what == "oracle" else "agent-chaos faults"
    hint = f"did you mean {', '.join(near)}?" if near else f"{listed} lists them"
    return f"unknown {what} {name!r}; {hint}"


def outside(profile: Profile) -> frozenset[str]:
    """The kinds of fault that a profile leaves out."""
    rare = {Frequency.RARE, Frequency.HOSTILE}
    kept = {"everyday": {Frequency.EVERYDAY}, "hostile": rare}.get(profile, set(Frequency))
    return frozenset(kind for kind, cls in fault_types().items() if cls.frequency not in kept)
