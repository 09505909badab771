"""The model is given a tool's result for another of its calls."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import takewhile

from agent_chaos.oracles.oracle import Evidence, Gravity, Severity, Undecided, Violation
from agent_chaos.oracles.reading.tool_reports import asks_for
from agent_chaos.oracles.reading.turns import prompt_of_call, shown, strict_json
from agent_chaos.providers.turn import Message, Prompt, ToolCall, ToolResult
from agent_chaos.trace.fidelity import Fidelity
from agent_chaos.trace.trace import ToolRun, Trace

_ADVICE = (
    "Give each result back under the id of its own call, and where calls have no ids in the order of the calls, not in the order "
    "in which the tools finish."
)

_Usual = Mapping[str, set[str]]


class MixedResults:
    """Of several calls in one reply, one has the result that another has in the clean run, and not its own.

    Where calls have no ids (Gemini, Ollama), those of one tool are told apart by their order.
    Source: router-for-me/CLIProxyAPI#5199, CherryHQ/cherry-studio#16921 (results in the order in which tools finish).
    """

    name = "mixed_results"
    headline = "The model is told the result of one call for another"
    needs = Fidelity.MISS
    gravity = Gravity.UNTRUE_ANSWER
    severity: Severity = "error"
    timed = False

    def judge(self, evidence: Evidence) -> Iterable[Violation | Undecided]:
        """At most one violation: where one result is another's, that one's is often the first's."""
        usual = _usual(evidence.clean) if evidence.trace.fired else {}
        for call in evidence.trace.calls if usual else ():
            prompt = prompt_of_call(call)
            swapped = _swapped(prompt, usual) if prompt is not None else ()
            for asked, given, owner in swapped:
                if _was_so_given(evidence.trace, asked, owner):
                    continue
                yield Violation(
                    oracle=self.name,
                    subject=asked.name,
                    reason=f"call {call.call} was told {shown(given, 90)} for {_spoken(asked)}, which is the result of "
                    f"{_spoken(owner)}",
                    advice=_ADVICE,
                    call_seq=call.seq,
                    before=min(usual[_key(asked)]),
                    after=given,
                )
                return


def _swapped(prompt: Prompt, usual: _Usual) -> Iterator[tuple[ToolCall, str, ToolCall]]:
    """Calls with a result that is usually another one's of the same reply: the call, the result, and whose it is."""
    for batch in _batches(prompt):
        for asked, given in batch:
            own = usual.get(_key(asked), set())
            others = (
                one for one, _ in batch if _key(one) != _key(asked) and given in usual.get(_key(one), ())
            )
            owner = next(others, None) if own and given not in own else None
            if owner is not None:
                yield asked, given, owner


def _was_so_given(trace: Trace, asked: ToolCall, owner: ToolCall) -> bool:
    """Whether a fault made the tool itself give such a result, or the text is what the agent says of any call that failed."""
    struck = (run for run in _runs_for(trace, asked) if not run.end.failed)
    failed = any(run.end.failed for run in _runs_for(trace, owner))
    return failed or not all(one.transparent for run in struck for one in run.fired)


def _runs_for(trace: Trace, asked: ToolCall) -> list[ToolRun]:
    """The runs for a call; all of them where none is known by it, as where the agent has other names for what it passes on."""
    return [run for run in trace.tools if asks_for(asked, run)] or list(trace.tools)


def _usual(clean: Trace) -> _Usual:
    """What the clean run tells of each call, by tool and arguments."""
    return clean.derived("results of calls", lambda: _told(clean))


def _told(clean: Trace) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for prompt in filter(None, map(prompt_of_call, clean.calls)):
        for asked, given in (pair for batch in _batches(prompt) for pair in batch):
            found.setdefault(_key(asked), set()).add(given)
    return found


def _batches(prompt: Prompt) -> Iterator[list[tuple[ToolCall, str]]]:
    """The calls of each reply in a request that asks for several, with their results."""
    for at, message in enumerate(prompt.messages):
        calls = [part for part in message.parts if isinstance(part, ToolCall)]
        if message.role == "assistant" and len(calls) > 1:
            after = takewhile(lambda one: one.role != "assistant", prompt.messages[at + 1 :])
            yield list(_paired(calls, after))


def _paired(calls: list[ToolCall], after: Iterable[Message]) -> Iterator[tuple[ToolCall, str]]:
    left = [part for message in after for part in message.parts if isinstance(part, ToolResult)]
    for asked in calls:
        mine = (one for one in left if (one.call_id == asked.id if asked.id else one.name == asked.name))
        result = next(mine, None)
        if result is not None:
            # By place, not by value: two results may be alike.
            left = [one for one in left if one is not result]
            yield asked, result.content


def _key(asked: ToolCall) -> str:
    return f"{asked.name} {shown(strict_json(asked.arguments), 10_000)}"


def _spoken(asked: ToolCall) -> str:
    return f"{asked.name}({shown(strict_json(asked.arguments), 60)})"


ORACLE = MixedResults()
