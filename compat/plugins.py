"""The plugin beside others: `python -m compat.plugins [FOLDER]` builds the wheel and tries it with pytest 8 and 9.

In each environment, which holds the wheel, an SDK and the plugins below, `demo` runs in an empty folder; then the same project
is tested in one process and by two workers of pytest-xdist, and both must end alike.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import mkdtemp

ROOT = Path(__file__).resolve().parents[1]
PYTESTS = ("pytest>=8,<9", "pytest>=9,<10")
PLUGINS = (
    "anyio",
    "freezegun",
    "pytest-asyncio",
    "pytest-randomly",
    "pytest-recording",
    "pytest-timeout",
    "pytest-xdist",
)
OPTIONS = ("-q", "-p", "no:cacheprovider", "-rA", "--timeout", "240", "--chaos", "--chaos-examples", "2")
SESSIONS = {
    "one process": ("-p", "no:randomly"),
    "two workers": ("-p", "no:randomly", "-n", "2"),
    "in any order": (),
}
EXPECTED = {
    "test_own.py::test_searches_with_a_deadline": "PASSED",
    "test_own.py::test_a_plain_test": "PASSED",
    "test_own.py::test_asyncio_beside_it": "PASSED",
    "test_own.py::test_anyio_beside_it[asyncio]": "PASSED",
    "test_own.py::test_an_async_test_is_told_what_to_write": "ERROR",
    "test_own.py::test_a_frozen_clock_is_told_about": "ERROR",
    "test_own.py::test_vcr_beside_it": "PASSED",
    "scenarios/refund.py::refund": "FAILED",
}
TESTS = """
import datetime

import freezegun
import pytest


@pytest.mark.timeout(60)
@pytest.mark.chaos(max_examples=2, seed=3)
def test_searches_with_a_deadline(chaos):
    with pytest.raises(AssertionError, match="agent-chaos replay F-"):
        chaos.fuzz("scenarios/refund.py")


def test_a_plain_test():
    assert datetime.date.today().year > 2000


@pytest.mark.asyncio
async def test_asyncio_beside_it():
    pass


@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_anyio_beside_it(anyio_backend):
    pass


@pytest.mark.asyncio
async def test_an_async_test_is_told_what_to_write(cassette):
    pass


@pytest.fixture
def frozen():
    with freezegun.freeze_time("2026-01-01"):
        yield


def test_a_frozen_clock_is_told_about(frozen, cassette):
    pass


@pytest.mark.vcr
def test_vcr_beside_it(record_mode):
    assert record_mode == "none"
"""


def main(folder: Path) -> int:
    """Tries every release of pytest; prints what was found, and gives 1 where something was not as expected."""
    subprocess.run(
        ["uv", "build", "--quiet", "--wheel", "--out-dir", str(folder / "dist"), str(ROOT)], check=True
    )
    (wheel,) = (folder / "dist").glob("*.whl")
    problems = [one for wanted in PYTESTS for one in _tried(wanted, wheel, folder)]
    print("\n".join(problems) or "as expected everywhere")
    return 1 if problems else 0


def _tried(wanted: str, wheel: Path, folder: Path) -> list[str]:
    place = folder / re.sub(r"\W+", "-", wanted)
    python = place / "venv/bin/python"
    subprocess.run(["uv", "venv", "--quiet", "--allow-existing", str(place / "venv")], check=True)
    installs = [
        "uv",
        "pip",
        "install",
        "--quiet",
        "--reinstall-package",
        "agent-chaos",
        "--python",
        str(python),
    ]
    subprocess.run([*installs, f"{wheel}[anthropic]", wanted, *PLUGINS], check=True)
    found: list[str] = []
    demo, told = _ran([str(python), "-m", "agent_chaos", "demo", "--into", str(place / "demo")], place)
    found += [] if demo == 0 else [f"demo ended with {demo}: {told[-400:]}"]
    ends = {}
    for name, more in SESSIONS.items():
        _, said = _ran([str(python), "-m", "pytest", *OPTIONS, *more], _project(place / "project"))
        ends[name] = _ends(said)
        wrong = {test: end for test, end in EXPECTED.items() if ends[name].get(test) != end}
        found += [f"{name}: {test}: wanted {end}, was {ends[name].get(test)}" for test, end in wrong.items()]
        for word in ("asyncio.run(main())", "freezegun has frozen the clock", "agent-chaos replay F-"):
            found += [] if word in said else [f"{name}: nobody said {word!r}"]
        (place / f"{name.replace(' ', '-')}.txt").write_text(said)
    print(f"{wanted}: {len(ends['one process'])} tests, {len(found)} not as expected", flush=True)
    return [f"{wanted}: {one}" for one in found]


def _project(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    for name, file in (("scenarios", "refund.py"), ("cassettes", "refund.msgpack")):
        (folder / name).mkdir(parents=True)
        shutil.copy(ROOT / name / file, folder / name / file)
    (folder / "test_own.py").write_text(TESTS)
    (folder / "pytest.ini").write_text("[pytest]\nasyncio_mode = strict\n")
    return folder


def _ran(command: list[str], folder: Path) -> tuple[int, str]:
    shutil.rmtree(folder / "demo", ignore_errors=True)
    keyless: Mapping[str, str] = {
        name: value for name, value in os.environ.items() if not name.endswith("_API_KEY")
    }
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, env=keyless)
    return done.returncode, done.stdout + done.stderr


def _ends(said: str) -> dict[str, str]:
    """How each test ended, by its id, from the summary of `-rA`."""
    return {test: end for end, test in re.findall(r"^(PASSED|FAILED|ERROR) (\S+)", said, re.MULTILINE)}


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else mkdtemp()).resolve()))
