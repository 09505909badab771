"""Lines of code in reports: the line itself, those around it, and no secret of theirs."""

from __future__ import annotations

import re
from pathlib import Path

from agent_chaos.report.build_record import campaign_record
from agent_chaos.report.contents.source import CodeLine, code_line
from agent_chaos.report.html.page import page
from agent_chaos.trace.stack_frame import StackFrame
from tests.report.refund_campaign import campaign

KEY = "sk-ant-api03-" + "q7Zr2Lk9" * 6
AGENT = f"""import anthropic


    # indented as in a class
    def agent(turn_input):

        client = anthropic.Anthropic(api_key="{KEY}")
        reply = client.messages.create(
            model="claude-sonnet-5", messages=[]
        )


"""


def at(folder: Path, line: int) -> CodeLine:
    file = folder / "desk.py"
    file.write_text(AGENT)
    found = code_line(StackFrame(str(file), line, "agent"))
    assert found is not None
    return found


def test_the_lines_around_one_are_shown_with_their_numbers_and_without_the_indent_they_share(
    tmp_path: Path,
) -> None:
    found = at(tmp_path, 8)

    assert found.source == 'reply = client.messages.create(model="claude-sonnet-5", messages=[])'
    assert found.around_from == 5
    assert found.around[0] == "def agent(turn_input):"
    assert found.around[found.line - found.around_from] == "    reply = client.messages.create("
    assert found.around[-1] == "    )"


def test_a_key_in_the_code_is_in_no_report(tmp_path: Path) -> None:
    assert at(tmp_path, 7).source == 'client = anthropic.Anthropic(api_key="REDACTED")'
    assert KEY not in at(tmp_path, 8).model_dump_json()


def test_a_file_that_cannot_be_read_has_no_lines(tmp_path: Path) -> None:
    found = code_line(StackFrame(str(tmp_path / "gone.py"), 3, "agent"))

    assert found is not None
    assert (found.source, found.around) == ("", ())


def test_the_page_marks_the_line_among_those_around_it(tmp_path: Path) -> None:
    record = campaign_record(campaign())
    placed = tuple(one.model_copy(update={"location": at(tmp_path, 8)}) for one in record.findings)
    shown = page([record.model_copy(update={"findings": placed})])

    assert re.findall(r'<span class="here" data-number="(\d+)">(.*)\n', shown) == [
        ("8", "    reply = client.messages.create(")
    ]


def test_a_form_feed_begins_no_line_as_it_begins_none_in_python(tmp_path: Path) -> None:
    file = tmp_path / "pages.py"
    file.write_text("first = 1\n\f\nsecond = 2\nthird = ask('\u2028')\n")

    found = code_line(StackFrame(str(file), 4, "agent"))

    assert found is not None
    assert found.around[found.line - found.around_from] == "third = ask('\u2028')"
