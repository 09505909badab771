"""The pytest plugin, an entry point of this package: hooks alone. What they need is imported on first use, so that an
unused plugin costs a session next to nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from agent_chaos.integrations.pytest_fixtures import ChaosFixture
    from agent_chaos.run.adhoc import AdHocContext

_MARK_HELP = (
    "chaos(max_examples=200, seed=0, faults=()): how the `chaos` fixture searches, and the faults that act in a test "
    "with the `cassette` fixture"
)
_FILES = ("scenarios/*.py", "scenarios/**/*.py", "*_scenario.py", "*_scenarios.py")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declares the options; `--chaos` is what turns the collection on."""
    group = parser.getgroup("agent-chaos", "faults of LLM providers")
    group.addoption("--chaos", action="store_true", help="collect scenarios, and search each for failures")
    group.addoption(
        "--chaos-examples", type=int, metavar="N", help="examples for each scenario (default: 200)"
    )
    group.addoption("--chaos-seed", type=int, metavar="N", help="the seed of every search (default: 0)")
    group.addoption(
        "--chaos-record",
        choices=("none", "once", "all"),
        default="none",
        help="for the `cassette` fixture: none replays only (default), once records what has no recording yet, "
        "all records afresh",
    )
    parser.addini("chaos_files", "files that hold scenarios, as globs", type="args", default=list(_FILES))


def pytest_configure(config: pytest.Config) -> None:
    """Declares the mark; with `--chaos` and no path on the command line, `scenarios/` is looked through as well."""
    config.addinivalue_line("markers", _MARK_HELP)
    named = config.args_source is pytest.Config.ArgsSource.ARGS
    folder = config.invocation_params.dir / "scenarios"
    # Where what pytest looks through holds the folder already, pytest 8 would look through nothing but the folder.
    held = any(folder.is_relative_to(config.invocation_params.dir / one) for one in config.args)
    if config.getoption("--chaos") and not named and not held and folder.is_dir():
        config.args.append(str(folder))


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """With `--chaos`, a file of scenarios holds a test for each scenario and for each of its stored failures."""
    if not parent.config.getoption("--chaos") or file_path.suffix != ".py":
        return None
    from agent_chaos.integrations.pytest_items import ScenarioFile, is_scenario_file

    if not is_scenario_file(parent.config, file_path):
        return None
    return ScenarioFile.from_parent(parent, path=file_path)


@pytest.fixture
def chaos(request: pytest.FixtureRequest) -> ChaosFixture:
    """Searches scenarios and checks failures within a test; its defaults stand in the `chaos` mark."""
    from agent_chaos.errors import AgentChaosError
    from agent_chaos.integrations.pytest_fixtures import ChaosFixture

    try:
        return ChaosFixture.of(request)
    except AgentChaosError as exc:
        pytest.fail(str(exc), pytrace=False)


@pytest.fixture
def cassette(request: pytest.FixtureRequest) -> Iterator[AdHocContext]:
    """The provider traffic of a test: recorded with `--chaos-record`, replayed offline and on virtual time otherwise.

    The recording lies in `cassettes/<test file>/<test>.msgpack` beside the test file. Faults of the `chaos` mark act on it.
    """
    from agent_chaos.errors import AgentChaosError
    from agent_chaos.integrations.pytest_fixtures import recorded_block

    try:
        with recorded_block(request) as context:
            yield context
    except AgentChaosError as exc:
        pytest.fail(str(exc), pytrace=False)
