"""`agent-chaos explain`: what a word of a report means: an oracle, a fault, a verdict, a standing, a match, an exit code."""

from __future__ import annotations

from difflib import get_close_matches

from rich.table import Table
from rich.text import Text

from agent_chaos.commands.failures import failure_store
from agent_chaos.errors import UsageError
from agent_chaos.report.catalogue.entries import fault_entries, oracle_entries
from agent_chaos.report.catalogue.table import show_faults, show_oracles
from agent_chaos.report.console import console, put

_WORDS = {
    "PASS": "Every fault that was to fire fired, and no oracle and no assertion objected.",
    "FAIL": "An oracle or an assertion objected to what the agent did.",
    "UNDECIDED": "After a fault the agent asked something that was never recorded, so nobody knows what the model would "
    "have said. agent-chaos record --continue U-… asks the provider.",
    "NOT TESTED": "No fault fired, though some were to: the run ended before their call, or they had nothing to act on.",
    "UNSTABLE": "Two runs without faults differ: state survives between runs, or something is random. Give the scenario a "
    "setup=, or keep state in ctx.agent_state.",
    "HARNESS ERROR": "agent-chaos, or a file that it reads, is broken; the agent was not judged.",
    "STILL FAILS": "The stored failure fails in the same way as when it was found.",
    "ACCEPTED": "The stored failure still fails, and is accepted until a day; agent-chaos accept lists those.",
    "CHANGED": "It fails in another way than when it was found, or asks something else than what was recorded.",
    "FIXED": "Every fault of the stored plan fired, and the run passed. Keep the file, so that it is run again.",
    "STALE": "The stored plan does not come to its faults any more, or cannot be judged; record again, or delete it.",
    "AS FAR AS RECORDED": "The verdict holds for the turns up to there; what the model would have said after them was never "
    "recorded.",
    "FINDING": "Failures that one change of the agent ends, with that change.",
    "EXAMPLE": "One run of the scenario under one plan.",
    "PLAN": "Faults, each with the place where it strikes: call 1, tool 0, turn 2.",
    "SITE": "A place where a fault can strike: a recorded call or tool call, and how often it was served. Both count from 0.",
    "VIRTUAL": "Time of the run's own clock, which jumps over every wait.",
    "DEGRADED": "The run waited for something that its own clock does not drive (C code, a program), so what rests on time is left "
    "open.",
    "SMALLEST": "Every plan that is smaller by one step, with a fault less or a milder one, was run and passes.",
    "HELD": "Kinds of fault that struck and never failed the agent, by what it did about them.",
    "SCORE": "The share of examples with everyday faults that the agent survived, with the interval that it lies in with a "
    "likelihood of 95 %; examples that could not be judged stand beside it.",
    "EVERYDAY": "Faults that any agent meets within days: 429, 529, timeouts, token limits, dropped streams.",
    "SOMETIMES": "Faults that are known from several independent reports.",
    "RARE": "Faults of which one provider, gateway or version is known.",
    "HOSTILE": "Faults that the protocol allows, or that were seen once; a client that stands them stands anything.",
    "WOULD HAVE RUN": "Offline a tool does not run: it is answered with its recorded result, or with the nearest one where it was "
    "called with other arguments.",
    "EXACT": "The request was recorded, byte for byte but for headers that change.",
    "SAME BUT FOR IDS": "The request was recorded with other ids, times or paths.",
    "ANSWERED BY THE FAULT": "The fault itself gave the whole reply; no recording was needed.",
    "SAME TURN, SHORTER HISTORY": "A recorded request of this turn, whose history lacks what a fault took away.",
    "SAME QUESTION, OTHER HISTORY": "A recorded request with the same last message and tools, but another history.",
    "SAME QUESTION, ASKED AGAIN IN MORE WORDS": "The question whose reply a fault spoiled, with a complaint or a wish for the form "
    "behind it; it is given that reply as it was recorded.",
    "SAME QUESTION, ANOTHER PROVIDER": "The question was recorded, asked of another provider; its recorded answer is written as "
    "this one would send it.",
    "NEAREST IN CONVERSATION": "The next recorded reply of the conversation, given to another question; no finding rests on "
    "it.",
    "STAND-IN REPLY": "A reply that was made up, so that the run goes on; no finding rests on it.",
    "EDITED SINCE IT WAS RECORDED": "The agent was edited, and asks otherwise than when it was recorded.",
    "NOT RECORDED": "There is no recording yet, or none of this request; agent-chaos record makes one.",
    "0": "Everything passed.",
    "1": "A failure was found.",
    "2": "The command was used wrongly, or its configuration is wrong.",
    "3": "Nothing could be judged: nothing was recorded, no fault fired, or no run could be decided.",
    "4": "The scenario is unstable without faults.",
    "5": "The harness or a recording is broken, or a connection was refused.",
    "130": "Interrupted by Ctrl-C; what was found until then is reported.",
    "141": "Whoever read the output closed it before the end (| head); there is no verdict.",
    "143": "Ended by SIGTERM; what was found until then is reported.",
}


def explain(words: list[str]) -> int:
    """Explains one word, in any case, with blanks, hyphens or underscores; without one lists those that there are.

    Raises UsageError for a word that nobody uses.
    """
    asked = " ".join(words).strip()
    if not asked:
        return _list()
    if failure_store.is_name(asked) or failure_store.is_undecided_name(asked):
        shows = "show" if failure_store.is_name(asked) else "replay"
        raise UsageError(f"{asked} is no word; agent-chaos {shows} {asked.upper()} tells what happened there")
    plain = asked.upper().replace("_", " ").removeprefix("EXIT CODE ")
    kind = asked.lower().replace(" ", "_").replace("-", "_")
    oracles = [entry for entry in oracle_entries() if entry.name == kind]
    faults = [entry for entry in fault_entries() if entry.name == kind]
    if plain in _WORDS:
        _say(plain)
    elif oracles:
        show_oracles(console(), oracles)
    elif faults:
        show_faults(console(), faults)
    else:
        raise UsageError(f"{asked}: no report says that{_near(kind)}")
    return 0


def _list() -> int:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", max_width=30)
    table.add_column(overflow="fold")
    for word, means in _WORDS.items():
        table.add_row(word, means)
    put(console(), table)
    console().print(
        Text("Oracles and faults have words of their own: agent-chaos oracles, agent-chaos faults")
    )
    return 0


def _say(word: str) -> None:
    console().print(Text.assemble((word, "bold"), f"  {_WORDS[word]}"))


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
