"""What `pytest --chaos` collects: a search for each scenario of a file, and each stored failure under its id."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent_chaos.errors import AgentChaosError, RequirementMissing
from agent_chaos.integrations.pytest_fixtures import ChaosFailure, check_stored, search, settings_of
from agent_chaos.patch.install import offline_environment
from agent_chaos.scenario.loader import Loaded, load
from agent_chaos.search.corpus.failure_files import Corpus
from agent_chaos.search.failure import Failure


def is_scenario_file(config: pytest.Config, path: Path) -> bool:
    """Whether a file is one of `chaos_files`, below the root of the session or of where it was started."""
    globs: list[str] = config.getini("chaos_files")
    # Both: with a `pyproject.toml` further up, the root is not where the user stands.
    for root in (config.rootpath, config.invocation_params.dir):
        if path.is_relative_to(root) and any(path.relative_to(root).match(glob) for glob in globs):
            return True
    return False


class ScenarioFile(pytest.File):
    """A file of scenarios."""

    def collect(self) -> Iterator[pytest.Item]:
        found, stored = self._loaded()
        for loaded in found:
            name = loaded.scenario.name
            yield SearchItem.from_parent(self, name=name, loaded=loaded)
            for failure in stored:
                if failure.scenario == name:
                    yield FailureItem.from_parent(self, name=f"{name}:{failure.id}", failure=failure)

    def _loaded(self) -> tuple[list[Loaded], list[Failure]]:
        """The scenarios of the file, and every stored failure."""
        try:
            with offline_environment():
                # As a user would type it, since the name of a target stands in reports and stored failures.
                return load([os.path.relpath(self.path)]), Corpus().load_all()
        except RequirementMissing as exc:
            pytest.skip(str(exc), allow_module_level=True)
        except AgentChaosError as exc:
            raise self.CollectError(str(exc)) from None


class _Item(pytest.Item):
    """A test whose failure is shown as the report shows it, without the frames of this package."""

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        if isinstance(excinfo.value, ChaosFailure | AgentChaosError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)


class SearchItem(_Item):
    """A search of one scenario; it fails where the search found a failure, or could judge nothing."""

    def __init__(self, *, loaded: Loaded, **given: Any) -> None:
        super().__init__(**given)
        self._loaded = loaded
        # So that -k knows them, as the commands' -k does.
        self.extra_keyword_matches.update(loaded.scenario.tags)

    def runtest(self) -> None:
        search(self._loaded.scenario, settings_of(self), target=self._loaded.ref, corpus=Corpus())

    def reportinfo(self) -> tuple[Path, int | None, str]:
        return self.path, None, f"chaos: {self.name}"


class FailureItem(_Item):
    """A stored failure; it passes once its plan does no harm any more."""

    def __init__(self, *, failure: Failure, **given: Any) -> None:
        super().__init__(**given)
        self._failure = failure

    def runtest(self) -> None:
        check_stored(self._failure)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        return self.path, None, f"chaos: {self.name}"
