"""The text of vcrpy cassettes, YAML and JSON. Tags of Python objects are read as the plain values they hold, never run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from agent_chaos.errors import CassetteDamaged, CassetteError, CassetteMissing, UsageError

_MAX_BYTES = 256 * 1024 * 1024
_YAML = (".yaml", ".yml")

_yaml: Any = import_module("yaml")  # it has no type hints


def load(path: Path) -> Mapping[str, Any]:
    """The document in a vcrpy file. Raises CassetteMissing, CassetteDamaged, CassetteError, or UsageError by suffix."""
    _check_suffix(path)
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise CassetteError(f"{path} is larger than {_MAX_BYTES // 2**20} MB; it is not imported")
        text = path.read_text("utf-8")
        document = _yaml.load(text, Loader=_loader()) if path.suffix in _YAML else json.loads(text)
    except FileNotFoundError:
        raise CassetteMissing(f"there is no file {path} to import") from None
    except OSError as exc:
        raise CassetteError(f"{path} cannot be read: {exc.strerror or exc}") from None
    except (ValueError, RecursionError, _yaml.YAMLError) as exc:
        raise CassetteDamaged(f"{path} is not readable as {path.suffix[1:]}: {_one_line(exc)}") from None
    if not isinstance(document, dict) or not isinstance(document.get("interactions"), list):
        raise CassetteDamaged(f"{path} is not a vcrpy cassette: it has no list 'interactions'")
    return document


def dump(document: Mapping[str, Any], path: Path) -> None:
    """Writes a vcrpy file. Raises UsageError by suffix, and where JSON cannot hold a binary body."""
    _check_suffix(path)
    if path.suffix in _YAML:
        dumper = getattr(_yaml, "CSafeDumper", _yaml.SafeDumper)
        text: str = _yaml.dump(dict(document), Dumper=dumper, allow_unicode=True, sort_keys=False)
    else:
        try:
            text = json.dumps(document, indent=4) + "\n"
        except TypeError:
            raise UsageError(f"{path}: JSON cannot hold a binary body; export to .yaml instead") from None
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


def _check_suffix(path: Path) -> None:
    if path.suffix not in (*_YAML, ".json"):
        raise UsageError(f"{path}: vcrpy cassettes end in .yaml, .yml or .json")


def _one_line(exc: BaseException) -> str:
    return " ".join(str(exc).split())[:200]


@cache
def _loader() -> Any:
    """A safe YAML loader that takes foreign tags (`!!python/object/apply:multidict…`) for what is inside of them."""
    loader: Any = type("VcrLoader", (getattr(_yaml, "CSafeLoader", _yaml.SafeLoader),), {})
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
