"""The reference pages say what the code says."""

import json
import tomllib

import jsonschema
import pytest

from agent_chaos.errors import UsageError
from agent_chaos.search.corpus.settings import Settings, resolved
from docs.generate import GENERATED, PAGES
from docs.reference.commands import commands
from docs.reference.configuration import schema


@pytest.mark.parametrize("path", GENERATED, ids=lambda path: path.name)
def test_a_committed_file_is_what_the_code_says(path):
    assert path.read_text(encoding="utf-8") == GENERATED[path](), "run: python -m docs.generate"


def test_every_key_is_an_option_of_fuzz_but_the_file_of_accepted_failures():
    options = {one.name for one in commands()["agent-chaos fuzz"].params}

    assert set(Settings.model_fields) - options == {"baseline"}


def test_every_key_and_every_option_says_what_it_means():
    described = [*schema()["properties"].values()]
    parameters = [one for command in commands().values() for one in command.params if one.name != "help"]

    assert all(one["description"] for one in described)
    assert [one.name for one in parameters if not one.help] == []


TABLES = [
    'max-examples = 7\nskip-faults = ["hostile"]',
    "max-examples = 0",
    "max-time = -1",
    'seed = "x"',
    "unknown = 1",
    'only-oracles = "leaks"',
    'space = "chaos.py:SPACE"',
]


@pytest.mark.parametrize("table", TABLES)
def test_the_schema_accepts_what_the_command_accepts(tmp_path, table):
    (tmp_path / "pyproject.toml").write_text(f"[tool.agent-chaos]\n{table}\n")
    fits = jsonschema.Draft202012Validator(schema()).is_valid(tomllib.loads(table))
    try:
        resolved(start=tmp_path)
    except UsageError:
        assert not fits
    else:
        assert fits


def test_the_published_schema_is_json():
    assert json.loads((PAGES / "reference/config.schema.json").read_text())["additionalProperties"] is False
