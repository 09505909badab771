"""Settings of the whole suite."""

import signal
from collections.abc import Iterator

import pytest
from hypothesis import settings

from agent_chaos.patch.install import environment, release

# A slow machine is no failure of a property, and a run of the suite must not differ from the one before.
settings.register_profile("suite", deadline=None, derandomize=True)
settings.load_profile("suite")


def pytest_collection_finish() -> None:
    """Refuses a test file that runs something as it is imported: what later files make for their tests would be patched, too."""
    if environment().stands:
        raise pytest.UsageError("a test file patches the process as it is imported; do that in a fixture")


@pytest.fixture(autouse=True, scope="session")
def interruptible() -> Iterator[None]:
    """A job in the background of a shell ignores Ctrl-C; some tests press it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(autouse=True, scope="module")
def process_as_it_was() -> Iterator[None]:
    """What the tests of one file changed in the process is taken back before the next one."""
    yield
    release()
