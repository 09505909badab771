"""The command line of a search: what is chosen, accepted, covered; what pyproject.toml says, and who wins."""

import json
import re
from datetime import date, timedelta

import pytest

from agent_chaos.cli import run_command
from agent_chaos.errors import UsageError
from agent_chaos.oracles.oracle import spoken
from agent_chaos.search.corpus.settings import resolved
from tests.search import shop

TOMORROW = str(date.today() + timedelta(days=1))


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "100")
    return tmp_path


@pytest.fixture
def fuzz(project, capsys):
    """Runs `fuzz` on the shop: exit code, what it said, and its report."""
    target = shop.write_project(project)

    def fuzz(*options):
        code = run_command(["fuzz", target, "--json", "report.json", *options])
        said = capsys.readouterr()
        report = project / "report.json"
        return code, said.out + said.err, json.loads(report.read_text()) if report.exists() else None

    return fuzz


def fired(report):
    return set(report["campaigns"][0]["figures"]["fired"])


def test_faults_and_oracles_are_chosen(fuzz):
    code, _, report = fuzz(
        *(
            "--only-faults",
            "truncate,server",
            "--skip-faults",
            "server-error",
            "--skip-faults",
            "bad_gateway,cdn_error,conflict,redirect,request_timeout",
        ),
        *("--only-oracles", "unfinished_tool_call", "--max-examples", "25"),
    )

    assert code == 1
    assert fired(report) == {"truncate", "overloaded", "gateway_timeout", "service_unavailable"}
    assert {f["failure"]["violation"]["oracle"] for f in report["campaigns"][0]["failures"]} == {
        "unfinished_tool_call"
    }


def test_an_unknown_name_is_one_line(fuzz):
    code, said, report = fuzz("--skip-faults", "trunkate")

    assert (code, report) == (2, None)
    assert said == "error: unknown fault or family 'trunkate'; did you mean truncate, truncation, rechunk?\n"


def test_a_project_says_it_once_and_the_command_line_wins(fuzz, project):
    (project / "pyproject.toml").write_text(
        '[tool.agent-chaos]\nonly-faults = ["truncate"]\nmax-examples = 7\nseed = 4\n'
        'skip_oracles = ["silent_truncation"]\n'
    )
    _, _, by_file = fuzz()
    _, _, by_line = fuzz("--only-faults", "overloaded", "--max-examples", "2", "--seed", "0")

    assert fired(by_file) == {"truncate"}
    assert (by_file["campaigns"][0]["figures"]["examples"], by_file["campaigns"][0]["seed"]) == (7, 4)
    assert fired(by_line) == {"overloaded"}
    assert by_line["campaigns"][0]["seed"] == 0


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("max-example = 3", r"max-example: unknown key; did you mean max-examples\?"),
        ("colour = 3", "colour: unknown key; known are .*max-examples, seed"),
        ("max-examples = 0", "max-examples: .*greater than or equal to 1, not 0"),
        ("only-faults = 3", "only-faults: .*, not 3"),
    ],
)
def test_settings_that_cannot_be_are_refused(project, table, words):
    (project / "pyproject.toml").write_text(f"[tool.agent-chaos]\n{table}\n")

    with pytest.raises(UsageError, match=words):
        resolved()


def test_settings_that_are_no_table_are_refused(project):
    (project / "pyproject.toml").write_text("[tool]\nagent-chaos = 3\n")

    with pytest.raises(UsageError, match=r"\[tool.agent-chaos\] is 3; expected a table"):
        resolved()


def test_settings_are_those_of_the_nearest_project_that_has_some(project):
    (project / "pyproject.toml").write_text('[tool.agent-chaos]\nseed = 4\nbaseline = "known.json"\n')
    inner = project / "inner"
    inner.mkdir()
    (inner / "pyproject.toml").write_text("[project]\nname = 'inner'\n")

    assert resolved(start=inner).settings.seed == 4
    assert resolved(start=inner).settings.baseline == project / "known.json"


def test_a_known_failure_is_accepted_until_a_day(fuzz, project, capsys):
    narrow = ("--only-faults", "truncate", "--max-examples", "12")
    code, _, report = fuzz(*narrow)
    ids = [one["failure"]["id"] for one in report["campaigns"][0]["failures"]]
    for failure in ids:
        assert (
            run_command(["accept", failure, "--reason", "the new parser fixes it", "--until", TOMORROW]) == 0
        )
    capsys.readouterr()
    again, said, accepted = fuzz(*narrow)

    assert (code, again) == (1, 0)
    assert len(accepted["campaigns"][0]["accepted"]) == len(ids)
    assert accepted["campaigns"][0]["failures"] == []
    for failure in ids:
        assert re.search(rf"{failure} .* until {TOMORROW}: the new parser fixes it", " ".join(said.split()))
    assert run_command(["replay", *ids]) == 0
    named = spoken(report["campaigns"][0]["failures"][0]["failure"]["fingerprint"])
    assert f"ACCEPTED  {named}" in capsys.readouterr().out


def test_an_acceptance_that_has_passed_counts_no_more(fuzz, project, capsys):
    narrow = ("--only-faults", "truncate", "--max-examples", "12")
    _, _, report = fuzz(*narrow)
    failure = report["campaigns"][0]["failures"][0]["failure"]["id"]
    run_command(["accept", failure, "--reason", "soon", "--until", TOMORROW])
    path = project / ".agent_chaos" / "accepted.json"
    path.write_text(path.read_text().replace(TOMORROW, "2020-01-31"))
    code, said, _ = fuzz(*narrow)

    assert code == 1
    assert "accepted until 2020-01-31, which has passed: soon" in " ".join(said.split())
    assert run_command(["replay", failure]) == 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--reason", " ", "--until", TOMORROW), "--reason: say why"),
        (("--reason", "x", "--until", "soon"), "--until soon: expected a day, as 2027-01-31"),
        (("--reason", "x", "--until", "2020-01-31"), "--until 2020-01-31: has passed; today is"),
        (("--reason", "x"), "expected a day, as 2027-01-31"),
    ],
    ids=["reason", "day", "passed", "missing"],
)
def test_an_acceptance_needs_a_reason_and_a_day_to_come(fuzz, capsys, options, words):
    _, _, report = fuzz("--only-faults", "truncate", "--max-examples", "6")
    failure = report["campaigns"][0]["failures"][0]["failure"]["id"]

    assert run_command(["accept", failure, *options]) == 2
    assert words in capsys.readouterr().err


def test_a_space_restricts_the_search(fuzz, project):
    (project / "spaces.py").write_text(
        "from agent_chaos import ChaosSpace\nspace = ChaosSpace.llm_focused()\n"
    )
    _, _, report = fuzz("--space", "spaces.py:space", "--max-examples", "20")

    assert fired(report) == {
        *("rate_limit", "timeout_before_headers", "server_error", "auth_error", "context_length")
    }


def test_coverage_is_shown_and_kept(fuzz):
    _, said, report = fuzz(
        "--only-faults", "truncate,wrong_content_type", "--max-examples", "8", "--coverage"
    )
    rows = {row["kind"]: row for row in report["campaigns"][0]["coverage"]}

    assert rows["truncate"]["fired"] > 0
    assert re.search(r"^truncate +\d+ +\d+ +\d+ +\d+ *$", said, re.MULTILINE)
    assert re.search(r"^wrong content type +0 +0 +0 +0  no reply has what it changes$", said, re.MULTILINE)
    assert re.search(r"^\d+ more +left out by the selection$", said, re.MULTILINE)


def test_every_single_fault_is_run_and_the_result_said_in_one_line(fuzz, project):
    shop.write_project(project, "careful")
    code, said, report = fuzz("--exhaustive", "1", "--only-faults", "server,truncation")
    done = report["campaigns"][0]

    assert code == 0
    assert done["conclusion"] in said
    assert done["conclusion"].startswith(
        f"none of the chosen faults breaks this agent ({done['figures']['examples']} runs, "
    )


def test_two_ways_to_run_everything_are_one_too_many(fuzz):
    code, said, _ = fuzz("--exhaustive", "1", "--until-covered")

    assert code == 2
    assert "leave out --until-covered" in said


def test_the_report_says_why_a_search_ended_early_and_counts_only_its_own_examples(fuzz):
    _, said, report = fuzz("--only-faults", "truncate", "--until-stale", "2", "-v")
    _, again, _ = fuzz("--only-faults", "truncate", "--max-examples", "1", "-q")
    figures = report["campaigns"][0]["figures"]

    assert f"Ended     after {figures['examples']} examples: the last" in said
    assert re.search(r"^1 example: ", again, re.MULTILINE)
    assert all(one["examples"] <= figures["failures"] for one in report["campaigns"][0]["findings"])
    assert re.search(r" 1 example, \d ways ", " ".join(again.split()))


def test_findings_of_the_latest_campaign_are_shown_by_number_or_all_in_full(fuzz, capsys):
    _, _, report = fuzz("--only-faults", "truncate", "--max-examples", "8")
    first, *_ = report["campaigns"][0]["findings"]

    assert run_command(["show", "1"]) == 0
    assert f"{first['failures'][0]}  {first['headline']}" in capsys.readouterr().out
    assert run_command(["show", "--full"]) == 0
    assert capsys.readouterr().out.count("Timeline") == len(report["campaigns"][0]["findings"])
    assert run_command(["show", "99"]) == 2
    assert "has 1 finding" in capsys.readouterr().err


def test_a_page_is_written_beside_the_report_for_people(fuzz, project):
    _, said, _ = fuzz("--html", "out/report.html", "--max-examples", "1", "--only-faults", "truncate")

    assert (project / "out" / "report.html").read_text().startswith("<!doctype html>")
    assert "1 example" in said
