"""Writes the pages and files that come from code: `python -m docs.generate`. A test compares them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from agent_chaos.report.catalogue.faults import fault_entries
from agent_chaos.report.catalogue.oracles import oracle_entries
from agent_chaos.report.catalogue.page import faults_page, oracles_page
from docs.reference.commands import commands_page
from docs.reference.configuration import configuration_page, schema_file
from docs.reference.formats import events_schema, formats_page, report_schema
from docs.reference.markdown import WRITTEN
from docs.reference.python_api import python_page

PAGES = Path(__file__).parent / "pages"


def migration_page() -> str:
    """MIGRATION.md, which stands at the top of the repository, as a page of the site."""
    return f"{WRITTEN}\n\n{(PAGES.parent.parent / 'MIGRATION.md').read_text(encoding='utf-8')}"


GENERATED: Mapping[str, Callable[[], str]] = {
    "reference/commands.md": commands_page,
    "reference/configuration.md": configuration_page,
    "reference/config.schema.json": schema_file,
    "reference/faults.md": lambda: faults_page(fault_entries()),
    "reference/oracles.md": lambda: oracles_page(oracle_entries()),
    "reference/formats.md": formats_page,
    "reference/report.schema.json": report_schema,
    "reference/events.schema.json": events_schema,
    "reference/python.md": python_page,
    "coming-from/earlier.md": migration_page,
}


def main() -> None:
    """Writes every generated file again."""
    for name, text in GENERATED.items():
        (PAGES / name).write_text(text(), encoding="utf-8")


if __name__ == "__main__":
    main()
