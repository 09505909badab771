"""`agent-chaos oracles`: every oracle, found by a pattern, as a table, JSON or a page of Markdown."""

from __future__ import annotations

from agent_chaos.commands.catalogue.printing import print_catalogue
from agent_chaos.report.catalogue.entries import oracle_entries
from agent_chaos.report.catalogue.page import oracles_page
from agent_chaos.report.catalogue.table import show_oracles


def oracles(pattern: str, *, json: bool, markdown: bool) -> int:
    """Prints those that match. Raises UsageError where none does."""
    return print_catalogue(
        oracle_entries(), "oracle", pattern, show_oracles, oracles_page, json=json, markdown=markdown
    )
