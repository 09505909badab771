"""`agent-chaos explain`: what a word of a report means: an oracle, a fault, a verdict, a standing, an exit code."""

from __future__ import annotations

from difflib import get_close_matches

from rich.text import Text

from agent_chaos.errors import UsageError
from agent_chaos.report.catalogue.entries import fault_entries, oracle_entries
from agent_chaos.report.catalogue.table import show_faults, show_oracles
from agent_chaos.report.console import console

_WORDS = {
    "PASS": "Every fault that was to fire fired, and no oracle and no assertion objected.",
    "FAIL": "An oracle or an assertion objected to what the agent did.",
    "UNDECIDED": "After a fault the agent asked something that was never recorded, so nobody knows what the model would "
    "have said. agent-chaos record --continue U-… asks the provider.",
    "NOT TESTED": "No fault fired, though some were to: the run ended before their call, or they had nothing to act on.",
    "UNSTABLE": "Two runs without faults differ: state survives between runs, or something is random. Give the scenario a "
    "setup=, or keep state in ctx.agent_state.",
    "HARNESS ERROR": "agent-chaos, or a file that it reads, is broken; the agent was not judged.",
    "NOT RECORDED": "There is no recording yet; agent-chaos record makes one.",
    "STILL FAILS": "The stored failure fails in the same way as when it was found.",
    "ACCEPTED": "The stored failure still fails, and is accepted until a day; agent-chaos accept lists those.",
    "CHANGED": "It fails in another way than when it was found, or asks something else than what was recorded.",
    "FIXED": "Every fault of the stored plan fired, and the run passed. Keep the file, so that it is run again.",
    "STALE": "The stored plan does not come to its faults any more, or cannot be judged; record again, or delete it.",
    "0": "Everything passed.",
    "1": "A failure was found.",
    "2": "The command was used wrongly, or its configuration is wrong.",
    "3": "Nothing could be judged: nothing was recorded, no fault fired, or no run could be decided.",
    "4": "The scenario is unstable without faults.",
    "5": "The harness or a recording is broken, or a connection was refused.",
    "130": "Interrupted; what was found until then is reported.",
}


def explain(words: list[str]) -> int:
    """Explains one word, in any case, with blanks, hyphens or underscores. Raises UsageError for one that nobody uses."""
    asked = " ".join(words).strip()
    plain, kind = asked.upper().replace("_", " "), asked.lower().replace(" ", "_").replace("-", "_")
    oracles = [entry for entry in oracle_entries() if entry.name == kind]
    faults = [entry for entry in fault_entries() if entry.name == kind]
    if plain in _WORDS:
        console().print(Text.assemble((plain, "bold"), f"  {_WORDS[plain]}"))
    elif oracles:
        show_oracles(console(), oracles)
    elif faults:
        show_faults(console(), faults)
    else:
        raise UsageError(f"{asked}: no report says that{_near(kind)}")
    return 0


def _near(kind: str) -> str:
    known = [
        *(word.lower() for word in _WORDS),
        *(entry.name for entry in oracle_entries()),
        *(entry.name for entry in fault_entries()),
    ]
    near = get_close_matches(kind, known, n=1)
    return (
        f"; did you mean {near[0]}?"
        if near
        else "; agent-chaos oracles and agent-chaos faults list what there is"
    )
