"""Finds scenarios: from a target as people type it to scenarios with a reference that loads exactly one of them.

A target is a file (`scenarios/refund.py`), one scenario of a file (`scenarios/refund.py:refund`), an attribute of a
module (`pkg.module:attr`), or a directory. After the colon stands the name of a scenario, or of a module attribute.
"""

from __future__ import annotations

import inspect
import os
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from agent_chaos.errors import ScenarioError
from agent_chaos.scenario.imports import import_file, import_module, importing
from agent_chaos.scenario.model import ChaosScenario, Scenario
from agent_chaos.scenario.nearby import above, near_target
from agent_chaos.scenario.script import script_scenario
from agent_chaos.scenario.targets import PREFIX

DEFAULT_TARGET = "scenarios"
"""The directory that is loaded where no target is given."""

_CONVENTIONAL = ("scenarios", "get_scenarios", "scenario", "get_scenario")
_MODULE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")
_ITEM = re.compile(r"(\w+)\[(\d+)\]")


@dataclass(frozen=True, slots=True)
class Loaded:
    """A scenario and the target that loads it, and nothing else, again."""

    scenario: Scenario
    ref: str


@dataclass
class _Search:
    """How folders are looked through, and what was found in them but could not be imported here."""

    recursive: bool
    glob: str
    skipped: list[ScenarioError] = field(default_factory=list)

    def scenarios(self, path: Path, place: str) -> list[Loaded]:
        """Those of a file; none where it cannot be imported here, which does not keep others from being loaded."""
        try:
            return _scenarios_of(import_file(path), place)
        except ScenarioError as exc:
            self.skipped.append(exc)
            return []


def load(
    targets: Iterable[str] = (),
    *,
    recursive: bool = True,
    glob: str = "*.py",
    variants: bool = False,
    skip: Callable[[ScenarioError], None] = lambda missing: None,
) -> list[Loaded]:
    """The scenarios of all targets, in order, each once; without targets those of `scenarios/`.

    Variants of a baseline, which have no recording of their own, are left out unless asked for.

    Args:
        skip: told of each file that cannot be imported here, where others can be loaded.

    Raises ScenarioError for a target that does not exist, where nothing imports or holds a scenario, and for two scenarios
    of one name, which would share a cassette.
    """
    wanted = tuple(targets) or (_default(),)
    search = _Search(recursive, glob)
    found = _distinct(_load_target(target, search) for target in wanted)
    if search.skipped and not found:
        # Where nothing is left to run, what could not be imported is no longer a side note.
        raise search.skipped[0]
    for missing in search.skipped:
        skip(missing)
    recorded = [one for one in found if not _is_variant(one.scenario)]
    # A file of variants alone is run as what it holds.
    return found if variants or not recorded else recorded


def load_target(ref: str) -> Scenario | list[Scenario]:
    """What a target holds: the scenario where it is one, else all of them. Raises ScenarioError, as all of these do."""
    found = load_scenarios([ref])
    return found[0] if len(found) == 1 else found


def load_scenario(ref: str) -> Scenario:
    """The scenario of a target, of several the first."""
    return load_scenario_by_index(ref, 0)


def load_scenario_by_index(ref: str, index: int) -> Scenario:
    """One of a target's scenarios, counted from 0."""
    found = load_scenarios([ref])
    if not 0 <= index < len(found):
        raise ScenarioError(
            f"{ref}: there is no scenario {index}; its scenarios count from 0 to {len(found) - 1}"
        )
    return found[index]


def load_scenarios(targets: Iterable[str], glob: str = "*.py", recursive: bool = False) -> list[Scenario]:
    """The scenarios of all targets in order, variants too."""
    return [one.scenario for one in load(targets, recursive=recursive, glob=glob, variants=True)]


def load_scenarios_from_dir(
    dir: str | Path, *, glob: str = "*.py", recursive: bool = False
) -> list[Scenario]:
    """The scenarios of a folder's files, variants too."""
    return load_scenarios([str(dir)], glob, recursive)


def _is_variant(scenario: Scenario) -> bool:
    return isinstance(scenario, ChaosScenario) and bool(scenario.parent)


def _default() -> str:
    if not Path(DEFAULT_TARGET).is_dir():
        raise ScenarioError(
            f"no TARGET given and no {DEFAULT_TARGET}/ folder here; name a file, a folder or pkg.module:attr, or "
            f"write a first scenario with: agent-chaos init{above(DEFAULT_TARGET)}"
        )
    return DEFAULT_TARGET


def _load_target(target: str, search: _Search) -> list[Loaded]:
    # Before paths: a command line may well be the name of a file.
    if target.startswith(PREFIX):
        return [Loaded(script_scenario(target), target)]
    path = Path(target)
    # Not by `Path`, which raises where the system has no names of such a length.
    if os.path.isdir(target):
        return _from_directory(path, search)
    if os.path.isfile(target):
        return _from_file(path, search)
    place, colon, wanted = target.rpartition(":")
    # From the right, and only after the target as a whole was looked for: on Windows a path has a colon of
    # its own.
    if colon and os.path.isfile(place):
        return _pick(import_file(Path(place)), place, wanted)
    if colon and _MODULE.fullmatch(place) and not place.endswith(".py"):
        return _pick(import_module(place), place, wanted)
    near = near_target(target, DEFAULT_TARGET)
    raise ScenarioError(
        f"{target}: no such file or folder; expected a file, a folder or pkg.module:attr{near}"
    )


def _from_directory(folder: Path, search: _Search) -> list[Loaded]:
    package = folder / "__init__.py"
    # A package that exposes scenarios says which there are: its files may hold parts of them.
    if package.is_file() and (exposed := search.scenarios(package, str(package))):
        return exposed
    files = sorted(path for path in _files(folder, search.recursive) if path.match(search.glob))
    found = [one for path in files for one in search.scenarios(path, str(path))]
    if not found and not search.skipped:
        raise ScenarioError(f"{folder}: holds no scenario ({len(files)} files match {search.glob})")
    return found


def _files(folder: Path, recursive: bool) -> Iterator[Path]:
    for path in folder.iterdir():
        # Helpers beside scenarios, `__pycache__`, and folders of tools such as `.venv` and `.git`.
        if path.name.startswith(("_", ".")):
            continue
        if path.is_file():
            yield path
        # A virtual environment holds thousands of files of other people.
        elif recursive and path.is_dir() and not (path / "pyvenv.cfg").exists():
            yield from _files(path, recursive)


def _from_file(path: Path, search: _Search) -> list[Loaded]:
    found = search.scenarios(path, str(path))
    if not found and not search.skipped:
        raise ScenarioError(f"{path}: holds no scenario; define `scenario = BaselineScenario(...)` in it")
    return found


def _scenarios_of(module: ModuleType, place: str) -> list[Loaded]:
    """The scenarios of the first conventional name the module defines, and the variants of them beside it; else all at its
    top level."""
    beside = [value for value in vars(module).values() if isinstance(value, Scenario)]
    scenarios = beside
    for name in _CONVENTIONAL:
        # A package that holds a module `scenarios.py` has an attribute of that name, too.
        if hasattr(module, name) and not isinstance(getattr(module, name), ModuleType):
            scenarios = _held(getattr(module, name), f"{place}:{name}")
            known = {one.name for one in scenarios}
            # Variants are seldom listed: they are found by the name of their parent.
            scenarios += [one for one in beside if isinstance(one, ChaosScenario) and one.parent in known]
            break
    return [Loaded(scenario, f"{place}:{scenario.name}") for scenario in _once(scenarios)]


def _once(scenarios: Iterable[Scenario]) -> list[Scenario]:
    # By identity: a scenario may be bound to two names of a module, and equal ones need not be the same.
    return list({id(scenario): scenario for scenario in scenarios}.values())


def _pick(module: ModuleType, place: str, wanted: str) -> list[Loaded]:
    """One scenario of a module by its name, or what an attribute (or `attribute[i]`) holds."""
    every = _scenarios_of(module, place)
    if named := [one for one in every if one.scenario.name == wanted]:
        return named
    item = _ITEM.fullmatch(wanted)
    name = item[1] if item else wanted
    if not hasattr(module, name):
        known = ", ".join(one.scenario.name for one in every) or "none"
        raise ScenarioError(f"{place}: no scenario or attribute {wanted!r}; scenarios in it: {known}")
    held = _held(getattr(module, name), f"{place}:{name}")
    many = [
        Loaded(one, f"{place}:{name}" + (f"[{i}]" if len(held) > 1 else "")) for i, one in enumerate(held)
    ]
    chosen = [one for one in many if one.ref == f"{place}:{wanted}"] if item else many
    if not chosen:
        raise ScenarioError(f"{place}:{wanted}: holds no scenario")
    return chosen


def _held(value: Any, where: str) -> list[Scenario]:
    """What a value holds: a scenario, several, or a function of no arguments that returns either."""
    if callable(value):
        place, _, name = where.rpartition(":")
        # The usual slip: an agent's own function has one of these names.
        if needed := _needed(value):
            raise ScenarioError(
                f"{place}: {name} takes {', '.join(needed)}; expected a scenario, or a function without "
                f"arguments that returns one: BaselineScenario(name=…, agent={name}, turns=[…])"
            )
        with importing(place, doing=f"{name}() fails"):
            value = value()
    several = list(value) if isinstance(value, (list, tuple)) else [value]
    for one in several:
        if not isinstance(one, Scenario):
            raise ScenarioError(f"{where}: expected scenarios, found {type(one).__name__}")
    return several


def _needed(function: Callable[..., Any]) -> list[str]:
    """The arguments that a function cannot be called without; none where that cannot be told."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return []
    variadic = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return [one.name for one in parameters if one.default is one.empty and one.kind not in variadic]


def _distinct(targets: Iterable[list[Loaded]]) -> list[Loaded]:
    """Each scenario once: two targets may load the same one, but no two may have one name."""
    first: dict[str, tuple[int, Loaded]] = {}
    for number, one in ((number, one) for number, found in enumerate(targets) for one in found):
        # By the name, which is also that of the cassette and of stored failures.
        before, other = first.setdefault(one.scenario.name, (number, one))
        # `fuzz scenarios/ scenarios/refund.py` loads one scenario twice, as another object where a function
        # makes it.
        again = before != number and other.ref == one.ref
        if other.scenario is one.scenario or again or _imported(one, other):
            continue
        if _imported(other, one):
            # The file that defines the agent is the better reference: it stays when the other one stops
            # importing it.
            first[one.scenario.name] = (number, one)
        else:
            name = one.scenario.name
            raise ScenarioError(
                f"two scenarios are named {name!r}, so that they would share a cassette: in {_place(other)} and in "
                f"{_place(one)}; rename one"
            )
    return [one for _, one in first.values()]


def _imported(one: Loaded, other: Loaded) -> bool:
    """Whether a file only imports a scenario that the file of the other one defines."""
    home = _home(one.scenario)
    return home == _home(other.scenario) != "" and _is(other, home) and not _is(one, home)


def _home(scenario: Scenario) -> str:
    """The file that the agent's function stands in; '' where it is no function."""
    # Decorators are looked through; a class or an object that is called has no file of its own.
    code = getattr(inspect.unwrap(scenario.agent), "__code__", None)
    return str(code.co_filename) if code else ""


def _is(loaded: Loaded, file: str) -> bool:
    return Path(_place(loaded)).resolve() == Path(file).resolve()


def _place(loaded: Loaded) -> str:
    return loaded.ref.rpartition(":")[0]
