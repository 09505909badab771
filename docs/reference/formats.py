"""The page of file formats, and their JSON schemas, read from the models that write and read them."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, TypeAdapter

from agent_chaos.cassette.model import Exchange, Header, ToolEnd, ToolRecord, TurnMark
from agent_chaos.cassette.storage import frames
from agent_chaos.chaos import any_fault
from agent_chaos.faults.plan import Plan
from agent_chaos.report.document import CampaignRecord, Document, FailureRecord, FindingRecord
from agent_chaos.report.event import ReportEvent
from agent_chaos.search.campaign import Figures
from agent_chaos.search.corpus.baseline import Acceptance
from agent_chaos.search.failure import Failure
from docs.reference.markdown import WRITTEN, prose, table

_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_INTRO = """Every file has a version. A reader refuses a newer one with a clear error, and reads every older one.

- `cassettes/NAME.msgpack`: a recording; commit it
- `.agent_chaos/F-7Q2K.json`: a stored failure with its plan; commit it
- `.agent_chaos/accepted.json`: failures you live with until a day; commit it
- `.agent_chaos_runs/`: the reports of past runs and campaigns; leave it out of version control"""
_CASSETTE = "Cassettes are binary. `agent-chaos cassette show` prints one as text, and git can call it for `git diff`:"


def formats_page() -> str:
    """Every file that is kept or written: what it holds, field by field."""
    lines = [WRITTEN, "", "# File formats", "", _INTRO, "", "## Cassette", "", _CASSETTE, "", "```bash"]
    lines += ['git config diff.agent-chaos.textconv "agent-chaos cassette show"', "```", "", "```text"]
    lines += [*(frames.__doc__ or "").strip().splitlines(), "```", ""]
    for record in (Header, Exchange, ToolRecord, ToolEnd, TurnMark):
        lines += _model(record, "###")
    lines += [
        "## Plan",
        "",
        "The faults of one run, each at its site: `call N` and `tool N` count from 0.",
        "",
    ]
    lines += ["```json", json.dumps(_plan().as_dict(), indent=2), "```", ""]
    for heading, models in (
        ("Stored failure", (Failure,)),
        ("Accepted failures", (Acceptance,)),
        ("JSON report", (Document, CampaignRecord, Figures, FindingRecord, FailureRecord)),
    ):
        lines += [f"## {heading}", "", *(line for model in models for line in _model(model, "###"))]
    lines += [
        "The whole report as JSON schema: [report.schema.json](report.schema.json).",
        "",
        "## NDJSON report",
        "",
    ]
    lines += ["One event a line, as it happens: [events.schema.json](events.schema.json)."]
    return "\n".join(lines) + "\n"


def report_schema() -> str:
    """What `--report json:FILE` writes, as JSON schema."""
    return (
        json.dumps({"$schema": _DRAFT, **Document.model_json_schema(mode="serialization")}, indent=2) + "\n"
    )


def events_schema() -> str:
    """A line of what `--report ndjson:FILE` writes, as JSON schema."""
    return (
        json.dumps(
            {"$schema": _DRAFT, **TypeAdapter(ReportEvent).json_schema(mode="serialization")}, indent=2
        )
        + "\n"
    )


def _plan() -> Plan:
    cut = any_fault("truncate", boundary="mid_number", offset=0)
    return Plan.of([("call 1", cut.fault)])


def _model(model: Any, level: str) -> list[str]:
    rows = table(("field", "type"), _fields(model))
    return [f"{level} {model.__name__}", "", *prose(model.__doc__), "", *rows, ""]


def _fields(model: Any) -> Iterator[tuple[str, str]]:
    if issubclass(model, BaseModel):
        for name, field in model.model_fields.items():
            yield f"`{name}`", f"`{_named(field.annotation)}`"
    else:
        for one in dataclasses.fields(model):
            yield f"`{one.name}`", f"`{one.type}`"


def _named(annotation: Any) -> str:
    """A type as it is written, without the modules its names come from."""
    text = (
        annotation.__name__ if isinstance(annotation, type) and not _generic(annotation) else str(annotation)
    )
    return " ".join(_last(word) for word in text.replace("[", "[ ").replace(",", ", ").split()).replace(
        "[ ", "["
    )


def _generic(annotation: Any) -> bool:
    return hasattr(annotation, "__args__")


def _last(word: str) -> str:
    return word.rpartition(".")[2] if word[:1].isalpha() and "..." not in word else word
