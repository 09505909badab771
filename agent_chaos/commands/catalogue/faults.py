"""`agent-chaos faults`: every fault, found by a pattern, as a table, JSON or a page of Markdown."""

from __future__ import annotations

from agent_chaos.commands.catalogue.printing import print_catalogue
from agent_chaos.report.catalogue.entries import fault_entries
from agent_chaos.report.catalogue.page import faults_page
from agent_chaos.report.catalogue.table import show_faults


def faults(pattern: str, *, json: bool, markdown: bool) -> int:
    """Prints those that match. Raises UsageError where none does."""
    return print_catalogue(
        fault_entries(), "fault", pattern, show_faults, faults_page, json=json, markdown=markdown
    )
