"""The text of foreign recordings, YAML and JSON. Tags of Python objects are read as the plain values they hold, never run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from typing import Any

from agent_chaos.errors import CassetteDamaged, UsageError

YAML = (".yaml", ".yml")
SUFFIXES = (*YAML, ".json", ".jsonl", ".har")

_yaml: Any = import_module("yaml")  # it has no type hints


def parsed_document(text: str, suffix: str) -> Mapping[str, Any]:
    """The document in a text; a list stands under `data`. Raises CassetteDamaged where it is none."""
    try:
        document = (
            _yaml.load(text, Loader=_loader()) if suffix in YAML else _json(text, lines=suffix == ".jsonl")
        )
    except (ValueError, RecursionError, _yaml.YAMLError) as exc:
        kind = "YAML" if suffix in YAML else "JSON"
        raise CassetteDamaged(f"it is not readable as {kind}: {_one_line(exc)}") from None
    return (
        document if isinstance(document, dict) else {"data": document} if isinstance(document, list) else {}
    )


def _json(text: str, *, lines: bool) -> Any:
    """What stands in a text, or a list of what stands in its lines; OpenTelemetry's collector writes a batch to each line."""
    if not lines:
        return json.loads(text)
    # Not `splitlines`, which also ends a line at U+2028 and U+0085, as they may stand in a text of JSON.
    found = [json.loads(line) for line in text.split("\n") if line.strip()]
    if any(isinstance(one, dict) and "resourceSpans" in one for one in found):
        return {"resourceSpans": [span for one in found for span in one["resourceSpans"]]}
    return found


def written_document(document: Mapping[str, Any], suffix: str) -> str:
    """A document as text. Raises UsageError where JSON cannot hold a binary body."""
    if suffix in YAML:
        # libyaml is left out of some builds of PyYAML; in Python alone large cassettes take many times as
        # long.
        dumper = getattr(_yaml, "CSafeDumper", _yaml.SafeDumper)
        text: str = _yaml.dump(dict(document), Dumper=dumper, allow_unicode=True, sort_keys=False)
        return text
    try:
        return json.dumps(document, indent=4) + "\n"
    except TypeError:
        raise UsageError("JSON cannot hold a binary body; export to .yaml or .har instead") from None


def _one_line(exc: BaseException) -> str:
    return " ".join(str(exc).split())[:200]


@cache
def _loader() -> Any:
    """A safe YAML loader that takes foreign tags (`!!python/object/apply:multidict…`) for what is inside of them."""
    # A class of its own: constructors are added to a class, and PyYAML's own is used by the whole process.
    loader: Any = type("PlainLoader", (getattr(_yaml, "CSafeLoader", _yaml.SafeLoader),), {})
    loader.add_multi_constructor("tag:yaml.org,2002:python/", _untagged)
    loader.add_multi_constructor("!", _untagged)
    return loader


def _untagged(loader: Any, tag: str, node: Any) -> Any:
    if isinstance(node, _yaml.ScalarNode):
        return loader.construct_scalar(node)
    if isinstance(node, _yaml.SequenceNode):
        return _first(tag, loader.construct_sequence(node, deep=True))
    value = loader.construct_mapping(node, deep=True)
    return _first(tag, value["args"]) if isinstance(value.get("args"), list) else value


def _first(tag: str, items: list[Any]) -> Any:
    """What a call like `istr("content-type")` was given; other sequences stay."""
    return items[0] if items and tag.startswith(("object/apply:", "object/new:")) else items
