"""The command line: what can be asked, and how errors are told. Bodies live in `commands`, imported when called."""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
import traceback
from contextlib import suppress
from typing import Annotated

import typer

from agent_chaos.cli import cassettes, catalogue, project, running, searching
from agent_chaos.cli.app import app
from agent_chaos.commands.last_words import no_last_words
from agent_chaos.errors import AgentChaosError, ExitCode, TrialStop
from agent_chaos.runtime import interrupts
from agent_chaos.scenario.targets import command_target
from agent_chaos.version import __version__

# typer 0.19 raises the errors of click, 0.29 those of a click that it brings along (`typer._click`): neither is
# imported here, and the parent of the public class is right in both.
_UsageError: type[Exception] = typer.BadParameter.__mro__[1]
_USAGE, _INTERNAL = ExitCode.USAGE, ExitCode.BROKEN
_GRACE_S = 3.0
"""How long what an agent left may hold up the exit."""
_TAKE_PROGRAMS = ("record", "fuzz", "replay", "run")
_OFFLINE = (["replay"], ["fuzz"], ["shrink"], ["compare"], ["merge"])
_JUDGE = {"demo", "record", "fuzz", "replay", "run", "compare", "merge", "shrink", "verify", "check"}
"""Commands whose exit code somebody may rest on."""
_DECLARED = (project, running, searching, cassettes, catalogue)
"""The modules that declare commands."""


def command_line() -> None:
    """Entry point of the `agent-chaos` command."""
    code = run_command(sys.argv[1:])
    no_last_words()  # what ends the process from here on has nothing more to lose
    if code == ExitCode.INTERRUPTED:
        code = interrupts.interrupted_code()
    if (exits := sys.modules.get("agent_chaos.patch.process_exit")) is not None:
        exits.end_with(code)
    for signum in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signum, lambda *_: _end(code))  # all is told: what is left is only waited for
    if (guard := sys.modules.get("agent_chaos.patch.guard")) is not None and sys.argv[1:2] in _OFFLINE:
        guard.shut_for_good()
    if any(_holds_up(thread) for thread in threading.enumerate()):
        _end(code)
    late = threading.Timer(
        _GRACE_S, _end, (code,)
    )  # for pools and exit hooks, which mostly end by themselves
    late.daemon = True
    late.start()
    # SDKs close their clients as these are collected, and may find their own modules gone by then.
    sys.unraisablehook = lambda _: None
    # Python collects once more as it ends, all that SDKs and agents have made: a fifth of a short command's time, for
    # nothing, as the memory goes back to the system anyway.
    gc.freeze()
    sys.exit(code)


def _end(code: int) -> None:
    """Ends the process at once, whatever else would run or be waited for at its exit."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):  # whoever read it has left
            stream.flush()
    os._exit(code)


def complete() -> None:
    """Answers a shell that completes a command line, or gives it the script to do so; ends the process."""
    app(prog_name="agent-chaos")


def _holds_up(thread: threading.Thread) -> bool:
    """Whether Python would wait at its exit for a thread that an agent left and that never ends."""
    if thread.daemon or thread is threading.main_thread():
        return False
    from agent_chaos.patch.time.threads import is_pool_worker

    return not is_pool_worker(thread)


def run_command(arguments: list[str]) -> int:
    """Runs one command and returns its exit code; an error is told in one line on stderr."""
    debug = "--debug" in arguments
    try:
        wanted = _with_command_line([argument for argument in arguments if argument != "--debug"])
        code = int(app(args=wanted, prog_name="agent-chaos", standalone_mode=False) or 0)
        sys.stdout.flush()  # what is still buffered is part of the report, too
        return code
    except (KeyboardInterrupt, typer.Abort):
        return _told("interrupted", ExitCode.INTERRUPTED)
    except AgentChaosError as exc:
        return _told(str(exc), exc.exit_code, debug=debug)
    except _UsageError as exc:
        return _misused(exc, arguments)
    except BrokenPipeError:
        return _reader_left(arguments)
    except SystemExit as exc:
        if isinstance(exc.__context__, BrokenPipeError):  # typer turns it into an exit
            return _reader_left(arguments)
        told = f"the code under test ended the process: sys.exit({exc.code!r}); nothing was judged"
        return _told(told, _INTERNAL, debug=debug)
    except (Exception, TrialStop) as exc:  # noqa: BLE001 - whatever broke is told in one line
        return _told(f"internal error: {type(exc).__name__}: {exc}", _INTERNAL, debug=debug)
    finally:
        _release()


def _reader_left(arguments: list[str]) -> int:
    """`| head` is no error of a command that prints; one that judges has not said that all is well."""
    from agent_chaos.report.console import reader_left

    reader_left()
    return ExitCode.READER_LEFT if _JUDGE & set(arguments[:2]) else ExitCode.OK


def _release() -> None:
    """Takes back what the command changed in the process; a command that changed nothing did not load the module."""
    if (installed := sys.modules.get("agent_chaos.patch.install")) is not None:
        installed.release()


def _with_command_line(arguments: list[str]) -> list[str]:
    """A program after `--` made one target: `record -- python agent.py`. A scenario there stays what it is."""
    if "--" not in arguments or arguments[0] not in _TAKE_PROGRAMS:
        return arguments
    at = arguments.index("--")
    command = arguments[at + 1 :]
    if len(command) == 1 and (command[0].endswith(".py") or ":" in command[0] or os.path.isdir(command[0])):
        return arguments
    return [*arguments[:at], "--", command_target(command)]


def _told(message: str, code: int, *, debug: bool = False) -> int:
    # Imported here, so that a command that tells nothing does without rich.
    from agent_chaos.report.console import print_error

    if debug:
        traceback.print_exc()
    print_error(message)
    return code


def _misused(exc: Exception, arguments: list[str]) -> int:
    """A word the command line does not know; nothing is said where help was already printed."""
    message = getattr(exc, "format_message", lambda: str(exc))()
    if message.startswith("Usage: "):
        return _helped(message)
    # Imported here, as it is needed only by who mistyped.
    from agent_chaos.cli.misuse import misuse

    return _told(misuse(exc, typer.main.get_command(app), arguments) + _report_instead(exc), _USAGE)


def _report_instead(exc: Exception) -> str:
    """What to write where somebody took the name of a report for an option."""
    if not hasattr(exc, "possibilities"):
        return ""
    from agent_chaos.report.open_reports import report_formats

    name = str(getattr(exc, "option_name", "")).lstrip("-")
    return f"; reports are written by: --report {name}:FILE" if name in report_formats() else ""


def _helped(text: str) -> int:
    """A group of commands without one of them: its help, as the root prints its own."""
    typer.echo(text)
    return 0


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"agent-chaos {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show where an error comes from.")] = False,
) -> None:
    """Options of every command."""
