"""What is told of a command line that makes no sense: what was typed, what was expected, and where to read on."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any

_NUMBERS = {
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_parsing": "a number",
    "greater_than_equal": "at least {ge:g}",
    "less_than_equal": "at most {le:g}",
}
"""What pydantic, which newer typers ask, expected of a number, by the type of its error."""
_CHOICE = re.compile(r"is not one of (.+?)\.?$")
_NO_COMMAND = re.compile(r"No such command '(.*?)'\.")
_TOO_MANY = re.compile(r"Got unexpected extra argument(?:\(s\)|s)? \((.*)\)")
_EXAMPLE = "Example: "


def misuse(exc: Any, root: Any, arguments: Sequence[str]) -> str:
    """One line on an error of click's family; `root` is the group of all commands.

    By what errors say and carry, since typer 0.19 raises those of click, and 0.29 those of a click that it brings along.
    """
    command, path = _command(exc, root, arguments)
    more = f"see {path} --help"
    # Pydantic's own words before what a validator said.
    message = exc.format_message().replace("Value error, ", "")
    if found := _NO_COMMAND.match(message):
        near = get_close_matches(found[1], command.list_commands(exc.ctx), n=1)
        return f"{found[1]}: {path} has no such command{f'; did you mean {near[0]}?' if near else ''}; {more}"
    if hasattr(exc, "possibilities"):
        return f"{_no_option(exc, path)}; {more}"
    if name := getattr(exc, "option_name", None):
        return f"{_odd_option(name, command, needs_value='requires' in message)}; {more}"
    if found := _TOO_MANY.match(message):
        usage = " ".join((path, *command.collect_usage_pieces(exc.ctx)))
        return f"{found[1]}: more than was expected: {usage}; {more}"
    if (parameter := getattr(exc, "param", None)) is None:
        return f"{message}; {more}"
    if message.startswith("Missing"):
        return f"{_name(parameter)} is missing; for example: {_example(command, path)}"
    return f"{_name(parameter)} {_seen(exc)}: expected {_expected(exc)}; {more}"


def _command(exc: Any, root: Any, arguments: Sequence[str]) -> tuple[Any, str]:
    """The command that was meant, and how it is called; an error on an option's value does not say."""
    if (context := getattr(exc, "ctx", None)) is not None:
        return context.command, context.command_path
    command, words = root, ["agent-chaos"]
    for word in arguments:
        if word not in getattr(command, "commands", {}):
            break
        command = command.commands[word]
        words.append(word)
    return command, " ".join(words)


def _no_option(exc: Any, path: str) -> str:
    *firsts, last = sorted(exc.possibilities or ())[:3] or [""]
    near = f"; did you mean {', '.join(firsts)}{' or ' if firsts else ''}{last}?" if last else ""
    return f"{exc.option_name}: {path} has no such option{near}"


def _odd_option(name: str, command: Any, *, needs_value: bool) -> str:
    if not needs_value:
        return f"{name}: takes no value"
    declared = next((one for one in command.params if name in (*one.opts, *one.secondary_opts)), None)
    value = getattr(declared, "metavar", None) or "VALUE"
    return f"{name}: its value is missing; expected {name} {value}"


def _name(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return str(parameter.metavar or parameter.name.upper())
    return str(parameter.opts[-1])


def _example(command: Any, path: str) -> str:
    epilog = command.epilog or ""
    return epilog.removeprefix(_EXAMPLE) if epilog.startswith(_EXAMPLE) else f"{path} --help"


def _errors(exc: Any) -> list[Any]:
    """What pydantic found, where it was asked."""
    cause = exc.__cause__
    return cause.errors() if hasattr(cause, "errors") else []


def _seen(exc: Any) -> str:
    for error in _errors(exc):
        return str(error["input"]) or "''"
    found = re.match(r"'(.*?)' is not|(\S+) is not in", exc.message)
    return (found[1] or found[2]) if found else ""


def _expected(exc: Any) -> str:
    message = exc.message.replace("Value error, ", "")
    for error in _errors(exc):
        if error["type"] in _NUMBERS:
            return _NUMBERS[error["type"]].format(**error.get("ctx", {}))
    if found := _CHOICE.search(message):
        *firsts, last = found[1].replace("'", "").split(", ")
        return f"{', '.join(firsts)} or {last}" if firsts else last
    if found := re.search(r"is not a valid (\w+)", message):
        return "a whole number" if found[1] == "integer" else "a number"
    if found := re.search(r"is not in the range (.+?)\.?$", message):
        return f"a number in the range {found[1]}"
    return str(message[:1].lower() + message[1:]).rstrip(".")
