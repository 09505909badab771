"""Whether an agent says that something is missing: by what it adds, whatever language it adds it in.

Differential: what stands in an answer and neither in the clean one nor in what the model had said is the agent's own word for
what happened. Figures are no words: a cut number, or a count of fewer things, marks nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from agent_chaos.trace.trace import Answer

_TOKEN = re.compile(r"\d+(?:[.,:/-]\d+)*|[^\W\d_]+|[^\w\s]")
_FIGURE = re.compile(r"\d")


def is_marked(answer: Answer, clean: Answer, said: Iterable[str]) -> bool:
    """Whether an answer tells more than the clean one and what models had said: a word, a sign, a field, a flag."""
    told = [clean.text, *said]
    if adds_words(answer.text, told):
        return True
    return flags_more(answer, clean, told)


def flags_more(answer: Answer, clean: Answer, said: Iterable[str] = ()) -> bool:
    """Whether the fields of a structured answer tell more than those of the clean one, and what models had said."""
    return _flags_more(answer.value, clean.value, [*said, *map(str, _leaves(clean.value))])


def answers_otherwise(answer: Answer, clean: Answer) -> bool:
    """Whether an answer says something else than the clean one; one that says nothing hides nothing.

    Of a structured answer any value counts, in a field beside its text, too; a missing one does not.
    """
    if answer.text.strip():
        return answer.text.split() != clean.text.split()
    return isinstance(answer.value, dict | list) and _other_values(answer.value, clean.value)


def _other_values(value: Any, clean: Any) -> bool:
    if isinstance(value, dict) and isinstance(clean, dict):
        return any(_other_values(inner, clean.get(name)) for name, inner in value.items())
    return value not in (None, "", [], {}) and bool(value != clean)


def says_more(arguments: Any, usual: Iterable[Any], said: Iterable[str]) -> bool:
    """Whether a tool's arguments have a word or a sign that neither its usual ones nor the model had."""
    known = [str(leaf) for one in usual for leaf in _leaves(one)]
    return adds_words(" ".join(str(leaf) for leaf in _leaves(arguments)), [*known, *said])


def adds_words(text: str, known: Iterable[str]) -> bool:
    """Whether a text has a word or a sign that stands in none of the others."""
    known = list(known)
    if text in known:
        return False
    old = {token for one in known for token in _tokens(one)}
    return any(token not in old and not _is_part_of(token, old) for token in _tokens(text))


def _tokens(text: str) -> Iterator[str]:
    """Words and signs; figures are left out."""
    return (token.casefold() for token in _TOKEN.findall(text) if not _FIGURE.search(token))


def _is_part_of(token: str, old: set[str]) -> bool:
    """Whether a word is the beginning of a known one, as a reply that broke off leaves it."""
    # One letter is the beginning of some word in any text.
    return len(token) > 1 and any(known.startswith(token) for known in old)


def _flags_more(value: Any, clean: Any, known: list[str]) -> bool:
    """Whether a structured answer has another field, another flag, other words, or says something where it usually says
    nothing: a list of what is missing, a count of failures."""
    if isinstance(value, dict) and isinstance(clean, dict):
        return not set(value) <= set(clean) or any(
            _flags_more(inner, clean[name], known) for name, inner in value.items()
        )
    if isinstance(value, dict):
        # In place of a plain answer: what stands beside its text tells.
        return any(says not in (None, "", [], {}) for name, says in value.items() if name != "response")
    # A flag that changed tells, whichever way: `ok: false` and `partial: true` are both said.
    if isinstance(value, bool) or isinstance(clean, bool):
        return bool(value != clean)
    if value and not clean:
        return True
    if isinstance(value, list) and isinstance(clean, list) and len(value) == len(clean):
        return any(_flags_more(inner, usual, known) for inner, usual in zip(value, clean, strict=True))
    return isinstance(value, str) and adds_words(value, known)


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _leaves(inner)
    else:
        yield value
