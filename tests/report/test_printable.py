"""Nothing that a model, tool or server says can steer a terminal."""

import pytest

from agent_chaos.report.printable import bytes_as_text, call_text, clipped, printable, seconds


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain, even [bold]markup[/]", "plain, even [bold]markup[/]"),
        ("\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"),
        ("\x1b]8;;http://evil\x07link", "\\x1b]8;;http://evil\\x07link"),
        ("a\r\nb\tc", "a\\r\\nb\\tc"),
        ("\x9b2J", "\\x9b2J"),
        ("abc\u202egpj.exe", "abc\\u202egpj.exe"),
        ("\ud800", "\\ud800"),
        ("über 東京 👩‍💻", "über 東京 👩‍💻"),
    ],
    ids=["markup", "colour", "hyperlink", "lines", "C1", "direction", "lone surrogate", "unicode"],
)
def test_controls_are_spelled_out(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_every_control_character_is_spelled_out() -> None:
    controls = [chr(code) for code in (*range(0x20), *range(0x7F, 0xA0))]

    assert all(printable(control).isprintable() for control in controls)


def test_clipping_keeps_the_limit_even_where_controls_grow() -> None:
    assert clipped("\x1b" * 50, 20) == "\\x1b" * 4 + "\\x1" + "…"


def test_bytes_that_are_not_text_are_spelled_out() -> None:
    assert bytes_as_text(b"ok \xff") == "ok \\xff"


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.0, "0 s"), (0.84, "0.84 s"), (2.0, "2 s"), (1800.0, "1,800 s"), (1800.4, "1,800 s")],
)
def test_durations_read_naturally(value: float, shown: str) -> None:
    assert seconds(value) == shown


def test_a_tool_call_reads_as_code() -> None:
    assert call_text("pay", {"to": "Zoë", "amount": 15}) == 'pay(to="Zoë", amount=15)'
