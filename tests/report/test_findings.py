"""Failures become findings by cause: a change of the agent that ends one of a finding's failures ends all, and no other."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent_chaos.faults.plan import Plan
from agent_chaos.oracles.verdict import Verdict
from agent_chaos.patch.install import install_offline
from agent_chaos.report.build_record import alone, campaign_record
from agent_chaos.report.contents.grouping import remedy_of
from agent_chaos.report.document import CampaignRecord, FindingRecord
from agent_chaos.report.remedies.case import Case
from agent_chaos.scenario.loader import load
from agent_chaos.search.campaign import Campaign, Figures, Finding
from agent_chaos.search.corpus.failure_files import failure_of
from agent_chaos.trial.rehearsal import Rehearsal

ROOT = Path(__file__).resolve().parents[2]
REFUND = (ROOT / "scenarios" / "refund.py").read_text()

PLANS = {
    name: Plan.model_validate({"faults": [{"site": site, "fault": fault}]})
    for name, site, fault in (
        ("cut", "call 1", {"kind": "truncate", "boundary": "mid_number", "offset": 0}),
        ("cut arguments", "call 1", {"kind": "malformed_arguments", "shape": "cut", "call": 0}),
        ("twice", "call 0", {"kind": "repeated_tool_call", "ids": "same"}),
        ("null ids", "call 0", {"kind": "null_field", "field": "tool_id"}),
        ("limit", "call 2", {"kind": "max_tokens_in_text", "percent_lost": 10}),
        ("empty body", "call 0", {"kind": "empty_body"}),
        ("bad byte", "call 0", {"kind": "bad_text", "shape": "bad_byte"}),
        ("broken event", "call 0", {"kind": "broken_event"}),
        ("not gzip", "call 0", {"kind": "bad_encoding"}),
        ("unknown tool", "call 0", {"kind": "unknown_tool", "call": 0}),
        ("extra argument", "call 0", {"kind": "extra_argument", "call": 0}),
        ("tool timeout", "tool 0", {"kind": "tool_acknowledgement_lost", "seconds": 5}),
        ("hours", "call 0", {"kind": "rate_limit_long", "hours": 1}),
        ("silence", "call 0", {"kind": "timeout_before_headers", "seconds": 600}),
        ("nothing said", "call 0", {"kind": "empty_reply"}),
    )
}
CALL = """        with client.messages.stream(
            model="claude-sonnet-5", max_tokens=1024, system=SYSTEM, tools=TOOLS, messages=messages
        ) as stream:
            message = stream.get_final_message()
"""
TOOL = "            result = HANDLERS[call.name](**call.input)\n"
OWN = """import time


class Failed(Exception): ...


HANDLERS ="""
FIXES = {
    "cut": (
        CALL,
        CALL
        + "        stop, said = message.stop_reason, message.content\n"
        + '        if stop not in ("end_turn", "tool_use") or not said:\n            raise Failed("incomplete")\n',
    ),
    "empty body": (
        CALL,
        "        for attempt in range(3):\n            try:\n"
        + "".join(f"        {line}\n" for line in CALL.splitlines())
        + "                break\n            except Exception as exc:\n                failed = exc\n"
        "        else:\n            raise Failed(str(failed))\n",
    ),
    "unknown tool": (
        TOOL,
        f"            try:\n    {TOOL}            except Exception:\n"
        '                result = "failed; it may have taken effect, so check before trying again"\n',
    ),
    "hours": (
        "client = Anthropic()",
        """import anthropic


def give_up(response):
    told = response.headers.get("retry-after", "")
    if told == "inf" or told.isdigit() and int(told) > 60:
        response.headers["x-should-retry"] = "false"


hooks = {"response": [give_up]}
http = anthropic.DefaultHttpxClient(event_hooks=hooks)
client = Anthropic(http_client=http)""",
    ),
    "silence": ("client = Anthropic()", "client = Anthropic(timeout=30, max_retries=1)"),
    "twice": (
        CALL,
        CALL + '        sound = [block for block in message.content if block.type == "tool_use"]\n'
        "        if len({call.id for call in sound if call.id}) < len(sound):\n"
        '            raise Failed("malformed tool calls")\n',
    ),
}


def rehearsal(folder: Path, source: str = REFUND) -> Rehearsal:
    """The shipped refund agent, with its source as given."""
    install_offline()
    file = folder / "agent_under_test.py"
    file.write_text(source.replace("HANDLERS =", OWN))
    (loaded,) = load([str(file)])
    cassette = ROOT / "cassettes" / "refund.msgpack"
    return Rehearsal(loaded.scenario.model_copy(update={"cassette": str(cassette)}), target=loaded.ref)


def campaign(subject: Rehearsal) -> CampaignRecord:
    """A campaign that ran the plans above, and kept every failure with its plan as it is."""
    found = {}
    for plan in (Plan(), *PLANS.values()):
        outcome = subject.trial(plan)
        for violation in outcome.errors:
            failure = failure_of(subject, violation, plan, seed=0, smallest=False, checks=0)
            key = f"{violation.fingerprint} {plan}"
            found[key] = Finding(failure.model_copy(update={"id": f"F-{len(found):04}"}), outcome)
    return campaign_record(
        Campaign(
            scenario="refund",
            seed=0,
            clean=subject.clean,
            figures=Figures(distinct=len(found)),
            findings=tuple(found.values()),
        )
    )


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> CampaignRecord:
    return campaign(rehearsal(tmp_path_factory.mktemp("agent")))


def names(campaign: CampaignRecord, finding: FindingRecord) -> set[str]:
    """The plans whose failures a finding holds."""
    held = [one.failure.plan for one in campaign.of(finding)]
    return {name for name, plan in PLANS.items() if plan in held}


def finding_of(campaign: CampaignRecord, name: str) -> FindingRecord:
    return next(one for one in campaign.findings if name in names(campaign, one))


@pytest.mark.parametrize(
    ("one", "all_of_it", "line"),
    [
        ("cut", {"cut", "limit", "nothing said"}, "with client.messages.stream("),
        (
            "empty body",
            {"empty body", "bad byte", "broken event", "not gzip"},
            "message = stream.get_final_message()",
        ),
        (
            "unknown tool",
            {"unknown tool", "extra argument", "tool timeout"},
            "result = HANDLERS[call.name](**call.input)",
        ),
        ("hours", {"hours"}, "with client.messages.stream("),
        ("silence", {"silence"}, "with client.messages.stream("),
        ("twice", {"twice", "null ids"}, "with client.messages.stream("),
    ],
)
def test_failures_of_one_cause_are_one_finding_at_a_line_of_the_agent(
    made: CampaignRecord, one: str, all_of_it: set[str], line: str
) -> None:
    finding = finding_of(made, one)

    assert names(made, finding) == all_of_it
    assert finding.location is not None
    assert finding.location.source.startswith(line)
    assert Path(finding.location.file).name == "agent_under_test.py"


def test_every_failure_is_in_one_finding(made: CampaignRecord) -> None:
    told = [one for finding in made.findings for one in finding.failures]

    assert sorted(told) == sorted(one.failure.id for one in made.failures)
    assert len(told) == len(set(told))


@pytest.mark.parametrize("fixed", FIXES)
def test_a_fix_for_one_failure_ends_its_whole_finding_and_no_other(
    made: CampaignRecord, tmp_path: Path, fixed: str
) -> None:
    before, after = FIXES[fixed]
    assert before in REFUND
    better = rehearsal(tmp_path, REFUND.replace(before, after))
    fails = {name for name, plan in PLANS.items() if better.trial(plan).verdict is Verdict.FAIL}

    assert set(PLANS) - fails == names(made, finding_of(made, fixed))


def test_arguments_that_a_whole_reply_cut_are_a_finding_of_their_own_and_its_fix_ends_it(
    made: CampaignRecord, tmp_path: Path
) -> None:
    """A look at how the reply ended would not help: it did end."""
    finding = finding_of(made, "cut arguments")
    inside = CALL.replace(
        "            message = stream",
        "".join(f"            {line}\n" for line in finding.fix.code.splitlines())
        + "            message = stream",
    )
    better = rehearsal(tmp_path, REFUND.replace(CALL, inside))

    assert names(made, finding) == {"cut arguments"}
    assert better.clean_outcome.verdict is Verdict.PASS
    outcome = better.trial(PLANS["cut arguments"])
    assert [one.message for one in outcome.trace.raised] == ["tool arguments are no JSON"]
    assert outcome.verdict is Verdict.PASS


def test_the_printed_look_at_how_a_reply_ended_ends_its_whole_finding(
    made: CampaignRecord, tmp_path: Path
) -> None:
    finding = finding_of(made, "cut")
    look = "".join(f"        {line}\n" for line in finding.fix.code.splitlines())
    better = rehearsal(tmp_path, REFUND.replace(CALL, CALL + look))

    assert better.clean_outcome.verdict is Verdict.PASS
    assert {better.trial(PLANS[name]).verdict for name in names(made, finding)} == {Verdict.PASS}


def test_a_part_of_a_request_stands_beside_the_recorded_one(tmp_path: Path) -> None:
    source = REFUND.replace(
        TOOL, f"            try:\n    {TOOL}            except Exception:\n                result = None\n"
    )
    subject = rehearsal(tmp_path, source)
    null = {"kind": "malformed_arguments", "shape": "null", "call": 0}
    plan = Plan.model_validate({"faults": [{"site": "call 0", "fault": null}]})
    outcome = subject.trial(plan)
    violation = next(one for one in outcome.errors if one.oracle == "request_validity")
    failure = failure_of(subject, violation, plan, seed=0, smallest=False, checks=0)
    _, record = alone(Finding(failure, outcome), subject.clean)
    (request,) = [change for change in record.changes if change.heading == "Request"]
    (pair,) = request.pairs

    assert pair.recorded is not None
    assert '"input": {"order_id": "A-17"}' in pair.recorded
    assert '"input": null' in pair.as_run


def test_an_exception_from_a_library_names_the_line_that_raised(made: CampaignRecord) -> None:
    finding = finding_of(made, "empty body")
    raised = {one.raised_at.file.partition("/")[0] for one in made.of(finding) if one.raised_at}

    assert raised <= {"anthropic", "httpx2", "httpx"}
    assert "anthropic" in raised


def test_what_a_tool_was_made_to_raise_is_not_told_as_raised_by_a_library(made: CampaignRecord) -> None:
    assert all(one.raised_at is None for one in made.of(finding_of(made, "tool timeout")))


def test_harm_by_an_everyday_fault_is_fixed_first(made: CampaignRecord) -> None:
    assert "cut" in names(made, made.findings[0])
    assert [one.number for one in made.findings] == list(range(1, len(made.findings) + 1))
    assert [one.weight for one in made.findings] == sorted(
        (one.weight for one in made.findings), reverse=True
    )


def test_a_failure_that_needs_no_fault_goes_first_and_says_so(tmp_path: Path) -> None:
    """The agent forgets the result of its last tool, which wastes less than the harm that a cut reply does."""
    sent = '"content": results}'
    told = '"content": [one for one in results if "refunded" not in one["content"]] or "go on"}'
    made = campaign(rehearsal(tmp_path, REFUND.replace(sent, told)))
    first = made.findings[0]
    failure = made.of(first)[0]

    assert (first.met, failure.plan) == ("every run", ("no fault: it fails in every run",))
    assert "0 checks" not in failure.smallness
    assert failure.word == ""
    assert [pair.as_run for change in failure.changes for pair in change.pairs] == [
        '{"role": "user", "content": "go on"}'
    ]


def test_a_failure_that_was_stored_is_counted_in_this_search(tmp_path: Path) -> None:
    subject = rehearsal(tmp_path)
    outcome = subject.trial(PLANS["silence"])
    stored = failure_of(
        subject, outcome.errors[0], PLANS["silence"], seed=0, smallest=True, checks=1, runs_seen=62
    )
    _, record = alone(Finding(stored, outcome, seen_in=0b1011), subject.clean)

    assert record.failure.runs_seen == 3


def test_the_fix_speaks_the_sdk_at_hand(made: CampaignRecord) -> None:
    compile(finding_of(made, "cut").fix.code, "fix", "exec")
    assert "message.stop_reason" in finding_of(made, "cut").fix.code
    assert "client = Anthropic(timeout=30" in finding_of(made, "silence").fix.code
    assert finding_of(made, "hours").fix.code.partition("\n")[2] in FIXES["hours"][1]


def test_a_run_that_waits_too_long_is_marked_where_its_time_went(made: CampaignRecord) -> None:
    hours = next(one for one in made.of(finding_of(made, "hours")) if one.failure.plan == PLANS["hours"])
    (marked,) = [row for row in hours.timeline if row.mark == "finding"]

    assert marked.who == "waited"
    assert "retry-after: 3600" in marked.what[0]


def test_an_exception_is_marked_where_it_was_raised(made: CampaignRecord) -> None:
    found = made.of(finding_of(made, "unknown tool"))
    (marked,) = {row.who for one in found for row in one.timeline if row.mark == "finding"}

    assert marked == "raised"


def test_a_tool_that_was_called_as_recorded_is_not_shown_as_changed(made: CampaignRecord) -> None:
    (one,) = [
        one for one in made.of(finding_of(made, "tool timeout")) if one.failure.plan == PLANS["tool timeout"]
    ]

    assert [pair for change in one.changes for pair in change.pairs if pair.recorded == pair.as_run] == []


def test_an_empty_answer_made_of_a_cut_reply_wants_a_look_at_how_the_reply_ended(tmp_path: Path) -> None:
    subject = rehearsal(tmp_path)
    cut = {"kind": "truncate", "boundary": "after_frames", "offset": 1}
    outcome = subject.trial(Plan.model_validate({"faults": [{"site": "call 0", "fault": cut}]}))
    (violation,) = outcome.errors

    assert violation.oracle == "empty_answer"
    assert remedy_of(Case(violation, outcome.trace, subject.clean)).name == "whole_reply"


def on_langgraph(file: Path) -> Rehearsal:
    pytest.importorskip("langgraph")
    install_offline()
    (loaded,) = load([str(file)])
    cassette = ROOT / "cassettes" / "langgraph_refund.msgpack"
    return Rehearsal(loaded.scenario.model_copy(update={"cassette": str(cassette)}), target=loaded.ref)


LANGGRAPH = ROOT / "scenarios/frameworks/langgraph/scenario.py"
MIDDLEWARE = ("ModelCallLimitMiddleware", "ModelRetryMiddleware", "ToolErrorMiddleware", "after_model")
"""What the fixes take from LangChain."""


@pytest.mark.parametrize(
    ("site", "fault", "name"),
    [
        ("call 1", {"kind": "truncate", "boundary": "mid_number", "offset": 0}, "whole_reply"),
        ("tool 1", {"kind": "tool_raise", "error_type": "TimeoutError"}, "tool_error_result"),
        ("call 0", {"kind": "bad_text", "shape": "bad_byte"}, "guard_call"),
        ("call 1", {"kind": "endless_tool_call"}, "bounded_loop"),
        ("call 0", {"kind": "repeated_tool_call", "ids": "same"}, "checked_calls"),
    ],
)
def test_a_fix_in_the_words_of_a_framework_ends_the_failure(
    tmp_path: Path, site: str, fault: dict[str, object], name: str
) -> None:
    plan = Plan.model_validate({"faults": [{"site": site, "fault": fault}]})
    subject = on_langgraph(LANGGRAPH)
    outcome = subject.trial(plan)
    case = Case(outcome.errors[0], outcome.trace, subject.clean)
    *defined, made = remedy_of(case).written([case]).splitlines()
    middleware = made.removeprefix("agent = create_agent(..., ").removesuffix(")")
    imports = f"from langchain.agents.middleware import {', '.join(MIDDLEWARE)}"
    fixed = tmp_path / "fixed.py"
    fixed.write_text(
        LANGGRAPH.read_text()
        .replace("graph =", "\n".join((imports, *defined, "graph =")))
        .replace("refund])", f"refund], {middleware})")
    )

    assert remedy_of(case).name == name
    assert outcome.errors[0].fingerprint not in on_langgraph(fixed).trial(plan).fingerprints


def test_a_line_that_asks_the_model_and_runs_tools_has_a_finding_for_each() -> None:
    """A framework's line does both, and each wants another fix."""
    subject = on_langgraph(LANGGRAPH)
    plans = (
        ("call 0", {"kind": "bad_text", "shape": "bad_byte"}),
        ("call 0", {"kind": "broken_event"}),
        ("tool 0", {"kind": "tool_raise", "error_type": "TimeoutError"}),
    )
    found = {}
    for site, fault in plans:
        plan = Plan.model_validate({"faults": [{"site": site, "fault": fault}]})
        outcome = subject.trial(plan)
        (violation, *_) = outcome.errors
        failure = failure_of(subject, violation, plan, seed=0, smallest=False, checks=0)
        case = Case(violation, outcome.trace, subject.clean)
        found[f"{site} {failure.plan.faults[0].fault.kind}"] = remedy_of(case).name

    assert found == {
        "call 0 bad_text": "guard_call",
        "call 0 broken_event": "guard_call",
        "tool 0 tool_raise": "tool_error_result",
    }


RETRIES = """        for attempt in range(3):
            said = []
            try:
                with client.messages.stream(
                    model="claude-sonnet-5", max_tokens=1024, system=SYSTEM, tools=TOOLS, messages=messages
                ) as stream:
                    for text in stream.text_stream:
                        said.append(text)
                    message = stream.get_final_message()
                break
            except Exception:
                time.sleep(2**attempt)
        else:
            raise Failed()
"""
SHOWN = '"".join(block.text for block in message.content if block.type == "text")'


@pytest.mark.parametrize(
    ("change", "site", "fault", "remedy"),
    [
        pytest.param(("", ""), "call 0", {"kind": "context_length"}, "hopeless_retry", id="hopeless"),
        pytest.param(
            ("said.append(text)", "said.append(text if not attempt else text.upper())"),
            "call 2",
            {"kind": "connect_error"},
            "invisible_retry",
            id="another answer",
        ),
        pytest.param(
            ("said.append(text)", "said = [text]"),
            "call 2",
            {"kind": "redivided_parts", "pieces": "whole"},
            "divided_reply",
            id="last piece",
        ),
    ],
)
def test_what_is_advised_about_retries_fits_what_the_agent_does(
    tmp_path: Path, change: tuple[str, str], site: str, fault: dict[str, object], remedy: str
) -> None:
    source = REFUND.replace("import json\n", "import json\nimport time\n").replace(CALL, RETRIES)
    source = source.replace(SHOWN, '"".join(said)').replace(*change)
    subject = rehearsal(tmp_path, source.replace("Anthropic()", "Anthropic(max_retries=0)"))
    outcome = subject.trial(Plan.model_validate({"faults": [{"site": site, "fault": fault}]}))

    assert {remedy_of(Case(one, outcome.trace, subject.clean)).name for one in outcome.errors} == {remedy}


def test_a_text_that_the_agent_itself_cannot_parse_is_no_exception_of_the_client(tmp_path: Path) -> None:
    subject = rehearsal(tmp_path, REFUND.replace(SHOWN, f"json.loads(chr(34) + {SHOWN} + chr(34))"))
    fenced = {"kind": "garbled_text", "shape": "fenced"}
    outcome = subject.trial(Plan.model_validate({"faults": [{"site": "call 2", "fault": fenced}]}))

    assert [remedy_of(Case(one, outcome.trace, subject.clean)).name for one in outcome.errors] == [
        "parse_text"
    ]
