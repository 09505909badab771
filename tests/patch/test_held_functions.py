"""Functions that a framework holds: seen when it calls them, whatever they are and however the framework came by them."""

from __future__ import annotations

import asyncio
import copy
import functools
import inspect

import pytest

import agent_chaos
from agent_chaos.faults.plan import Plan, fault_of
from agent_chaos.patch.frameworks.held_functions import only, seen, seen_method, sees, viewed
from tests.trials import recorded, scenario, trial

RAN: list[int] = []


def double(number: int, secret: str = "") -> dict:
    """Doubles a number."""
    RAN.append(number)
    return {"twice": number * 2}


async def double_async(number: int, secret: str = "") -> dict:
    """Doubles a number."""
    return double(number)


class Callable:
    """An object that is called, as some frameworks take them."""

    def __call__(self, number: int, secret: str = "") -> dict:
        return double(number)


class Tool:
    """What a framework keeps of a function."""

    name = "Maths-double"

    def __init__(self, function):
        self.function = function

    def invoke(self, **given):
        return self.function(**given)

    async def invoke_async(self, **given):
        return await self.function(**given)


class Written(Tool):
    """A tool whose class is the function."""

    def __init__(self):
        """It holds nothing."""

    def invoke(self, number: int, secret: str = "") -> dict:
        return double(number)


sees(Tool, "invoke", "function", lambda tool: tool.name, hidden=lambda tool: only(lambda: ("number",)))
sees(Tool, "invoke_async", "function", lambda tool: tool.name, hidden=lambda tool: only(lambda: ("number",)))
Written.invoke = seen_method(Written.invoke, lambda tool: tool.name)

CALLS = {
    "function": lambda: Tool(double).invoke(number=21, secret="s"),
    "async function": lambda: asyncio.run(Tool(double_async).invoke_async(number=21, secret="s")),
    "object": lambda: Tool(Callable()).invoke(number=21, secret="s"),
    "partial": lambda: Tool(functools.partial(double, secret="s")).invoke(number=21),
    "method": lambda: Written().invoke(number=21),
}


@pytest.mark.parametrize("form", CALLS)
def test_what_a_framework_holds_is_answered_from_the_recording(form):
    RAN.clear()
    one = scenario(lambda ctx, text: str(CALLS[form]()))
    cassette = recorded(one, [])
    trace = trial(one, cassette)

    assert RAN == [21]
    assert [(record.name, record.arguments) for record in cassette.tools] == [
        ("Maths-double", {"number": 21})
    ]
    assert [run.effect for run in trace.tools] == ["recorded"]
    assert trace.answers[0].text == "{'twice': 42}"


def test_what_a_framework_calls_from_anywhere_is_seen_in_runs_and_the_object_stays_as_it_is():
    class Kept:
        def __init__(self, function):
            self.function = function

        def doubled(self, number):
            return double(number)

    viewed(Kept, "function", lambda tool, function: seen(function, lambda: "double"))
    kept = Kept(Kept(None).doubled)

    def agent(ctx, text):
        told = kept.function(number=21), type(kept.function.__self__).__name__
        return str((*told, kept.function is kept.function, copy.copy(kept).function is kept.function))

    one = scenario(agent)
    trace = trial(one, recorded(one, []))

    assert [run.effect for run in trace.tools] == ["recorded"]
    assert trace.answers[0].text == "({'twice': 42}, 'Kept', True, False)"
    assert inspect.ismethod(kept.function)


def test_faults_strike_below_the_framework():
    one = scenario(lambda ctx, text: str(Tool(double).invoke(number=21)))
    raising = fault_of({"kind": "tool_raise", "error_type": "TimeoutError"})
    trace = trial(one, recorded(one, []), Plan.of([("tool 0", raising)]))

    assert trace.raised
    assert trace.tools[0].fired == (raising,)


def test_a_tool_that_the_user_wrapped_counts_once():
    one = scenario(lambda ctx, text: str(Tool(agent_chaos.tool(double)).invoke(number=21)))

    assert [record.name for record in recorded(one, []).tools] == ["double"]


def test_outside_of_a_run_the_function_is_itself():
    tool = Tool(double)

    assert tool.invoke(number=2) == {"twice": 4}
    assert tool.function.__name__ == "double"
    assert seen(tool.function, lambda: "again") is tool.function
