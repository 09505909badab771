"""The page of the command line, read from the command line itself."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any

from typer import Context
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from agent_chaos.cli.app import app
from docs.reference.markdown import WRITTEN, table

_WIDTH = 80


def commands_page() -> str:
    """Every command: what it does, how it is called, its arguments and options."""
    lines = [
        WRITTEN,
        "",
        "# Command line",
        "",
        "`agent-chaos COMMAND --help` prints the same. `--debug` before a command shows where an error comes from.",
        "",
        "A TARGET is a file, a folder (default `scenarios/`), `file.py:scenario`, `pkg.module:attribute`, or a command line "
        "after `--`. What the exit codes mean is said in [What a verdict means](../explanation/verdicts.md#exit-codes).",
    ]
    for path, command in commands().items():
        lines += ["", *_section(path, command)]
    return "\n".join(lines) + "\n"


def help_text() -> str:
    """What `agent-chaos --help` prints, at the width of a page."""
    root = _root()
    return (
        root.get_help(Context(root, info_name="agent-chaos", max_content_width=_WIDTH, terminal_width=_WIDTH))
        + "\n"
    )


def commands() -> dict[str, TyperCommand]:
    """Every command by its full name, in the order of `--help`."""
    return dict(_within(_root(), "agent-chaos"))


def _root() -> TyperGroup:
    import_module("agent_chaos.cli")  # declares the commands
    root = get_command(app)
    assert isinstance(root, TyperGroup)
    return root


def _within(group: TyperGroup, path: str) -> Iterator[tuple[str, TyperCommand]]:
    for name, command in group.commands.items():
        if isinstance(command, TyperGroup):
            yield from _within(command, f"{path} {name}")
        else:
            assert isinstance(command, TyperCommand)
            yield f"{path} {name}", command


def _section(path: str, command: TyperCommand) -> list[str]:
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    given = [one for one in command.params if one.param_type_name == "option" and one.name != "help"]
    usage = " ".join([path, *(["[OPTIONS]"] if given else []), *(_argument(one) for one in arguments)])
    lines = [f"## {path}", "", command.help or "", "", "```text", usage, "```"]
    if command.epilog and command.epilog.startswith("Example: "):
        lines += ["", "```bash", command.epilog.removeprefix("Example: "), "```"]
    for heading, parameters in (("argument", arguments), ("option", given)):
        rows = [(_named(one), _help(one)) for one in parameters]
        if rows:
            lines += ["", *table((heading, "meaning"), rows)]
    return lines


def _argument(parameter: Any) -> str:
    many = "..." if parameter.nargs == -1 else ""
    return f"{parameter.metavar}{many}" if parameter.required else f"[{parameter.metavar}{many}]"


def _named(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return f"`{parameter.metavar}`"
    value = "" if parameter.is_flag else f" {parameter.metavar or parameter.name.upper()}"
    return f"`{', '.join([*parameter.opts, *parameter.secondary_opts])}{value}`"


def _help(parameter: Any) -> str:
    text = str(parameter.help or "")
    default = parameter.show_default if isinstance(parameter.show_default, str) else parameter.default
    silent = parameter.show_default is False or getattr(parameter, "is_flag", False) or default in (None, "")
    return text if silent else f"{text} Default: `{default}`."
