"""The command line from outside: one clear line for every mistake, the right exit code, nothing left behind."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from agent_chaos.cli import run_command
from agent_chaos.cli.app import app
from agent_chaos.cli.misuse import misuse
from agent_chaos.cli.order import SECTIONS
from agent_chaos.cli.plain_help import HEADINGS
from agent_chaos.errors import ExitCode
from agent_chaos.version import __version__
from docs.reference.commands import commands

ROOT = Path(__file__).resolve().parents[1]


def command(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "agent_chaos", *arguments],
        cwd=cwd,
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
        env={"PYTHONPATH": str(ROOT), "PATH": "", "NO_COLOR": "1"},
    )


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["--version"]) == 0
    assert capsys.readouterr().out == f"agent-chaos {__version__}\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["fuzz", "--help"],
        ["record", "--help"],
        ["export", "--help"],
        ["replay", "--help"],
        ["cassette", "show", "--help"],
        ["cassette"],
        ["fuzz", "-h"],
    ],
    ids=" ".join,
)
def test_help_is_told(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(arguments) == 0
    told = capsys.readouterr().out
    assert "Usage: agent-chaos" in told
    assert not set("{}") & set(told.splitlines()[0])


def test_the_options_of_a_search_stand_under_headings_each_once(capsys: pytest.CaptureFixture[str]) -> None:
    run_command(["fuzz", "--help"])
    told = capsys.readouterr().out
    known = [one for one in commands()["agent-chaos fuzz"].params if one.param_type_name == "option"]
    under = dict(re.findall(r"^(\w[^\n:]*):\n((?:  .*\n)+)", told, re.MULTILINE))

    assert list(under)[1:] == [*HEADINGS, "Options"]
    assert re.findall(r"^  (-[\w-]+)", under["Options"], re.MULTILINE) == ["--allow-real-tools", "-h"]
    assert len(re.findall(r"^  -", told, re.MULTILINE)) == len(known) + 1


def test_every_command_stands_under_a_heading_of_the_help_with_an_example_of_its_own() -> None:
    listed = [name for names in SECTIONS.values() for name in names]
    known = commands()

    assert sorted(listed) == sorted({path.split()[1] for path in known})
    assert [path for path, made in known.items() if f"Example: {path}" not in (made.epilog or "")] == []


def completed(typed: str, folder: Path) -> list[str]:
    """What bash is given for a command line that ends in the word to complete."""
    words = typed.split(" ")
    done = subprocess.run(
        [sys.executable, "-m", "agent_chaos"],
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
        env={
            "PYTHONPATH": str(ROOT),
            "PATH": "",
            "_AGENT_CHAOS_COMPLETE": "complete_bash",
            "COMP_WORDS": typed,
            "COMP_CWORD": str(len(words) - 1),
        },
    )
    return done.stdout.split()


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("agent-chaos fu", ["fuzz"]),
        ("agent-chaos fuzz --max-e", ["--max-examples"]),
        ("agent-chaos show F-7", ["F-7Q2K"]),
    ],
    ids=["a command", "an option", "a stored failure"],
)
def test_a_shell_completes(typed: str, words: list[str], tmp_path: Path) -> None:
    (tmp_path / ".agent_chaos").mkdir()
    for name in ("F-7Q2K", "F-84BW"):
        (tmp_path / ".agent_chaos" / f"{name}.json").write_text("{}")

    assert completed(typed, tmp_path) == words


def test_help_imports_no_sdk_and_no_engine() -> None:
    heavy = "anthropic openai google hypothesis vcr httpx httpx2 aiohttp msgpack time_machine"
    code = (
        "import sys; from agent_chaos.cli import run_command; run_command(['fuzz', '--help']);"
        f"print([m for m in {heavy.split()!r} if m in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], check=False, capture_output=True, text=True, timeout=60, cwd=ROOT
    )

    assert done.stderr == "[]\n"


@pytest.mark.parametrize("argument", ["--version", "--help", "faults", "oracles"])
def test_what_asks_for_no_run_is_answered_before_the_command_line_is_built(argument: str) -> None:
    code = (
        f"import sys; sys.argv = ['agent-chaos', {argument!r}]; from agent_chaos.__main__ import main; main();"
        "print([m for m in ('typer', 'pydantic', 'asyncio') if m in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], check=False, capture_output=True, text=True, timeout=60, cwd=ROOT
    )

    assert done.stdout.count("\n") >= 1
    assert done.stderr == "[]\n"


def test_a_python_that_cannot_be_started_again_is_told_in_one_line(tmp_path: Path) -> None:
    locked = tmp_path / "python"
    locked.write_text("#!/bin/sh\n")  # which nobody may execute
    code = (
        f"import sys; sys.executable = {str(locked)!r}; sys.argv = ['agent-chaos', 'config'];"
        "from agent_chaos.__main__ import main; main()"
    )
    without = {name: value for name, value in os.environ.items() if name != "PYTHONHASHSEED"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
        cwd=ROOT,
        env=without,
    )

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"error: {locked} cannot be started by this user (Permission denied); "
        "use a Python that it may start, or set PYTHONHASHSEED=0\n"
    )


def test_what_an_sdk_raises_as_python_ends_is_not_told(tmp_path: Path) -> None:
    (tmp_path / "cassettes").write_text("")  # a file, so that no recording can be written
    (tmp_path / "desk.py").write_text(
        "import anthropic\nfrom agent_chaos import BaselineScenario\n\nclient = anthropic.Anthropic(api_key='none')\n"
        "scenario = BaselineScenario(name='desk', agent=lambda ctx, text: client.models.list(), turns=['hi'])\n"
    )
    done = command("record", "desk.py", cwd=tmp_path)

    assert done.stderr == "error: cassettes/desk.msgpack cannot be read: Not a directory\n"


@pytest.mark.parametrize("arguments", [["faults"], ["faults", "--markdown"]], ids=" ".join)
def test_a_list_whose_reader_left_ends_without_a_word(arguments: list[str], tmp_path: Path) -> None:
    command = [sys.executable, "-m", "agent_chaos", *arguments]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp_path, env={"PYTHONPATH": str(ROOT)}
    ) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.close()

        assert running.stderr.read() == b""
    assert running.returncode == 0


def test_what_judges_has_no_verdict_where_its_reader_left(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "agent_chaos", "replay", str(ROOT / "scenarios" / "refund.py")]
    environment = {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT, env=environment) as running:
        assert running.stdout is not None
        running.stdout.close()
    assert running.returncode == ExitCode.READER_LEFT


@pytest.mark.parametrize(
    "arguments",
    [["replay"], ["run"], ["fuzz", "--max-examples", "1", "--only-faults", "truncate"]],
    ids=lambda one: one[0],
)
def test_files_that_are_broken_are_told_once_more_at_the_end(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for folder, name in (("scenarios", "refund.py"), ("cassettes", "refund.msgpack")):
        Path(folder).mkdir()
        shutil.copy(ROOT / folder / name, folder)
    for name in ("one", "two"):
        Path(f"scenarios/{name}.py").write_text("1 / 0")

    assert run_command(arguments) == 2
    told = " ".join(capsys.readouterr().out.split())
    assert told.count("does not import: ZeroDivisionError") == 2
    assert "2 files not loaded, which makes the exit code 2: see SKIPPED above" in told


class OfOlderTypers(typer.BadParameter.__mro__[1]):
    possibilities = ("fuzz",)


@pytest.mark.parametrize(
    ("message", "option", "told"),
    [
        ("No such command 'fuz'.", None, "fuz: agent-chaos has no such command; did you mean fuzz?; see"),
        (
            "'x' is not a valid integer range.",
            "seed",
            "--seed x: expected a whole number; see agent-chaos fuzz",
        ),
        ("'x' is not a valid float range.", "max_time", "--max-time x: expected a number; see"),
        ("0 is not in the range x>=1.", "seed", "--seed 0: expected a number in the range x>=1; see"),
    ],
)
def test_errors_of_older_typers_are_told_alike(message: str, option: str | None, told: str) -> None:
    root = typer.main.get_command(app)
    command = root if option is None else root.commands["fuzz"]
    context = command.make_context(
        "agent-chaos" if option is None else "agent-chaos fuzz", [], resilient_parsing=True
    )
    if option is None:
        error = OfOlderTypers(message, ctx=context)
    else:
        (parameter,) = [one for one in command.params if one.name == option]
        error = typer.BadParameter(message, ctx=context, param=parameter)

    assert misuse(error, root, []).startswith(told)


def test_a_cassette_that_lies_in_the_part_of_the_scenario_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for folder in ("desk/scenarios", "desk/cassettes"):
        Path(folder).mkdir(parents=True)
    shutil.copy(ROOT / "scenarios" / "refund.py", "desk/scenarios")
    shutil.copy(ROOT / "cassettes" / "refund.msgpack", "desk/cassettes")

    assert run_command(["fuzz", "desk/scenarios/refund.py"]) == 2
    assert capsys.readouterr().err.endswith("; desk has one: run this there\n")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["nope"], "nope: agent-chaos has no such command; see agent-chaos --help"),
        (["fuz"], "fuz: agent-chaos has no such command; did you mean fuzz?"),
        (["cassette", "shw"], "shw: agent-chaos cassette has no such command; did you mean show?"),
        (["run", "--junit", "x.xml"], "reports are written by: --report junit:FILE"),
        (["fuzz", "--nope"], "--nope: agent-chaos fuzz has no such option; did you mean --space?; see"),
        (["fuzz", "--max-exampls"], "did you mean --max-calls, --max-examples or --max-time?"),
        (
            ["fuzz", "--max-examples", "0"],
            "--max-examples 0: expected at least 1; see agent-chaos fuzz --help",
        ),
        (["fuzz", "--max-examples", "x"], "--max-examples x: expected a whole number; see"),
        (["fuzz", "--max-examples", ""], "--max-examples '': expected a whole number; see"),
        (["fuzz", "--max-time", "soon"], "--max-time soon: expected a number; see"),
        (["ui", "--port", "70000"], "--port 70000: expected at most 65535; see agent-chaos ui --help"),
        (["ui", "a", "b"], "b: more than was expected: agent-chaos ui [OPTIONS] [RUNS_DIR]; see"),
        (
            ["accept", "--until"],
            "--until: its value is missing; expected --until DAY; see agent-chaos accept",
        ),
        (["show", "--full=3"], "--full: takes no value; see agent-chaos show --help"),
        (["export"], "FAILURE|all is missing; for example: agent-chaos export F-7Q2K"),
        (["cassette", "show"], "FILE is missing; for example: agent-chaos cassette show"),
        (
            ["record", "--record-mode", "sometimes"],
            "error: --record-mode sometimes: expected once, new_episodes, all or none; see",
        ),
        (["fuzz", "--profile", "some"], "error: --profile some: expected everyday, all or hostile; see"),
        (["fuzz", "good.py", "--report", "junit,html"], "give --report again for each"),
        (["compare", "nowhere.json", "good.py"], "nowhere.json: cannot be read (No such file"),
        (["fuzz"], "no TARGET given and no scenarios/ folder here"),
        (["fuzz", "nowhere.py"], "nowhere.py: no such file or folder"),
        (["replay", "nowhere:x"], "nowhere: there is no module 'nowhere'"),
        (["record", "empty.py"], "empty.py: holds no scenario"),
        (["fuzz", "broken.py"], "broken.py:1: does not import: ZeroDivisionError: division by zero"),
        (["fuzz", "good.py", "--json", "."], ".: cannot be written"),
        (["replay", "good.py"], "agent-chaos record"),
        (["replay", "F-ZZZZ"], "F-ZZZZ"),
        (["shrink", "F-ZZZZ"], "F-ZZZZ"),
        (["export", "F-ZZZZ"], "F-ZZZZ"),
        (["export", "f" * 300], "f: not a stored failure; name one by its id, as F-7Q2K"),
        (["cassette", "show", "nowhere.msgpack"], "nowhere.msgpack"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_mistake_is_told_in_one_line(
    arguments: list[str],
    expected: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("empty.py").write_text("x = 1")
    Path("broken.py").write_text("1 / 0")
    Path("good.py").write_text(
        "from agent_chaos import BaselineScenario\n"
        "scenario = BaselineScenario(name='good', agent=lambda ctx, text: text, turns=['hi'])"
    )
    before = sorted(tmp_path.rglob("*"))

    code = run_command(arguments)
    told = capsys.readouterr()

    assert code == 2
    assert expected in told.err
    assert told.err.startswith("error: ")
    assert told.err.count("\n") == 1
    assert [path for path in sorted(tmp_path.rglob("*")) if "__pycache__" not in path.parts] == before


def test_python_m_runs_the_command(tmp_path: Path) -> None:
    done = command("fuzz", "nowhere.py", cwd=tmp_path)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines() == [
        "error: nowhere.py: no such file or folder; expected a file, a folder or pkg.module:attr"
    ]


def test_debug_shows_where_an_error_comes_from(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["fuzz", "nowhere.py", "--debug"]) == 2
    assert "Traceback (most recent call last)" in capsys.readouterr().err


LEFT_BEHIND = {
    "a pool at work": "ThreadPoolExecutor(1).submit(Event().wait)",
    "a hook that waits": "atexit.register(Future().result)",
    "a thread": "Thread(target=Event().wait).start()",
}


@pytest.mark.parametrize("left", LEFT_BEHIND.values(), ids=LEFT_BEHIND)
def test_a_command_ends_whatever_an_agent_left_behind(left: str, tmp_path: Path) -> None:
    imports = "import atexit\nfrom concurrent.futures import *\nfrom threading import *\n"
    (tmp_path / "left.py").write_text(imports + left)
    done = command("replay", "left.py", cwd=tmp_path)

    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "holds no scenario" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["fuzz", "kept.msgpack"], "kept.msgpack: a recording; name the Python file of its scenario"),
        (
            ["compare", "plan.json", "scenario.py"],
            "plan.json: is not what 'agent-chaos fuzz --json FILE' wrote: ",
        ),
        (["serve", "kept.msgpack", "--tls", "."], ".: cannot be written"),
        (["demo", "--into", "plan.json/demo"], "plan.json/demo cannot be made"),
        (["merge", "plan.json"], "plan.json: not a folder"),
        (
            ["cassette", "import", "scenario.py", "-o", "kept.msgpack"],
            "scenario.py: recordings of other tools end in",
        ),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_a_file_of_another_kind_is_told_in_one_line(
    arguments: list[str],
    told: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "kept.msgpack").write_bytes((ROOT / "cassettes" / "refund.msgpack").read_bytes())
    (tmp_path / "plan.json").write_text('{"faults": []}')
    (tmp_path / "scenario.py").write_text(
        "from agent_chaos import BaselineScenario\n\nscenario = BaselineScenario(name='a', agent=str, turns=['hi'])\n"
    )

    assert run_command(arguments) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"error: {told}")
    assert said.count("\n") == 1
