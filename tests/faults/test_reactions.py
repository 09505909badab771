"""What the catalogue says that SDKs do is what they do: every fault, whole and streamed, sync and async."""

import json

import pytest

from tests.faults.catalogued import WIRE_FAULTS
from tests.faults.reactions import FILE, measured

WRITTEN = json.loads(FILE.read_text())
NEVER = {"bad_signature", "endless_tool_call", "lost_state", "extra_argument", "other_value", "wrong_type"}
"""Faults of requests that declare tools, bring their results or go on from the provider's state, which the agents here do
not make, and of reasoning, which no client checks."""


def test_every_fault_that_an_sdk_sees_has_its_reactions_written_down():
    assert {kind for kind, found in WRITTEN["faults"].items() if found} == set(WIRE_FAULTS) - NEVER


@pytest.mark.parametrize("kind", sorted(set(WIRE_FAULTS) - NEVER))
def test_the_sdks_react_as_it_is_written(kind):
    assert measured(kind) == WRITTEN["faults"][kind], "python -m tests.faults.reactions writes it again"
