"""Writes the pages and files that come from code: `python -m docs.generate`. A test compares them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from agent_chaos.__main__ import HELP
from agent_chaos.report.catalogue.entries import BUILT, catalogue_file
from agent_chaos.report.catalogue.faults import faults_of_code
from agent_chaos.report.catalogue.oracles import oracles_of_code
from agent_chaos.report.catalogue.page import faults_page, oracles_page
from docs.reference.commands import commands_page, help_text
from docs.reference.configuration import configuration_page, schema_file
from docs.reference.formats import events_schema, formats_page, report_schema
from docs.reference.frameworks import frameworks_page
from docs.reference.markdown import WRITTEN
from docs.reference.python_api import python_page

ROOT = Path(__file__).parents[1]
PAGES = ROOT / "docs/pages"


def migration_page() -> str:
    """MIGRATION.md, which stands at the top of the repository, as a page of the site."""
    return f"{WRITTEN}\n\n{(ROOT / 'MIGRATION.md').read_text(encoding='utf-8')}"


GENERATED: Mapping[Path, Callable[[], str]] = {
    PAGES / "reference/commands.md": commands_page,
    PAGES / "reference/configuration.md": configuration_page,
    PAGES / "reference/config.schema.json": schema_file,
    PAGES / "reference/faults.md": lambda: faults_page(faults_of_code()),
    PAGES / "reference/oracles.md": lambda: oracles_page(oracles_of_code()),
    PAGES / "reference/formats.md": formats_page,
    PAGES / "reference/frameworks.md": frameworks_page,
    PAGES / "reference/report.schema.json": report_schema,
    PAGES / "reference/events.schema.json": events_schema,
    PAGES / "reference/python.md": python_page,
    PAGES / "coming-from/earlier.md": migration_page,
    BUILT: lambda: catalogue_file(faults_of_code(), oracles_of_code()),
    HELP: help_text,
}


def main() -> None:
    """Writes every generated file again."""
    for path, text in GENERATED.items():
        path.write_text(text(), encoding="utf-8")


if __name__ == "__main__":
    main()
