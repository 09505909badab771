"""What the catalogue says that SDKs do is what they do: a spot check of every fault, whole and streamed, sync and async."""

import json

import pytest

from tests.faults.catalogued import WIRE_FAULTS
from tests.faults.reactions import FILE, spot_checked

WRITE = "python -m tests.faults.reactions writes it again"


def test_every_fault_has_its_reactions_written_down():
    assert set(json.loads(FILE.read_text())["faults"]) == set(WIRE_FAULTS), WRITE


@pytest.mark.parametrize("kind", WIRE_FAULTS)
def test_the_sdks_react_as_it_is_written(kind):
    assert not [(place, now, told) for place, now, told in spot_checked(kind) if now != told], WRITE
