"""What a terminal shows is the text as it is, in lines that end where people would end them."""

import io

import pytest
from rich.table import Table
from rich.text import Text

from agent_chaos.report.console import console, put

SAID = (
    "call 0: the answer breaks off (64 % lost); 61 % of everyday faults survived (95 % interval 50 % to 71 %)"
)


def in_a_column() -> Table:
    table = Table.grid()
    table.add_column(overflow="fold")
    table.add_row(Text(SAID))
    return table


@pytest.mark.parametrize("part", [Text(SAID), in_a_column()], ids=["text", "column"])
@pytest.mark.parametrize("width", range(20, 100))
def test_no_line_ends_between_a_number_and_its_sign(part: Text | Table, width: int) -> None:
    out, file = console(), io.TextIOWrapper(io.BytesIO(), encoding="latin-1")
    out.file, out.width = file, width
    put(out, part)
    file.seek(0)
    lines = file.read().splitlines()

    assert " ".join(lines) == SAID
    assert not any(line.startswith("%") for line in lines)
