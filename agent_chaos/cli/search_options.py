"""The options of `fuzz`, each with its name and help; those that `compare` and `config` share are declared and read once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import wraps
from inspect import Parameter, Signature, signature
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

if TYPE_CHECKING:
    from agent_chaos.commands.resolve_options import FuzzOptions

MaxExamples = Annotated[
    int | None,
    typer.Option("--max-examples", min=1, metavar="N", help="Examples per scenario.", show_default="200"),
]
Seed = Annotated[
    int | None,
    typer.Option("--seed", min=0, metavar="N", help="Same seed, same examples.", show_default="0"),
]
MaxTime = Annotated[
    float | None,
    typer.Option("--max-time", min=0.0, metavar="S", help="Real seconds per scenario.", show_default=False),
]
Workers = Annotated[
    int,
    typer.Option(
        "--workers", min=0, metavar="N", help="Processes to run in; 0 for one per core where that is faster."
    ),
]
JsonFile = Annotated[
    Path | None,
    typer.Option("--json", metavar="FILE", help="Write the report to this file too.", show_default=False),
]
HtmlFile = Annotated[
    Path | None,
    typer.Option(
        "--html", metavar="FILE", help="Write a page for the browser to this file.", show_default=False
    ),
]
SpaceTarget = Annotated[
    str,
    typer.Option(
        "--space",
        metavar="FILE.py:NAME",
        help="Search a ChaosSpace only: its faults, ranges, tools and number of faults.",
        show_default=False,
    ),
]


def _names(option: str, text: str) -> typer.models.OptionInfo:
    # typer declares that `Option` returns anything, so that it can stand as a default.
    info = typer.Option(option, metavar="A,B", help=text, show_default=False)
    assert isinstance(info, typer.models.OptionInfo)
    return info


OnlyFaults = Annotated[list[str] | None, _names("--only-faults", "These faults or families of faults only.")]
SkipFaults = Annotated[list[str] | None, _names("--skip-faults", "Without these faults or families.")]
OnlyOracles = Annotated[list[str] | None, _names("--only-oracles", "Judge by these oracles only.")]
SkipOracles = Annotated[list[str] | None, _names("--skip-oracles", "Judge without these oracles.")]
UntilCovered = Annotated[
    bool,
    typer.Option(
        "--until-covered", help="Go on past --max-examples until every single fault was run, or --max-time."
    ),
]
StopOnFirst = Annotated[
    bool,
    typer.Option(
        "-x",
        "--stop-on-first",
        help="Stop at the first failure: it is made small, and nothing else searched.",
    ),
]
UntilStale = Annotated[
    int | None,
    typer.Option(
        "--until-stale",
        min=1,
        metavar="N",
        help="End the search once N examples in a row showed no new failure, and no new way for a run to go.",
        show_default=False,
    ),
]
ExecutorName = Annotated[
    str,
    typer.Option(
        "--executor",
        metavar="dask[:ADDRESS]|MODULE:FUNCTION",
        help="Run in a Dask cluster, or in the concurrent.futures.Executor that a function returns.",
        show_default=False,
    ),
]
ShardName = Annotated[
    str,
    typer.Option(
        "--shard",
        metavar="K/N",
        help="Run the K-th of N parts of the campaign; agent-chaos merge joins them.",
        show_default=False,
    ),
]
Resume = Annotated[
    bool,
    typer.Option(
        "--resume", help="Go on with the latest campaign of the scenario: what ran is not run again."
    ),
]
Exhaustive = Annotated[
    int,
    typer.Option(
        "--exhaustive",
        min=0,
        max=1,
        metavar="1",
        help="Run every single fault at every site, at the edges of its numbers, and nothing else.",
        show_default=False,
    ),
]
Coverage = Annotated[
    bool, typer.Option("--coverage", help="Show what was covered of each fault, or why not.")
]

ProfileName = Annotated[
    Literal["everyday", "all", "hostile"] | None,
    typer.Option(
        "--profile",
        metavar="everyday|all|hostile",
        help="Faults that any agent meets, all of them, or rare and hostile ones.",
        show_default="all",
    ),
]
Continue = Annotated[
    bool,
    typer.Option(
        "--continue",
        help="Then ask the provider what undecided examples wait for, within --max-calls, and search again.",
    ),
]
MaxCalls = Annotated[
    int | None,
    typer.Option(
        "--max-calls", min=1, metavar="N", help="Live calls that --continue may make.", show_default=False
    ),
]
Yes = Annotated[bool, typer.Option("--yes", help="Go online for --continue without asking.")]
Full = Annotated[bool, typer.Option("--full", help="Show every finding in full, not only the first three.")]
Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="A line for each finding, and the figures.")]
Verbose = Annotated[
    bool, typer.Option("-v", "--verbose", help="Also what was found when, and every kind of fault.")
]


@dataclass(frozen=True)
class SearchOptions:
    """The options that are settings of a project too, as they were typed."""

    max_examples: MaxExamples = None
    seed: Seed = None
    max_time: MaxTime = None
    only_faults: OnlyFaults = None
    skip_faults: SkipFaults = None
    only_oracles: OnlyOracles = None
    skip_oracles: SkipOracles = None
    profile: ProfileName = None

    def options(self) -> FuzzOptions:
        """The same for the command's body."""
        from agent_chaos.commands.resolve_options import FuzzOptions

        return FuzzOptions(
            max_examples=self.max_examples,
            seed=self.seed,
            max_time_s=self.max_time,
            only_faults=_split(self.only_faults),
            skip_faults=_split(self.skip_faults),
            only_oracles=_split(self.only_oracles),
            skip_oracles=_split(self.skip_oracles),
            profile=self.profile,
        )


NOTHING_TYPED = SearchOptions()


def searches(command: Callable[..., int]) -> Callable[..., int]:
    """A command whose parameter `search: SearchOptions` is, on the command line, an option for each of its fields."""

    @wraps(command)
    def called(**given: Any) -> int:
        typed = {one.name: given.pop(one.name) for one in fields(SearchOptions)}
        return command(search=SearchOptions(**typed), **given)

    # typer makes options of what a command's signature names; it cannot unfold a parameter by itself
    called.__dict__["__signature__"] = Signature(_unfolded(signature(command, eval_str=True)))
    return called


def _unfolded(declared: Signature) -> list[Parameter]:
    single = signature(SearchOptions, eval_str=True).parameters.values()
    return [
        parameter
        for one in declared.parameters.values()
        for parameter in (single if one.annotation is SearchOptions else (one,))
    ]


def reports(asked: list[str] | None, **files: Path | None) -> tuple[str, ...]:
    """What `--report` names, and those that have options of their own."""
    return (*(asked or ()), *(f"{name}:{file}" for name, file in files.items() if file))


def _split(values: list[str] | None) -> tuple[str, ...]:
    """The names of an option that takes them with commas, or several times."""
    return tuple(name.strip() for value in values or () for name in value.split(",") if name.strip())
