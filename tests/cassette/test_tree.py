"""The conversation of a cassette as a tree, on every protocol."""

from pathlib import Path

import pytest

from agent_chaos.cassette.storage.file import open_cassette
from agent_chaos.cassette.tree import grow, tree_lines
from tests.cassette.made import answering, asking, writer_at

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("name", ["refund", "support", "research", "trip"])
def test_a_conversation_goes_straight_down(name):
    cassette = open_cassette(ROOT / "cassettes" / f"{name}.msgpack")
    (node,) = grow(cassette)
    indexes = [node.exchange.index]
    while node.children:
        (node,) = node.children
        indexes.append(node.exchange.index)

    assert indexes == [exchange.index for exchange in cassette.exchanges]
    assert not [line for line in tree_lines(cassette) if "─" in line]


def test_what_was_recorded_after_a_fault_is_a_branch():
    cassette = open_cassette(ROOT / "tests" / "migration" / "cassettes" / "shop-support.msgpack")
    lines = list(tree_lines(cassette))

    assert [line[:9] for line in lines] == [
        "call 0  t",
        "├─ call 1",
        "│  call 2",
        "│  call 3",
        "│  call 4",
        "└─ call 5",
        "   call 6",
        "   call 7",
        "   call 8",
        "call 9  t",
    ]
    assert "asks for lookup_order" in lines[0]
    assert "I cannot look up orders right now" in lines[5]


def test_a_long_conversation_is_one_line_of_calls(tmp_path):
    def drawn(calls):
        writer = writer_at(tmp_path / f"{calls}.msgpack")
        history = []
        for number in range(calls):
            history.append({"role": "user", "content": f"Question {number}"})
            writer.exchange(asking("", messages=list(history)), answering(), at=number, transport="httpx2")
            history.append({"role": "assistant", "content": f"Answer {number}"})
        (root,) = grow(writer.finish())
        depth = 1
        while root.children:
            (root,) = root.children
            depth += 1
        return depth

    assert drawn(40) == 40
