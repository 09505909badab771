"""The `agent-chaos` command, also as `python -m agent_chaos`: fixes what only a fresh process can, then runs it."""

from __future__ import annotations

import gc
import importlib
import os
import sys
from collections.abc import Callable
from pathlib import Path

from agent_chaos.commands.last_words import keep_last_words, no_last_words
from agent_chaos.runtime import interrupts
from agent_chaos.version import __version__

HELP = Path(__file__).parent / "cli/help.txt"
"""What `--help` prints, which `python -m docs.generate` writes: building it takes ten times as long as Python's start."""
_COMPLETION = "_AGENT_CHAOS_COMPLETE"
"""Set by the script that a shell runs to complete a command line."""
_COMPLETION_OPTIONS = ("--install-completion", "--show-completion")
OFFLINE = ("replay", "run", "fuzz", "shrink", "compare", "merge")
"""Commands that never need a network; they run in an empty network namespace where the system allows it."""


def main() -> None:
    """Runs what was asked for; Ctrl-C and SIGTERM end it with what there is to tell until then."""
    interrupts.end_command()
    try:
        _main()
    except KeyboardInterrupt:  # while modules are imported, before the command line could tell it
        sys.stderr.write("error: interrupted\n")
        sys.exit(interrupts.interrupted_code())
    finally:
        no_last_words()


def _main() -> None:
    """Answers at once what needs no command line; else fixes the hash seed, cuts the network off, runs the command."""
    for stream in (sys.stdout, sys.stderr):
        # Whoever calls `main` may have put another object in place of the stream: a StringIO has no encoding
        # to change.
        if hasattr(stream, "reconfigure"):
            # A terminal whose encoding is not UTF-8 (LANG=C, an old Windows code page) cannot print the marks
            # of a report; a question mark is better there than an UnicodeEncodeError.
            stream.reconfigure(errors="replace")
    # Before the hash seed: the shell waits for these words at every press of the tab key.
    if _COMPLETION in os.environ or sys.argv[1:2] in [[option] for option in _COMPLETION_OPTIONS]:
        from agent_chaos.cli import complete

        complete()
        return
    if (answer := _AT_ONCE.get(tuple(sys.argv[1:]))) is not None:
        answer()
        return
    _fix_the_hash_seed()
    # Hypothesis would make `.hypothesis/` in the user's working directory. It reads the variable when it is
    # imported, which is later than this.
    os.environ.setdefault("HYPOTHESIS_STORAGE_DIRECTORY", os.path.join(".agent_chaos_runs", ".hypothesis"))
    if any(word in (*OFFLINE, "record") for word in sys.argv[1:2]):
        _load_clock_without_pytest()
    if any(word in OFFLINE for word in sys.argv[1:2]):
        # Until the target is imported: `patch.time.collector.imports_uncollected`, which `--continue` does
        # not come to in this process.
        if not _goes_online_itself():
            gc.disable()
        # Before anything is imported that may crash the process: what was found so far must be told all the
        # same.
        keep_last_words(sys.argv[1])
        from agent_chaos.patch.network_namespace import isolate, isolate_later

        if not (_reaches_other_machines() or _goes_online_itself()):
            isolate_later() if _may_go_online() else isolate()
    from agent_chaos.cli import command_line as command

    command()


def _version() -> None:
    sys.stdout.write(f"agent-chaos {__version__}\n")


def _help() -> None:
    sys.stdout.write(HELP.read_text(encoding="utf-8"))


def _faults() -> None:
    from agent_chaos.commands.catalogue.faults import faults

    faults("", json=False, markdown=False)


def _oracles() -> None:
    from agent_chaos.commands.catalogue.oracles import oracles

    oracles("", json=False, markdown=False)


_AT_ONCE: dict[tuple[str, ...], Callable[[], None]] = {
    ("--version",): _version,
    ("--help",): _help,
    ("-h",): _help,
    (): _help,
    ("faults",): _faults,
    ("oracles",): _oracles,
}
"""What is answered before the command line is built, which is most of the time that it takes."""


def _fix_the_hash_seed() -> None:
    """Starts Python again with one, so that sets have one order in every run."""
    if os.environ.get("PYTHONHASHSEED", "random") == "random":
        os.environ["PYTHONHASHSEED"] = "0"
        # Too late for this process: Python reads the seed when it starts. `orig_argv` keeps what `sys.argv`
        # no longer has, as `-X dev` or `-m agent_chaos`.
        try:
            os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])
        except OSError as exc:  # a Python in the home directory of another user, as a rule
            sys.stderr.write(
                f"error: {sys.executable or 'Python'} cannot be started by this user ({exc.strerror}); "
                "use a Python that it may start, or set PYTHONHASHSEED=0\n"
            )
            sys.exit(2)


def _load_clock_without_pytest() -> None:
    """time-machine imports pytest where that is installed, for a fixture that a command has no use for: 0.3 s."""
    modules: dict[str, object] = vars(sys)["modules"]
    # None makes `import pytest` raise ImportError, for which time-machine is prepared.
    modules["pytest"] = None
    try:
        importlib.import_module("time_machine")
    finally:
        del modules["pytest"]


def _goes_online_itself() -> bool:
    """`fuzz --continue` searches in processes that are cut off, and asks the provider between searches."""
    return sys.argv[1] == "fuzz" and "--continue" in sys.argv


def _may_go_online() -> bool:
    """`run` may be live, or record what has no recording yet; it cuts itself off once it has."""
    from agent_chaos.patch.keys import may_record

    return sys.argv[1] == "run" and ("--live" in sys.argv or (may_record() and "--offline" not in sys.argv))


def _reaches_other_machines() -> bool:
    """A search whose workers may be elsewhere; each of them cuts itself off."""
    after = [value for name, value in zip(sys.argv, sys.argv[1:], strict=False) if name == "--executor"]
    joined = [word.partition("=")[2] for word in sys.argv if word.startswith("--executor=")]
    return any(pool != "dask" for pool in after + joined)


if __name__ == "__main__":
    main()
