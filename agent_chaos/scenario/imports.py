"""Imports users' files, each once, and says in one line why one does not import."""

from __future__ import annotations

import importlib
import importlib.util
import os
import re
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import ModuleType
from typing import NoReturn
from unittest.mock import patch

from pydantic import ValidationError

from agent_chaos.containment import OnFailure
from agent_chaos.errors import AgentChaosError, RequirementMissing, ScenarioError
from agent_chaos.patch.files.copies import files_copied_at_import
from agent_chaos.patch.time.import_time import clocks_virtual_at_import
from agent_chaos.providers.registry import protocols
from agent_chaos.trace.trace import IMPORTED_AS

_EXTRAS = {"deepeval": "deepeval", "pydantic_evals": "pydantic-evals"}
_PACKAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_executed: list[str] = []
"""Names of the modules in which users' scenarios were found."""

_depth = 0
"""How many imports of users' files are under way, one inside the other."""


def import_file(path: Path) -> ModuleType:
    """The module in a file, imported once per process. Raises ScenarioError."""
    file = path.resolve()
    _reach(file.parent)
    name = _name(file)
    # By the resolved path: two targets may spell one file in two ways, and its scenarios must not be there
    # twice.
    if name in sys.modules:
        return sys.modules[name]
    with importing(str(path)):
        return _execute(name, file)


def import_module(name: str) -> ModuleType:
    """The module of that dotted name, found from the current directory too. Raises ScenarioError."""
    _reach(Path.cwd())
    # Noted before it runs: one that fails half way is imported anew, too.
    _executed.append(name)
    with importing(name):
        try:
            return importlib.import_module(name)
        except ModuleNotFoundError as exc:
            # Only where the target itself, or a package that it is in, is missing: an import inside of the
            # module is an error of that module.
            if exc.name and f"{name}.".startswith(f"{exc.name}."):
                raise ScenarioError(f"{name}: there is no module {exc.name!r}") from None
            raise


def forget() -> None:
    """Lets users' files be imported anew: what they draw at import depends on what is recorded by then."""
    while _executed:
        sys.modules.pop(_executed.pop(), None)


def _execute(name: str, file: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        told = (
            ": a recording; name the Python file of its scenario"
            if file.suffix == ".msgpack"
            else ": not a Python file"
        )
        raise ScenarioError(f"{_shown(str(file.absolute()))}{told}")
    module = importlib.util.module_from_spec(spec)
    # Before it is executed, as Python's own import does: dataclasses and pickle look their module up by name.
    sys.modules[name] = module
    _executed.append(name)
    with OnFailure(lambda _: sys.modules.pop(name, None)):
        spec.loader.exec_module(module)
    return module


def _name(file: Path) -> str:
    """A module name of its own for the file; inside the file's package where it has one, for relative imports."""
    # Two folders may each hold an `agent.py`. Names of paths may be no UTF-8, which `fsencode` keeps.
    digest = blake2b(os.fsencode(file), digest_size=4).hexdigest()
    module = file.parent if file.name == "__init__.py" else file
    package = module.parent / "__init__.py"
    if not package.is_file():
        return f"{IMPORTED_AS}{digest}_{file.stem if module is file else file.parent.name}"
    return f"{import_file(package).__name__}.{module.stem}"


def _reach(folder: Path) -> None:
    """Lets the folder's modules be imported: the current directory first, other folders after everything installed,
    so that a scenario file named `openai.py` does not hide the SDK.
    """
    here = str(Path.cwd())
    # '' stands for the current directory, and is there in an interactive Python.
    if here not in sys.path and "" not in sys.path:
        sys.path.insert(0, here)
    if str(folder) not in sys.path:
        sys.path.append(str(folder))


@contextmanager
def importing(place: str, *, doing: str = "") -> Iterator[None]:
    """Turns whatever the user's code raises into a ScenarioError of one line that names place, line and cause."""
    global _depth
    _depth += 1
    try:
        with _exits_caught(), files_copied_at_import(), clocks_virtual_at_import():
            yield
    # Of an import inside of this one, or of a scenario that says what is wrong by itself: told once, in its
    # own words.
    except AgentChaosError:
        raise
    except ValidationError as exc:
        raise ScenarioError(f"{_at(place, exc)}: {validation_words(exc)}") from exc
    except (Exception, SystemExit) as exc:
        if isinstance(exc, ModuleNotFoundError) and (missing := _missing(place, exc)):
            # Told apart from a file that is wrong: others of its folder can be searched all the same.
            raise RequirementMissing(f"{_at(place, exc)}: {missing}") from exc
        raise ScenarioError(_words(place, exc, doing or "does not import")) from exc
    finally:
        _depth -= 1


@contextmanager
def _exits_caught() -> Iterator[None]:
    """A file that ends its process while it is imported ends its import: other files are still to be looked at."""
    actual, process = os._exit, os.getpid()

    def _exit(status: int) -> NoReturn:
        if os.getpid() != process:  # a copy of this process that was made meanwhile ends
            actual(status)
        raise SystemExit(f"os._exit({status})")

    with patch.object(os, "_exit", _exit):
        yield


def loading() -> bool:
    """Whether users' files are being imported to find their scenarios, not to be run."""
    return _depth > 0


def _missing(place: str, exc: ModuleNotFoundError) -> str:
    """What to install, where that is known: an SDK, or what stands in the `requirements.txt` beside the file."""
    name = str(exc.name)
    if extra := _EXTRAS.get(name) or _vendor_of(name):
        return f'needs the {extra} SDK, which is not installed: pip install "agent-chaos[{extra}]"'
    required = Path(place).parent / "requirements.txt"
    # Where all of it is installed, nothing is missing but what the file got wrong.
    if not Path(place).is_file() or not required.is_file() or all(map(_installed, _named_in(required))):
        return ""
    return f"needs {name}, which is not installed: pip install -r {required}"


def _named_in(required: Path) -> list[str]:
    """The packages that a requirements file names, without versions and extras; other lines are options and paths."""
    lines = required.read_text(encoding="utf-8", errors="replace").splitlines()
    found = (_PACKAGE.match(line) for line in lines)
    return [one.group() for one in found if one is not None]


def _installed(package: str) -> bool:
    try:
        return bool(version(package))
    except PackageNotFoundError:
        return False


def _vendor_of(module: str) -> str:
    """The provider whose SDK a module belongs to, which is the name of the extra too."""
    return next((one.vendor for one in protocols().values() if module in one.modules), "")


def _words(place: str, exc: BaseException, doing: str) -> str:
    # In one line, and of a syntax error without the file and the line that stand before it already.
    text = " ".join(str(exc.msg if isinstance(exc, SyntaxError) else exc).split())
    cause = f"{type(exc).__name__}: {text}" if text else type(exc).__name__
    return f"{_at(place, exc)}: {doing}: {cause}{_unset_variable(exc)}"


def _unset_variable(exc: BaseException) -> str:
    """What to do where `os.environ["MY_GATEWAY_URL"]` failed: providers' keys alone are seen to by themselves."""
    frames = [frame for frame, _ in traceback.walk_tb(exc.__traceback__)]
    # `os.environ` raises from within `os.py`; a KeyError of the user's own has another last frame.
    if not isinstance(exc, KeyError) or not frames or frames[-1].f_globals.get("__name__") != "os":
        return ""
    name = exc.args[0]
    value = "https://offline.invalid" if "URL" in name or "HOST" in name else "offline"
    return f"; set that variable: to replay any value does, as {name}={value}"


def _at(place: str, exc: BaseException) -> str:
    """The place, with the line in it that the error came through."""
    if isinstance(exc, SyntaxError) and exc.filename and exc.lineno:
        return f"{_shown(exc.filename)}:{exc.lineno}"
    frames = traceback.extract_tb(exc.__traceback__)
    # Frames name files as they were imported, with links followed or not.
    target = os.path.realpath(place)
    # The line in the file that was asked for, not the one deep in a library where it ended.
    in_file = [frame for frame in frames if os.path.realpath(frame.filename) == target]
    return f"{place}:{in_file[-1].lineno}" if in_file else place


def _shown(filename: str) -> str:
    path = Path(filename)
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else filename


def validation_words(exc: ValidationError) -> str:
    """A pydantic error in one line: `BaselineScenario: name: String should match … (got 'a b')`."""
    parts = [
        f"{_where(error['loc'])}{error['msg'].removeprefix('Value error, ')}{_got(error.get('input'))}"
        for error in exc.errors(include_url=False)
    ]
    return f"{exc.title}: {'; '.join(parts)}"


def _where(path: tuple[int | str, ...]) -> str:
    return f"{'.'.join(map(str, path))}: " if path else ""


def _got(value: object) -> str:
    if not isinstance(value, (str, int, float)):
        return ""
    text = repr(value)
    return f" (got {text if len(text) <= 60 else text[:57] + '…'})"
