"""Chance of every kind comes from the seed of the recording, and goes on within a run."""

import importlib
import os
import random
import secrets
import sys
import tempfile
import time
import uuid
from types import ModuleType

import pytest

from agent_chaos.patch.install import offline_environment, release
from agent_chaos.scenario.loader import load_scenario
from tests.trials import nothing_recorded, recorded, scenario, trial

SOURCES = {
    "random.random": lambda: random.random(),
    "Random()": lambda: random.Random().random(),
    "SystemRandom": lambda: random.SystemRandom().random(),
    "os.urandom": lambda: os.urandom(4).hex(),
    "os.getrandom": lambda: os.getrandom(4).hex(),
    "secrets": lambda: secrets.token_hex(4),
    "uuid1": lambda: uuid.uuid1(),
    "uuid4": lambda: uuid.uuid4(),
    "tempfile": lambda: tempfile.mktemp(),
    "process_time": lambda: time.process_time(),
}


@pytest.mark.parametrize("name", SOURCES)
def test_equal_runs_draw_alike_and_never_twice_the_same(name):
    def agent(ctx, text):
        return [str(SOURCES[name]()) for _ in range(3)]

    one = scenario(agent)
    cassette = recorded(one, [])
    drawn = [trial(one, cassette).answers[0].value for _ in range(2)]

    assert drawn[0] == drawn[1]
    assert len(set(drawn[0])) == 3


def test_a_source_that_a_module_imported_by_name_draws_alike(monkeypatch):
    release()  # the next run patches the process anew, with this module in it
    holder = ModuleType("holder")
    vars(holder).update(urandom=os.urandom, getrandom=os.getrandom)
    monkeypatch.setitem(sys.modules, "holder", holder)
    one = scenario(lambda ctx, text: (holder.urandom(4) + holder.getrandom(4)).hex())
    cassette = recorded(one, [])

    assert trial(one, cassette).answers[0].text == trial(one, cassette).answers[0].text


OWN_GENERATORS = """
import random

from agent_chaos import BaselineScenario

rng, seeded = random.Random(), random.Random(42)
scenario = BaselineScenario(name="draws", agent=lambda ctx, text: [rng.random(), seeded.random()], turns=["go"])
"""


def test_generators_that_a_module_makes_as_it_is_imported_draw_alike(tmp_path):
    (tmp_path / "draws.py").write_text(OWN_GENERATORS)
    with offline_environment():
        one = load_scenario(str(tmp_path / "draws.py"))
        drawn = [trial(one, nothing_recorded()).answers[0].value for _ in range(2)]

    assert drawn[0] == drawn[1]
    assert drawn[0][1] == random.Random(42).random()


def test_what_a_module_draws_does_not_hang_on_what_was_imported_before_it(tmp_path):
    drawn = []
    for names in (["draws"], ["other", "draws"]):
        folder = tmp_path / str(len(names))
        folder.mkdir()
        for name in names:
            (folder / f"{name}.py").write_text(OWN_GENERATORS)
        with offline_environment():
            loaded = [load_scenario(str(folder / f"{name}.py")) for name in names]
            drawn.append(trial(loaded[-1], nothing_recorded()).answers[0].value)

    assert drawn[0] == drawn[1]


def test_a_modules_generator_is_not_to_be_guessed_once_the_process_is_on_its_own(tmp_path):
    (tmp_path / "draws.py").write_text(OWN_GENERATORS)
    release()  # what other tests have installed for good
    drawn = []
    for _ in range(2):
        with offline_environment():
            one = load_scenario(str(tmp_path / "draws.py"))
            trial(one, nothing_recorded())
        release()
        drawn.append(sys.modules[one.agent.__module__].rng.random())

    assert drawn[0] != drawn[1]


def test_numpy_draws_alike():
    numpy = pytest.importorskip("numpy")

    def agent(ctx, text):
        return [float(numpy.random.default_rng().random()), float(numpy.random.rand())]

    one = scenario(agent)
    cassette = recorded(one, [])

    assert trial(one, cassette).answers[0].value == trial(one, cassette).answers[0].value


def test_numpy_that_a_run_itself_imports_draws_alike_and_is_left_as_it_seeds_itself(monkeypatch):
    pytest.importorskip("numpy.random")

    def agent(ctx, text):
        return float(importlib.import_module("numpy.random").rand())

    one = scenario(agent)
    cassette = recorded(one, [])
    drawn = []
    for _ in range(2):
        monkeypatch.delitem(sys.modules, "numpy.random")
        drawn.append((trial(one, cassette).answers[0].value, sys.modules["numpy.random"].rand()))

    assert drawn[0][0] == drawn[1][0]
    assert drawn[0][1] != drawn[1][1]


def test_a_uuid_of_the_first_kind_tells_the_time_of_the_run():
    def agent(ctx, text):
        made = uuid.uuid1()
        return [made.version, abs((made.time - 0x01B21DD213814000) / 1e7 - time.time()) < 1]

    one = scenario(agent)

    assert trial(one, recorded(one, [])).answers[0].value == [1, True]
