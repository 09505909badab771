"""Chooses scenarios by their names and tags, as pytest's `-k` does: `-k "refund and not slow"`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from agent_chaos.errors import UsageError
from agent_chaos.scenario.loader import Loaded
from agent_chaos.scenario.model import Scenario

_WORD = re.compile(r"\s*([()]|[^\s()]+)")
_Test = Callable[[tuple[str, ...]], bool]


@dataclass(frozen=True, slots=True)
class Selector:
    """Which scenarios are wanted; without an expression and tags all.

    Args:
        expression: words that stand in a scenario's name or in one of its tags, whatever their case, joined by `and`,
            `or`, `not` and parentheses.
        tags: a scenario needs all of them.
    """

    expression: str = ""
    tags: tuple[str, ...] = ()

    def of(self, every: Iterable[Loaded]) -> list[Loaded]:
        """Those that are wanted. Raises UsageError for an expression that is none, and where nothing is left."""
        # A list first: it is gone through three times, and may be a generator.
        loaded = list(every)
        test = _parsed(self.expression)
        chosen = [one for one in loaded if self._tagged(one.scenario) and test(_names(one.scenario))]
        if loaded and not chosen:
            raise UsageError(f"{self}: none of {len(loaded)} scenarios; {_known(loaded)}")
        return chosen

    def __bool__(self) -> bool:
        return bool(self.expression or self.tags)

    def __str__(self) -> str:
        said = [f"-k {self.expression!r}"] if self.expression else []
        return " ".join([*said, *(f"--tag {tag}" for tag in self.tags)])

    def _tagged(self, scenario: Scenario) -> bool:
        return set(self.tags) <= set(scenario.tags)


EVERY = Selector()
"""Wants all scenarios."""


def _names(scenario: Scenario) -> tuple[str, ...]:
    return tuple(text.lower() for text in (scenario.name, *scenario.tags))


def _known(loaded: list[Loaded]) -> str:
    names = [one.scenario.name for one in loaded]
    shown = ", ".join(names[:8]) + (", …" if len(names) > 8 else "")
    tags = sorted({tag for one in loaded for tag in one.scenario.tags})
    return f"names: {shown}; tags: {', '.join(tags) or 'none'}"


def _parsed(expression: str) -> _Test:
    """Raises UsageError, which names the place where the expression makes no sense."""
    if not expression.strip():
        return lambda names: True
    # The empty word stands for the end, so that no step has to ask whether there is a next one.
    words = [*_words(expression), ""]
    test = _either(words, expression)
    if words[0]:
        raise _senseless(expression, words[0])
    return test


def _words(expression: str) -> Iterator[str]:
    for found in _WORD.finditer(expression):
        yield found[1].lower()


def _either(words: list[str], whole: str) -> _Test:
    parts = _joined_by("or", _both, words, whole)
    return lambda names: any(part(names) for part in parts)


def _both(words: list[str], whole: str) -> _Test:
    parts = _joined_by("and", _one, words, whole)
    return lambda names: all(part(names) for part in parts)


def _joined_by(
    word: str, read: Callable[[list[str], str], _Test], words: list[str], whole: str
) -> list[_Test]:
    parts = [read(words, whole)]
    while words[0] == word:
        words.pop(0)
        parts.append(read(words, whole))
    return parts


def _one(words: list[str], whole: str) -> _Test:
    word = words[0]
    if word in ("", "and", "or", ")"):
        raise _senseless(whole, word)
    words.pop(0)
    if word == "not":
        # `not` binds closest, as in Python and in pytest.
        other = _one(words, whole)
        return lambda names: not other(names)
    if word == "(":
        inner = _either(words, whole)
        if words[0] != ")":
            raise _senseless(whole, words[0])
        words.pop(0)
        return inner
    return lambda names: any(word in name for name in names)


def _senseless(whole: str, word: str) -> UsageError:
    found = f"{word!r} makes no sense there" if word else "something is missing at its end"
    return UsageError(f"-k {whole!r}: {found}; write words with and, or, not and parentheses")
