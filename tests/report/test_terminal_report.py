"""What a stranger reads after a search, at 80 columns and at 120, with and without a terminal."""

import io
from dataclasses import replace
from typing import Any

import pytest
from rich.console import Console

from agent_chaos.cassette.model import ToolEnd
from agent_chaos.report.build_record import campaign_record
from agent_chaos.report.event import Ended, Recorded, SearchEnded, Searching, SearchStarted, Started
from agent_chaos.report.reporter import USUAL, View
from agent_chaos.report.terminal.reporter import TerminalReporter
from agent_chaos.search.campaign import Campaign, Warned
from agent_chaos.stream.exchange import Abort, End, Reply, reply
from agent_chaos.trace.fidelity import Fidelity
from agent_chaos.trace.trace import Answer, Call, Raised, ToolRun, Trace
from tests.report.refund_campaign import BROKEN, CLEAN, FIGURES, VIOLATION, campaign, finding

HOSTILE = "\x1b[2J\x1b]8;;http://evil\x07[red]click[/red]\x9b31m\r\u202eexe :smile:"


def shown(
    made: Campaign | None = None,
    width: int = 80,
    notes: tuple[str, ...] = (),
    view: View = USUAL,
    **console: Any,
) -> str:
    out = Console(file=io.StringIO(), width=width, markup=False, highlight=False, emoji=False, **console)
    reporter = TerminalReporter(out, view)
    reporter.tell(SearchStarted(scenario="refund", max_examples=200, seed=0))
    for done in (1, 100, 200):
        reporter.tell(searching(done, done / 50))
    reporter.tell(SearchEnded(campaign=campaign_record(made or campaign(), notes)))
    reporter.tell(Ended(exit_code=1))
    assert isinstance(out.file, io.StringIO)
    return out.file.getvalue()


def searching(done: int, seconds: float) -> Searching:
    found = ("unfinished_tool_call:refund (cut arguments)", "empty_answer:answer")
    return Searching(
        scenario="refund", phase="search", done=done, total=200, failures=3, seconds=seconds, found=found
    )


def flat(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize(
    "expected",
    [
        "F-7Q2K Replies that are cut short or empty are used as if they were whole",
        "issue_refund got amount=15 although the model was still writing the number 1500.",
        'if stop not in ("end_turn", "tool_use") or not said:',
        "Plan call 1: the stream ends inside a number",
        "smallest: no smaller plan that was tried fails this way (9 checks)",
        "▲ 0.94 s call 1",
        "▲ fault: the stream ends inside a number",
        '✗ 1.82 s tool issue_refund(order_id="A-17", amount=15)',
        "would have run: offline, it was given the nearest recorded result",
        "1.82 s waited 2 s (sleep)",
        "nearest in conversation; messages[3].content[0].input.amount: 15 where 1500 was recorded",
        "4.52 s answer “Done: I refunded $15.”",
        'issue_refund(order_id="A-17", amount=1500)',
        "(ends here)",
        "seed 0, seen in 3 examples",
        "Reproduce with: agent-chaos replay F-7Q2K",
        "Pytest test: agent-chaos export F-7Q2K",
        "single faults 58 of 62, pairs 310 of 1,830",
        "12 left the recording at call 3",
    ],
)
def test_a_failure_is_told_whole(width: int, expected: str) -> None:
    assert expected in flat(shown(width=width))


def test_the_last_line_is_the_summary() -> None:
    assert shown().splitlines()[-1] == (
        "200 examples: 171 ok, 3 failed, 19 undecided, 7 not tested; 1 finding, 2 ways to fail; tools run for real: none"
    )


def test_only_lines_to_copy_are_wider_than_the_terminal() -> None:
    wide = [line for line in shown(width=80).splitlines() if len(line) > 80]

    assert all("tools run for real" in line or '"version"' in line or "chaos" in line for line in wide)
    assert len(wide) <= 2


def test_recorded_and_as_run_stand_beside_each_other_where_they_fit() -> None:
    beside = [line for line in shown(width=120).splitlines() if "amount=1500" in line]
    stacked = [line for line in shown(width=80).splitlines() if "amount=1500" in line]

    assert "amount=15)" in beside[0]
    assert "amount=15)" not in stacked[0]


def test_what_is_compared_is_named_whole_where_both_stand_beside_each_other() -> None:
    record = campaign_record(campaign())
    (failure, *others) = record.failures
    (change, *rest) = failure.changes
    pair = change.pairs[0].model_copy(update={"label": "asks for account_balance again"})
    changed = change.model_copy(update={"pairs": (pair,)})
    told = failure.model_copy(update={"changes": (changed, *rest)})
    out = Console(file=io.StringIO(), width=120)
    TerminalReporter(out, USUAL).tell(
        SearchEnded(campaign=record.model_copy(update={"failures": (told, *others)}))
    )

    assert isinstance(out.file, io.StringIO)
    assert {"asks", "account_balance", "again"} <= set(out.file.getvalue().split())


def test_without_a_terminal_there_is_no_colour_no_animation_and_no_padding() -> None:
    text = shown()

    assert "\x1b" not in text
    assert "ways to fail so far" not in text
    assert not [line for line in text.splitlines() if line != line.rstrip()]


def test_no_colour_is_drawn_where_none_is_wanted() -> None:
    coloured = shown(force_terminal=True, color_system="standard")
    plain = shown(force_terminal=True, color_system="standard", no_color=True)

    assert "\x1b[1;31m" in coloured
    assert not [code for code in ("\x1b[31m", "\x1b[1;31m", "\x1b[32m", "\x1b[33m") if code in plain]


def hostile_trace() -> Trace:
    entries = []
    for entry in BROKEN.entries:
        if isinstance(entry, Call):
            said = reply(200, [("content-type", "text/plain"), ("x-a", HOSTILE)], [HOSTILE.encode(), b"end"])
            entry = replace(entry, reply=said, difference=HOSTILE)
        elif isinstance(entry, ToolRun):
            entry = replace(entry, name=HOSTILE, arguments={HOSTILE: HOSTILE}, end=ToolEnd(HOSTILE))
        elif isinstance(entry, Answer):
            entry = replace(entry, text=HOSTILE)
        entries.append(entry)
    raised = Raised(10, 0, 5.0, HOSTILE, HOSTILE, HOSTILE, (), HOSTILE, HOSTILE)
    return Trace(BROKEN.plan, (*entries, raised), 5.0)


def test_warnings_are_told_with_how_often_they_were_seen() -> None:
    warned = Warned(
        violation=VIOLATION.model_copy(update={"severity": "warning"}), plan="call 1: x", examples=7
    )
    text = " ".join(shown(campaign(warnings=(warned,))).split())

    assert f"Warnings 7 {VIOLATION.oracle.replace('_', ' ')}: {VIOLATION.subject}: {VIOLATION.reason}" in text


def test_hostile_text_cannot_steer_the_terminal() -> None:
    words = {"subject": HOSTILE, "reason": HOSTILE, "advice": HOSTILE, "before": HOSTILE, "after": [HOSTILE]}
    found = finding(VIOLATION.model_copy(update=words), hostile_trace())
    made = campaign(
        findings=(found,),
        first_error=HOSTILE,
        undecided_reasons=((HOSTILE, 1),),
        tools_run_for_real=(HOSTILE,),
    )

    text = shown(made, notes=(HOSTILE,))

    assert not [char for char in text if char != "\n" and not char.isprintable()]
    assert "[red]click[/red]" in text
    assert ":smile:" in text


@pytest.mark.parametrize(
    ("served", "expected"),
    [
        (Reply((Abort("refused", 0.0),)), "connection refused"),
        (Reply((Abort("read_timeout", 600.0),)), "nothing more before the client's timeout"),
        (reply(429, [("retry-after", "3600")], [b'{"error": {}}']), "429, retry-after 3600"),
        (
            Reply((*reply(200, [], [b"half"]).events[:-1], Abort("reset", 1.0))),
            "connection reset after 4 bytes",
        ),
        (Reply((*reply(200, [], [b"ha"]).events[:-1], End(1.0))), "200"),
    ],
    ids=["refused", "timeout", "rate limit", "reset", "short"],
)
def test_what_came_back_reads_in_words(served: Reply, expected: str) -> None:
    entries = tuple(
        replace(entry, reply=served, protocol="") if isinstance(entry, Call) and entry.fired else entry
        for entry in BROKEN.entries
    )

    assert expected in flat(shown(campaign(findings=(finding(trace=Trace(BROKEN.plan, entries, 9.0)),))))


def test_a_retry_is_named_with_its_call() -> None:
    entries = tuple(
        replace(entry, attempt=2) if isinstance(entry, Call) and entry.call == 1 else entry
        for entry in BROKEN.entries
    )

    assert "call 1, retry 2" in shown(campaign(findings=(finding(trace=Trace(BROKEN.plan, entries, 9.0)),)))


@pytest.mark.parametrize(("served", "named"), [(CLEAN.calls[0].recorded, "again 1"), (None, "retry 1")])
def test_an_agent_that_asks_the_same_after_a_good_reply_retries_nothing(
    served: Reply | None, named: str
) -> None:
    first = replace(CLEAN.calls[0], seq=100, call=9, reply=served)
    more = (first, replace(first, seq=101, attempt=1))

    assert f"call 9, {named}" in shown(
        campaign(findings=(finding(trace=Trace(BROKEN.plan, (*BROKEN.entries, *more), 9.0)),))
    )


def test_a_difference_to_the_recording_is_told_where_it_is_new() -> None:
    """It stays in the history, so that every later request has it."""
    unlike = ("messages[2]: 'a' ≠ 'b'", "messages[2]: 'a' ≠ 'b'", "messages[4]: 'c' ≠ 'd'")
    more = tuple(
        replace(CLEAN.calls[0], seq=100 + i, call=10 + i, fidelity=Fidelity.QUESTION, difference=one)
        for i, one in enumerate(unlike)
    )
    text = shown(campaign(findings=(finding(trace=Trace(BROKEN.plan, (*BROKEN.entries, *more), 9.0)),)))

    assert [text.count(one) for one in unlike] == [1, 1, 1]


def test_a_long_headline_is_told_whole() -> None:
    told = "refund (" + "cut arguments and more, " * 4 + ")"
    other = VIOLATION.model_copy(update={"oracle": "leaks", "subject": told})

    assert told in flat(shown(campaign(findings=(finding(other),))))


def test_a_long_run_loses_its_middle_but_no_mark() -> None:
    many = tuple(replace(CLEAN.calls[0], seq=100 + i, call=10 + i) for i in range(60))
    trace = Trace(BROKEN.plan, (*many, *BROKEN.entries), 9.0)

    text = shown(campaign(findings=(finding(trace=trace),)))

    assert "58 more" not in text
    assert "more, as without faults or of no note" in text
    assert "▲ fault: " in text
    assert len(text.splitlines()) < 90


def test_a_failure_that_an_earlier_run_may_have_caused_comes_last_and_says_so() -> None:
    left_over = replace(finding(), reproduced=False)
    empty = VIOLATION.model_copy(update={"oracle": "empty_answer", "subject": "answer"})
    other = finding(empty, id="F-0002")
    text = " ".join(shown(campaign(findings=(left_over, other))).split())

    assert text.index("empty answer: answer") < text.index("an earlier run may have left what it needs")
    assert "not each time that this plan ran after a run without faults" in text
    assert "setup=" in text


def test_a_plan_that_may_not_be_smallest_says_so() -> None:
    assert "smallest found so far (4 checks)" in shown(
        campaign(findings=(finding(smallest=False, checks=4),))
    )


def test_a_campaign_without_failures_is_short() -> None:
    quiet = FIGURES.model_copy(update={"failures": 0, "distinct": 0, "ok": 174})
    lines = shown(campaign(findings=(), figures=quiet)).splitlines()

    assert len(lines) < 14
    assert "Reproduce" not in "".join(lines)


def test_several_scenarios_end_in_one_table_of_findings_and_one_total() -> None:
    out = Console(file=io.StringIO(), width=80, markup=False)
    reporter = TerminalReporter(out)
    reporter.tell(Started(command="fuzz", items=2))
    for name in ("refund", "support"):
        reporter.tell(SearchStarted(scenario=name, max_examples=200, seed=0))
        reporter.tell(SearchEnded(campaign=campaign_record(campaign(scenario=name))))
    reporter.tell(Ended(exit_code=1))
    assert isinstance(out.file, io.StringIO)
    lines = out.file.getvalue().splitlines()

    assert lines[-1].startswith("400 examples: 342 ok, 6 failed")
    table = lines[-10:]
    assert [line.split()[1] for line in table if line.startswith("F-7Q2K")] == ["refund", "support"]
    assert any("agent-chaos show F-7Q2K" in line for line in table)
    assert len(lines) < 24


def test_an_interrupted_search_says_that_it_is_partial() -> None:
    text = flat(shown(campaign(interrupted=True)))

    assert "Interrupted the figures are of the part that ran" in text


def test_the_plan_can_be_pasted_from_one_line() -> None:
    line = next(line for line in shown().splitlines() if "chaos=[" in line)

    assert line.strip() == 'chaos=[llm_cut_inside_number().at("call 1")]'


def test_a_tool_that_no_boundary_saw_is_told_with_what_to_do_in_a_program_too() -> None:
    out = Console(file=io.StringIO(), width=80, markup=False, highlight=False, emoji=False)
    TerminalReporter(out, USUAL).tell(
        Recorded(
            scenario="desk",
            path="cassettes/desk.msgpack",
            size_bytes=9,
            calls=1,
            input_tokens=0,
            output_tokens=0,
            unobserved=("look",),
        )
    )
    assert isinstance(out.file, io.StringIO)
    told = " ".join(out.file.getvalue().split())

    assert "the model called look: no tool boundary saw that" in told
    assert "wrap it with @agent_chaos.tool and record it again with --record-mode all" in told
    assert "or, where a program of its own runs it without side effects, name it in pure_tools=" in told
