"""The page and the JSON schema of `[tool.agent-chaos]`; what a key means is the help of the option of its name."""

from __future__ import annotations

import json
from typing import Any

from agent_chaos.search.corpus.settings import Settings
from docs.reference.commands import commands
from docs.reference.markdown import WRITTEN, table

_EXAMPLE = """```toml
[tool.agent-chaos]
max-examples = 100
skip-faults = ["slow_stream"]
baseline = "known-failures.json"
```"""


def schema() -> dict[str, Any]:
    """The table as JSON schema, for editors."""
    made = Settings.model_json_schema()
    properties = {
        name.replace("_", "-"): _property(name, value) for name, value in made["properties"].items()
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "[tool.agent-chaos] of pyproject.toml",
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
    }


def schema_file() -> str:
    return json.dumps(schema(), indent=2) + "\n"


def configuration_page() -> str:
    """Every key: what it means, its default, the option that wins over it."""
    rows = [
        (f"`{key}`", _type(value), f"`{json.dumps(value['default'])}`", value["description"])
        for key, value in schema()["properties"].items()
    ]
    lines = [WRITTEN, "", "# Configuration", "", _EXAMPLE, ""]
    lines += [
        "The table stands in the nearest `pyproject.toml`, from the working folder upwards. A key has the name of the option of",
        "`agent-chaos fuzz` that wins over it; paths are from the folder of the file. A key that is unknown, or a value it cannot",
        "have, is an error (exit code 2).",
        "",
        *table(("key", "type", "default", "meaning"), rows),
        "",
        "`agent-chaos config --origin` prints every setting in force, and where it comes from: the default, the file, or an option.",
        "",
        "```bash",
        "agent-chaos config --origin --max-examples 50",
        "```",
        "",
        "[config.schema.json](config.schema.json) is the same as JSON schema, for editors.",
    ]
    return "\n".join(lines) + "\n"


def _property(name: str, value: dict[str, Any]) -> dict[str, Any]:
    kept = {key: one for key, one in value.items() if key != "title"}
    return {"description": _meaning(name), **kept}


def _meaning(name: str) -> str:
    """The help of the option of that name; a key without an option says it itself."""
    options = {one.name: str(getattr(one, "help", "")) for one in commands()["agent-chaos fuzz"].params}
    return options.get(name) or str(Settings.model_fields[name].description)


def _type(value: dict[str, Any]) -> str:
    if "enum" in value:
        return " or ".join(f"`{one}`" for one in value["enum"])
    kind = value.get("type") or value["anyOf"][0]["type"]
    return "list of strings" if kind == "array" else str(kind)
