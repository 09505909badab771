"""What a fault changed of a call is marked line by line."""

from agent_chaos.ui.compared import compared


def test_the_lines_that_differ_are_marked_on_both_sides():
    was, now = compared({"amount": 1500, "order": "A-17"}, {"amount": 15, "order": "A-17"})

    assert [line.strip() for line, differs in was if differs] == ['"amount": 1500,']
    assert [line.strip() for line, differs in now if differs] == ['"amount": 15,']
    assert [line for line, _ in was] == ["{", '  "amount": 1500,', '  "order": "A-17"', "}"]


def test_what_has_nothing_beside_it_or_is_too_long_is_not_compared():
    assert compared(None, "x") == ([], [])
    assert compared("x\n" * 301, "x") == ([], [])


def test_control_characters_are_shown_and_do_not_part_lines():
    (line,), _ = compared("a\x1b[31m\u2028b", "")

    assert line == ("a⟨U+001B⟩[31m\u2028b", True)
