"""How each protocol is spoken by the stand-in: every `…_wire.py` beside this file, by the protocol that it names.

A wire has PROTOCOL, MODEL, the PATH that requests come to (and the HOST, where another one speaks that path otherwise), and
`headers`, `whole` and `frames`; `asked` where a request does not say in a body of OpenAI's kind what it asks. Where its
provider answers a fault with another status than most do, `STATUS` has it by the fault's kind; `FLAT_ERRORS` says that its
errors stand in no `error` field, and `OBJECTS` for which replies (`whole`, `streamed`) arguments are objects, not text.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType
from typing import Any


def _wires() -> dict[str, ModuleType]:
    files = sorted(Path(__file__).parent.glob("*_wire.py"))
    found = [importlib.import_module(f"tests.standin.{file.stem}") for file in files]
    return {module.PROTOCOL: module for module in found}


WIRES = _wires()
USUAL = {"STATUS": {}, "FLAT_ERRORS": False, "OBJECTS": ()}


def told(protocol: str, name: str) -> Any:
    """What a wire says of its provider, or what holds for most."""
    return getattr(WIRES[protocol], name, USUAL[name])


MODELS: dict[str, str] = {name: module.MODEL for name, module in WIRES.items()}
