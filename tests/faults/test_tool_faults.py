"""Laws of the faults at the tool boundary, and what agents meet there: sync and async, raised, returned, late."""

import json
import re

import pytest
from anthropic import Anthropic, AsyncAnthropic

import agent_chaos
from agent_chaos.cassette.model import ToolEnd
from agent_chaos.faults.catalogue import fault_types
from agent_chaos.faults.family import Family, Frequency
from agent_chaos.faults.fault import Given, ToolFault, ToolOutcome, ToolTarget
from agent_chaos.faults.parts.canary import CANARY
from agent_chaos.faults.plan import Plan, fault_of
from agent_chaos.oracles.argument_fidelity import ORACLE as ARGUMENT_FIDELITY
from agent_chaos.oracles.oracle import Budget, Evidence
from agent_chaos.oracles.unhandled_exception import ORACLE as UNHANDLED_EXCEPTION
from agent_chaos.search.space import number_fields
from tests.trials import claude_message, claude_says, json_reply, recorded, scenario, trial

KEY = "sk-test-0123456789abcdefghijklmnop"
KINDS = [kind for kind, cls in fault_types().items() if issubclass(cls, ToolFault)]
RESULTS = {
    "object": {"order": "A-17", "total": 1500, "items": ["laptop"], "paid": True},
    "text": "refunded $1,500 on order A-17",
    "list": [1, 2],
    "number": 7,
    "nothing": None,
    "mcp": {"content": [{"type": "text", "text": "ok 1"}]},
}
every_kind = pytest.mark.parametrize("kind", KINDS)


OTHERS = (
    Given({"amount": 1500}, "not charged yet", earlier=True),
    Given({"amount": 20}, "charged 20", earlier=False),
)


def target(result):
    return ToolTarget("charge", {"amount": 1500}, ToolEnd(result), others=OTHERS)


def faults_at(kind, where):
    """The fault with every opening, its numbers at both edges."""
    cls = fault_types()[kind]
    for choice in cls.openings(where):
        for edge in (1, 2):
            yield cls(**choice, **{bounds[0]: bounds[edge] for bounds in number_fields(cls)})


def everywhere(kind):
    return [(where, one) for where in map(target, RESULTS.values()) for one in faults_at(kind, where)]


@every_kind
def test_a_tool_fault_changes_what_comes_back_and_only_pace_is_transparent(kind):
    for where, one in everywhere(kind):
        outcome = one.apply(where)
        told_the_same = (outcome.end.result, outcome.end.error_type) == (where.end.result, "")

        assert outcome != ToolOutcome(ToolEnd(where.end.result))
        assert one.transparent == told_the_same
        assert outcome == one.apply(where)


@every_kind
def test_a_tool_fault_acts_on_objects_and_tells_its_source(kind):
    cls = fault_types()[kind]

    assert cls.openings(target(RESULTS["object"]))
    assert re.search(r"Source: \w", cls.__doc__)
    assert isinstance(cls.family, Family)
    assert isinstance(cls.frequency, Frequency)


def test_a_result_loses_half_of_its_lists_or_a_field_and_nothing_says_so():
    orders = {"orders": [{"id": "A-1"}, {"id": "A-2"}, {"id": "A-3"}], "total": 3}
    in_text = {"content": [{"type": "text", "text": json.dumps(orders)}]}
    page = fault_of({"kind": "tool_partial", "lacks": "items"})
    older = fault_of({"kind": "tool_partial", "lacks": "fields"})

    assert page.apply(target(orders)).end.result == {"orders": [{"id": "A-1"}, {"id": "A-2"}], "total": 3}
    assert json.loads(page.apply(target(in_text)).end.result["content"][0]["text"])["orders"][-1] == {
        "id": "A-2"
    }
    assert older.apply(target(orders)).end.result == {"orders": orders["orders"]}
    assert page.apply(target("one\ntwo\nthree\n")).end.result == "one\ntwo\n"


def test_a_stale_result_is_a_real_one_that_was_given_to_another_call():
    kind = "tool_stale"
    earlier, other = (fault_of({"kind": kind, "copied": copied}) for copied in ("earlier", "other"))
    paid = target({"charged": 1500})

    assert (earlier.apply(paid).end.result, other.apply(paid).end.result) == ("not charged yet", "charged 20")
    assert [one["copied"] for one in fault_types()[kind].openings(target("charged 20"))] == ["earlier"]
    assert not fault_types()[kind].openings(ToolTarget("charge", {"amount": 1500}, ToolEnd("charged 1500")))


def test_a_run_tells_what_its_tool_gave_to_its_other_calls():
    def agent(ctx, text):
        return f"{state(job=1)}, {state(job=1)}, {state(job=2)}"

    states = iter(["queued", "done", "lost"])
    state = agent_chaos.tool(name="state")(lambda job: next(states))
    subject = scenario(agent)
    cassette = recorded(subject, [])
    answers = {
        copied: trial(
            subject,
            cassette,
            Plan.of([(f"tool {index}", fault_of({"kind": "tool_stale", "copied": copied}))]),
        )
        .answers[0]
        .text
        for index, copied in ((1, "earlier"), (2, "other"))
    }

    assert answers == {"earlier": "queued, queued, lost", "other": "queued, done, done"}


@every_kind
def test_a_tool_fault_survives_json_in_a_plan(kind):
    for _, one in everywhere(kind):
        plan = Plan.of([("tool 1", one)])

        assert Plan.from_json(plan.to_json()) == plan
        assert one.describe() != kind.replace("_", " ")


@every_kind
def test_what_a_tool_returns_instead_is_json_but_for_half_a_character(kind):
    for where, one in everywhere(kind):
        result = one.apply(where).end.result

        assert json.loads(json.dumps(result)) == result


class Shop:
    """An agent with one tool, which answers what the model asks for; `careful` tells the model what a tool raises."""

    def __init__(self, *, is_async, careful=False, tries=1):
        self.careful, self.tries, self.ran = careful, tries, 0
        self.agent = self._ask_async if is_async else self._ask
        self.charge_async = agent_chaos.tool(name="charge")(self._charge_async)
        self.charge = agent_chaos.tool(name="charge")(self._charge)

    def _charge(self, amount: int):
        self.ran += 1
        return {"charged": amount}

    async def _charge_async(self, amount: int):
        self.ran += 1
        return {"charged": amount}

    def _ask(self, ctx, text):
        client, messages = Anthropic(api_key=KEY, max_retries=0), self.begin(text)
        while True:
            message = client.messages.create(model="m", max_tokens=9, messages=messages)
            call = self.call_of(message)
            if call is None:
                return message.content[0].text
            result = None
            for number in range(self.tries):
                try:
                    result = self.charge(**call.input)
                    break
                except Exception as exc:
                    if number + 1 == self.tries and not self.careful:
                        raise
                    result = type(exc).__name__
            self.go_on(messages, message, call, result)

    async def _ask_async(self, ctx, text):
        client, messages = AsyncAnthropic(api_key=KEY, max_retries=0), self.begin(text)
        while True:
            message = await client.messages.create(model="m", max_tokens=9, messages=messages)
            call = self.call_of(message)
            if call is None:
                return message.content[0].text
            result = None
            for number in range(self.tries):
                try:
                    result = await self.charge_async(**call.input)
                    break
                except Exception as exc:
                    if number + 1 == self.tries and not self.careful:
                        raise
                    result = type(exc).__name__
            self.go_on(messages, message, call, result)

    def begin(self, text):
        return [{"role": "user", "content": text}]

    def call_of(self, message):
        return next((block for block in message.content if block.type == "tool_use"), None)

    def go_on(self, messages, message, call, result):
        told = {"type": "tool_result", "tool_use_id": call.id, "content": json.dumps(result)}
        messages += [
            {"role": "assistant", "content": message.content},
            {"role": "user", "content": [told]},
        ]

    def evidence(self, *faults):
        """The faults at the servings of the tool call in turn, beside the clean run."""
        subject = scenario(self.agent)
        use = {"type": "tool_use", "id": "toolu_01", "name": "charge", "input": {"amount": 1500}}
        cassette = recorded(subject, [json_reply(claude_message([use], "tool_use")), claude_says("Charged.")])
        clean = trial(subject, cassette)
        self.ran = 0
        plan = Plan.of((f"tool 0.{i}", one) for i, one in enumerate(faults))
        return Evidence(trial(subject, cassette, plan), clean, Budget(), {})


both = pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
LOST = fault_of({"kind": "tool_acknowledgement_lost", "seconds": 20})
RAISE = fault_of({"kind": "tool_raise", "error_type": "ConnectionError"})


@both
@pytest.mark.parametrize(
    ("one", "error", "landed", "seconds"),
    [
        (LOST, "TimeoutError", True, 20),
        (RAISE, "ConnectionError", False, 0),
        (fault_of({"kind": "tool_raise"}), "RuntimeError", False, 0),
        (fault_of({"kind": "tool_secret_error"}), "ConnectionError", False, 0),
        (fault_of({"kind": "tool_slow", "seconds": 20}), "", True, 20),
        (fault_of({"kind": "tool_error"}), "", False, 0),
        (fault_of({"kind": "tool_timeout", "timeout_seconds": 20}), "", True, 20),
        (fault_of({"kind": "tool_empty"}), "", True, 0),
        (fault_of({"kind": "tool_disconnected", "how": "server_gone"}), "ConnectionError", True, 0),
        (fault_of({"kind": "tool_disconnected", "how": "loop_closed"}), "RuntimeError", False, 0),
        (fault_of({"kind": "tool_schema_changed", "how": "argument_renamed"}), "TypeError", False, 0),
    ],
    ids=lambda value: value.kind if isinstance(value, ToolFault) else "",
)
def test_the_trace_says_what_the_agent_was_told_and_whether_the_effect_landed(
    one, error, landed, seconds, is_async
):
    shop = Shop(is_async=is_async, careful=True)
    evidence = shop.evidence(one)
    (run,) = evidence.trace.tools

    assert run.fired == (one,)
    assert (run.end.error_type, run.landed) == (error, landed)
    assert evidence.trace.virtual_s - evidence.clean.virtual_s == pytest.approx(seconds)
    assert shop.ran == 0


@both
def test_a_slow_tool_changes_nothing_but_the_time(is_async):
    evidence = Shop(is_async=is_async).evidence(fault_of({"kind": "tool_slow", "seconds": 30}))

    assert [answer.text for answer in evidence.trace.answers] == ["Charged."]
    assert evidence.trace.left_at is None


@both
@pytest.mark.parametrize("one", [LOST, RAISE, fault_of({"kind": "tool_raise"})], ids=lambda one: one.kind)
def test_an_exception_of_a_tool_that_escapes_is_a_failure_of_its_own(one, is_async):
    evidence = Shop(is_async=is_async).evidence(one)
    (found,) = UNHANDLED_EXCEPTION.judge(evidence)

    assert found.subject.startswith("exception of a tool in test_tool_faults.py:")
    assert found.tool_seq == evidence.trace.tools[0].seq


@both
def test_an_exception_of_a_tool_that_the_model_is_told_of_leaves_the_recording(is_async):
    evidence = Shop(is_async=is_async, careful=True).evidence(RAISE)

    assert evidence.trace.left_at is not None
    assert not list(UNHANDLED_EXCEPTION.judge(evidence))


@both
@pytest.mark.parametrize("one", [LOST, RAISE], ids=lambda one: one.kind)
def test_an_agent_that_calls_a_failed_tool_again_gets_back_to_the_recording(one, is_async):
    evidence = Shop(is_async=is_async, tries=2).evidence(one)

    assert [answer.text for answer in evidence.trace.answers] == ["Charged."]
    assert [run.landed for run in evidence.trace.tools] == [one is LOST, True]
    assert not list(ARGUMENT_FIDELITY.judge(evidence))


@both
def test_a_call_that_is_made_twice_although_it_succeeded_is_still_seen(is_async):
    shop = Shop(is_async=is_async, tries=2)
    once = shop.charge_async if is_async else shop.charge

    def twice(*args, **kwargs):
        once(*args, **kwargs)
        return once(*args, **kwargs)

    async def twice_async(*args, **kwargs):
        await once(*args, **kwargs)
        return await once(*args, **kwargs)

    clean = Shop(is_async=is_async).evidence().clean
    shop.charge, shop.charge_async = twice, twice_async
    trace = shop.evidence(fault_of({"kind": "tool_slow", "seconds": 1})).trace
    (found,) = ARGUMENT_FIDELITY.judge(Evidence(trace, clean, Budget(), {}))

    assert found.subject == "charge"


def test_the_secret_in_a_message_is_the_canary():
    outcome = fault_of({"kind": "tool_secret_error"}).apply(target("done"))

    assert CANARY in outcome.end.error


def test_a_fault_that_leaves_a_result_as_it_was_did_not_fire():
    evidence = Shop(is_async=False).evidence(fault_of({"kind": "tool_malformed", "shape": "half_character"}))

    assert evidence.trace.fired == ()
