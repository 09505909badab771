"""`help()` of what people import explains every field."""

import dataclasses
import inspect
import re
import subprocess
import sys

import pytest
import typer
from pydantic import BaseModel

import agent_chaos
from agent_chaos import scenario
from agent_chaos.cli.app import app

CLASSES = {
    value.__name__: value
    for module in (agent_chaos, scenario)
    for value in (getattr(module, name) for name in dir(module) if not name.startswith("_"))
    if inspect.isclass(value) and value.__module__.startswith("agent_chaos")
}
SAYS_ITSELF = {"name"}
"""How reports call an assertion."""


def fields(cls):
    if issubclass(cls, BaseModel):
        return set(cls.model_fields)
    return {one.name for one in dataclasses.fields(cls)} if dataclasses.is_dataclass(cls) else set()


@pytest.mark.parametrize("cls", [pytest.param(cls, id=name) for name, cls in sorted(CLASSES.items())])
def test_every_field_is_named_in_the_docstring(cls):
    told = set(re.findall(r"\w+", inspect.getdoc(cls) or ""))
    wanted = {name for name in fields(cls) - SAYS_ITSELF if not name.startswith("_")}

    assert wanted - told == set()


def test_scenarios_and_assertions_are_among_them():
    assert {"BaselineScenario", "ChaosScenario", "Turn", "MaxLLMCalls", "RunReport"} <= CLASSES.keys()


_SIGNATURES = """
import inspect
import agent_chaos
from agent_chaos import scenario
for module in (agent_chaos, scenario):
    for name in dir(module):
        value = getattr(module, name)
        if inspect.isclass(value) and value.__module__.startswith("agent_chaos"):
            print(value.__name__, inspect.signature(value))
"""


def commands(group):
    for one in group.commands.values():
        yield from commands(one) if hasattr(one, "commands") else (one,)


@pytest.mark.parametrize(
    "one", [pytest.param(one, id=one.name) for one in commands(typer.main.get_command(app))]
)
def test_the_example_of_a_command_stands_on_one_line_of_eighty_columns(one):
    assert one.epilog.startswith("Example: agent-chaos ")
    assert len(f"  {one.epilog}") <= 78


def test_the_signature_of_a_class_names_its_fields_before_one_is_made():
    """A model that is built at its first use has no fields to show until then."""
    done = subprocess.run([sys.executable, "-c", _SIGNATURES], capture_output=True, text=True, check=True)
    shown = dict(line.split(" ", 1) for line in done.stdout.splitlines())

    assert "agent: " in shown["BaselineScenario"]
    assert [name for name, one in shown.items() if one.startswith("(**data")] == []
