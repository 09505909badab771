"""Audits of cassettes on disk: what `cassette verify` and `cassette check` report."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from agent_chaos.cassette.redaction.audit import AuditFinding, Opinion, findings, no_opinion
from agent_chaos.cassette.redaction.redactor import Redactor
from agent_chaos.cassette.storage.file import verified


def scan(
    path: Path | str, environ: Mapping[str, str] | None = None, opinion: Opinion = no_opinion
) -> list[AuditFinding]:
    """Every secret found in the cassette at `path`, whose bytes are all verified on the way, and what could not be read.

    Looks for credentials by name and shape, for the values of the environment's key variables (by default this
    process's), and for what `opinion` finds besides. Raises what `open_cassette` raises.
    """
    redactor = Redactor.from_environ(os.environ if environ is None else environ)
    return list(findings(verified(path), redactor, opinion))
