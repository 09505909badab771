"""The value that a line missed is read off the line, and named only where one expression can be meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent_chaos.report.agent_source.absent_value import absence_at
from agent_chaos.trace.stack_frame import StackFrame

NO_TEXT = "'NoneType' object has no attribute 'text'"
NO_ITEM = "'NoneType' object is not subscriptable"
NO_WALK = "'NoneType' object is not iterable"
NO_INDEX = "list index out of range"


@pytest.mark.parametrize(
    ("line", "message", "absent"),
    [
        ("said = reply.message.text", NO_TEXT, "reply.message is None"),
        ("said = reply.parts[0]", NO_ITEM, "reply.parts is None"),
        ("said = reply.parts[0]", NO_INDEX, "not reply.parts"),
        ("for part in reply.parts: pass", NO_WALK, "reply.parts is None"),
        ("said = one.text + other.text", NO_TEXT, ""),
        ("said = reply.parts[-1].text", NO_INDEX, "not reply.parts"),
        ("said = reply['parts'][0]['text']", NO_INDEX, "not reply['parts']"),
        ("said = reply.parts[0][1]", NO_ITEM, ""),
        ("said = reply.parts[at]", NO_INDEX, ""),
        ("said = reply.message.text", "'NoneType' object has no attribute 'name'", ""),
        ("said = reply.message.text", "boom", ""),
        ("said = (", NO_TEXT, ""),
    ],
)
def test_the_expression_without_a_value(tmp_path: Path, line: str, message: str, absent: str) -> None:
    file = tmp_path / "agent.py"
    file.write_text(f"import x\n{line}\n")

    assert absence_at(StackFrame(str(file), 2, "agent"), message) == absent


def test_no_line_tells_nothing() -> None:
    assert absence_at(None, NO_TEXT) == ""
    assert absence_at(StackFrame("<string>", 1, "agent"), NO_TEXT) == ""
