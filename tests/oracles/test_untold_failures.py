"""Tools that failed, or gave nothing, where neither the model nor the user hears of it."""

from contextlib import suppress
from dataclasses import replace

import pytest

from agent_chaos.faults.plan import Plan
from agent_chaos.oracles.judge import judge
from agent_chaos.oracles.oracle import Budget, Evidence
from agent_chaos.oracles.verdict import Verdict
from agent_chaos.patch.tools import tool
from tests.oracles.desk import SAID, SPEAKERS, desk, fault, found, judged, strict
from tests.spoken import spoken
from tests.standin.said import Called, Said
from tests.trials import recorded, scenario, trial

RAISES = {"tool 0": fault("tool_raise")}
ERRS = {"tool 0": fault("tool_error")}
EMPTY = {"tool 0": fault("tool_empty")}
LOST = {"tool 0": fault("tool_acknowledgement_lost", seconds=30)}
PROTOCOLS = pytest.mark.parametrize("protocol", SPEAKERS)


def refund(order: str = "", amount: float = 0, note: str = "") -> str:
    return f"refunded {amount} on order {order}{note}"


refund_by_voucher = tool(refund, name="refund_by_voucher", pure=True)
SUCCESS = refund(order="A-17", amount=1500)


def telling(told, protocol="anthropic_messages", run=refund):
    """An agent that tells the model what `told` makes of a tool's result; None where the tool raised."""
    wrapped = tool(run)

    def tells(**arguments):
        try:
            return told(wrapped(**arguments))
        except Exception:
            return told(None)

    return desk(protocol, tells)


def gave(result):
    """Whether the tool did its work; its error is text, as its results are."""
    return isinstance(result, str) and "error" not in result


def warned(outcome):
    return {one.fingerprint for one in outcome.violations if one.severity == "warning"}


def in_swahili(order: str = "", amount: float = 0) -> str:
    return f"malipo yamekamilika: {amount} kwa {order}"


@pytest.mark.parametrize(
    ("words", "expected"),
    [("malipo yamekamilika", {"swallowed_error:refund"}), ("malipo yameshindikana", set())],
    ids=["as-when-it-is-done", "as-when-it-failed"],
)
def test_words_that_a_success_has_too_tell_of_no_failure_in_any_language(words, expected):
    def named(ctx, text):
        return telling(lambda result: result if gave(result) else words, run=in_swahili)(ctx, text)

    assert found(judged(named, "anthropic_messages", RAISES)) == expected


@PROTOCOLS
@pytest.mark.parametrize("faults", [RAISES, ERRS], ids=["raises", "gives-an-error"])
def test_a_failed_tool_that_is_told_as_a_success_is_found(protocol, faults):
    assert found(judged(telling(lambda result: SUCCESS, protocol), protocol, faults)) == {
        "swallowed_error:refund"
    }


@PROTOCOLS
@pytest.mark.parametrize("words", ["", "done", "✅", "Listo.", "[]", '{"status": "ok"}'])
def test_a_failed_tool_of_which_the_model_hears_nothing_is_found(protocol, words):
    def told(result):
        return result if gave(result) else words

    for faults in (RAISES, ERRS):
        assert found(judged(telling(told, protocol), protocol, faults)) == {"swallowed_error:refund"}


@pytest.mark.parametrize(
    "words",
    [
        *(
            "The refund did not go through.",
            "No se pudo reembolsar.",
            "払い戻しできませんでした。",
            "fehlgeschlagen",
        ),
        *(
            '{"status": "failed"}',
            '{"success": false}',
            '{"error": ""}',
            '{"fehler": true}',
            '{"fallo": null}',
        ),
    ],
)
def test_a_failed_tool_of_which_the_model_hears_passes(words):
    def told(result):
        return result if gave(result) else words

    assert not judged(telling(told), "anthropic_messages", RAISES).violations
    assert not judged(telling(told), "anthropic_messages", ERRS).violations


@pytest.mark.parametrize("protocol", ["anthropic_messages", "openai_chat"])
def test_an_error_that_is_passed_on_as_it_is_passes_though_it_is_no_text(protocol):
    outcome = judged(telling(lambda result: result, protocol), protocol, ERRS)

    assert not outcome.violations


def test_a_confirmation_that_the_tool_did_not_give_is_found():
    outcome = judged(telling(lambda result: SUCCESS), "anthropic_messages", EMPTY)
    (violation,) = outcome.violations

    assert found(outcome) == {"swallowed_error:refund"}
    assert (violation.before, violation.after) == (SUCCESS, SUCCESS)


def test_words_of_success_for_an_empty_result_are_warned_of():
    outcome = judged(telling(lambda result: "I did it."), "anthropic_messages", EMPTY)

    assert outcome.verdict is Verdict.PASS
    assert warned(outcome) == {"swallowed_error:refund"}


LOOKED_UP = (
    Said("I look it up.", (Called.of("lookup", {"order": "A-17"}),)),
    Said("You have paid 1,500 dollars."),
)


def branched(answer):
    """A desk that looks an order up, under a plan that empties the result; the model's answer to that is recorded, too."""

    def desk_with(looks_up):
        wrapped = tool(looks_up, name="lookup")
        return scenario(desk("anthropic_messages", wrapped), "What did I pay for order A-17?")

    usual = desk_with(lambda order: f"order {order}: 1500 paid")
    emptied = desk_with(lambda order: "")
    first, second = LOOKED_UP
    replies = [
        [spoken("anthropic_messages", one, i, stream=True) for i, one in enumerate((first, last))]
        for last in (second, answer)
    ]
    main, other = recorded(usual, replies[0]), recorded(emptied, replies[1])
    more = replace(other.exchanges[1], index=2)
    exchanges = (*main.exchanges, more)
    cassette = replace(main, exchanges=exchanges, keys=tuple(one.keys for one in exchanges))
    clean = trial(usual, cassette)
    faulted = trial(usual, cassette, Plan.of(EMPTY.items()))

    assert faulted.left_at is None
    return judge(Evidence(faulted, clean, Budget(), {}))


def test_figures_that_the_empty_result_did_not_give_are_found_in_a_branch():
    outcome = branched(Said("You have paid $1,500."))

    assert found(outcome) == {"swallowed_error:lookup"}
    assert "1500" in outcome.violations[0].reason


@pytest.mark.parametrize("words", ["I found nothing for order A-17.", "I cannot see what you paid."])
def test_a_model_that_says_so_in_a_branch_passes(words):
    assert branched(Said(words)).verdict is Verdict.PASS


def test_an_empty_result_that_is_told_as_it_is_is_judged_as_far_as_recorded():
    outcome = judged(telling(lambda result: result), "anthropic_messages", EMPTY)

    assert outcome.verdict is Verdict.PASS
    assert outcome.reason == "as far as recorded (turn 1 of 1)"
    assert not outcome.violations


def trying_again(second):
    """An agent whose tool is called a second time, by other means, where the first time failed."""
    first = tool(refund)

    def run(**arguments):
        try:
            result = first(**arguments)
        except Exception:
            result = {"error": "raised"}
        return result if gave(result) else second(first, arguments) and SUCCESS

    return desk("anthropic_messages", run)


@pytest.mark.parametrize("faults", [RAISES, ERRS], ids=["raises", "gives-an-error"])
@pytest.mark.parametrize(
    "second",
    [
        lambda first, arguments: first(**arguments),
        lambda first, arguments: first(**arguments, note="again"),
        lambda first, arguments: refund_by_voucher(**arguments),
    ],
    ids=["again", "with-other-arguments", "with-another-tool"],
)
def test_a_failure_that_a_second_attempt_makes_up_for_passes(faults, second):
    outcome = judged(trying_again(second), "anthropic_messages", faults)

    assert "swallowed_error:refund" not in found(outcome)
    assert len(outcome.trace.tools) == 2
    assert outcome.trace.tools[0].end.error_type or "error" in outcome.trace.tools[0].end.result


def answering(words, protocol="openai_chat"):
    """An agent that asks once, does what the model wants, and answers in its own words."""

    def agent(ctx, text):
        heard = SPEAKERS[protocol]([{"role": "user", "content": text}]).ask()
        results = []
        for *_, given in heard.calls:
            try:
                results.append(tool(refund)(**strict(given)))
            except Exception:
                results.append(None)
        return words(results)

    return agent


ONCE = SAID[:1]


@PROTOCOLS
@pytest.mark.parametrize("faults", [RAISES, ERRS], ids=["raises", "gives-an-error"])
def test_an_answer_of_success_for_a_failed_tool_is_found(protocol, faults):
    careless = answering(lambda results: "Your money is on its way.", protocol)

    assert found(judged(careless, protocol, faults, said=ONCE)) == {"swallowed_error:refund"}


def test_figures_of_the_call_itself_are_the_agents_to_tell():
    def agent(ctx, text):
        ((_, _, given),) = SPEAKERS["openai_chat"]([{"role": "user", "content": text}]).ask().calls
        confirmed = tool(refund)(**strict(given))
        return f"{strict(given)['amount']} dollars, {'confirmed' if confirmed else 'not confirmed'}."

    assert judged(agent, "openai_chat", EMPTY, said=ONCE).verdict is Verdict.PASS


@pytest.mark.parametrize("faults", [RAISES, ERRS, LOST], ids=["raises", "gives-an-error", "was-done"])
def test_an_answer_that_depends_on_the_result_passes(faults):
    careful = answering(lambda results: "It is done." if results == [SUCCESS] else "It may not be done.")

    assert not judged(careful, "openai_chat", faults, said=ONCE).violations


def test_a_failure_that_another_field_of_the_answer_tells_passes():
    telling_beside = answering(lambda results: {"response": "Thank you.", "done": results == [SUCCESS]})

    assert not judged(telling_beside, "openai_chat", RAISES, said=ONCE).violations


def test_a_tool_that_no_model_asked_for_may_fail_in_silence():
    log = tool(lambda line: f"wrote {line}", name="log")

    def agent(ctx, text):
        with suppress(Exception):
            log("a question")
        return SPEAKERS["openai_chat"]([{"role": "user", "content": text}]).ask().text

    assert judged(agent, "openai_chat", RAISES, said=(Said("Nine o'clock."),)).verdict is Verdict.PASS
