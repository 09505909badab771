"""Where keys of known shape lie in text: our own list of what agents carry, beside a published one.

`published_rules.json` is the rule set of gitleaks (MIT, see `LICENSE.gitleaks`), in Python's dialect and with bounded
repetition. A shape starts and ends where a word does, so that an ordinary id is never cut, and none is looked for inside
of base64. Every pattern runs in linear time, whatever the text.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from math import log2
from typing import Final

START: Final = r"(?:(?<![A-Za-z0-9_-])|(?<=\\[nrtbf])|(?<=%[0-9A-Fa-f]{2})|(?<=\\u[0-9A-Fa-f]{4}))"
END: Final = r"(?![A-Za-z0-9])"
_OWN: Final = (
    ("sk-", r"sk-(?:ant|proj|svcacct|admin|or|lf|None)-[A-Za-z0-9_-]{16,}"),
    ("sk-", r"sk-(?=[A-Za-z0-9_-]{0,200}[0-9])[A-Za-z0-9_-]{20,}"),
    ("sk_", r"sk_[a-f0-9]{48}"),
    ("aiza", r"AIza[A-Za-z0-9_-]{30,}"),
    ("ya29.", r"ya29\.[A-Za-z0-9_-]{20,}(?:\.[A-Za-z0-9_-]{1,2000})?"),
    ("aq.", r"AQ\.[A-Za-z0-9_-]{30,}"),
    ("1//0", r"1//0[A-Za-z0-9_-]{30,}"),
    ("gocspx-", r"GOCSPX-[A-Za-z0-9_-]{20,}"),
    ("gh", r"gh[pousr]_[A-Za-z0-9]{30,}"),
    ("github_pat_", r"github_pat_[A-Za-z0-9_]{30,}"),
    ("glpat-", r"gl(?:pat|ptt|rt|dt|cbt)-[A-Za-z0-9_.-]{20,}"),
    ("akia", r"AKIA[A-Z0-9]{16}"),
    ("asia", r"ASIA[A-Z0-9]{16}"),
    ("xox", r"xox[abeoprs]-[A-Za-z0-9-]{10,}"),
    ("xapp-", r"xapp-[A-Za-z0-9-]{10,}"),
    ("hooks.slack.com/", r"hooks\.slack\.com/(?:services|workflows|triggers)/[A-Za-z0-9/_-]{20,}"),
    ("hf_", r"hf_[A-Za-z0-9]{30,}"),
    ("gsk_", r"gsk_[A-Za-z0-9]{30,}"),
    ("pplx-", r"pplx-[A-Za-z0-9]{30,}"),
    ("xai-", r"xai-[A-Za-z0-9]{30,}"),
    ("tvly-", r"tvly-[A-Za-z0-9-]{20,}"),
    ("r8_", r"r8_[A-Za-z0-9]{30,}"),
    ("fw_", r"fw_[A-Za-z0-9]{20,}"),
    ("csk-", r"csk-[A-Za-z0-9]{30,}"),
    ("tgp_v1_", r"tgp_v1_[A-Za-z0-9_-]{30,}"),
    ("nvapi-", r"nvapi-[A-Za-z0-9_-]{30,}"),
    ("pa-", r"pa-[A-Za-z0-9_-]{40,}"),
    ("lsv2_", r"lsv2_[a-z]{2}_[A-Za-z0-9_]{30,}"),
    ("e2b_", r"e2b_[A-Za-z0-9]{30,}"),
    ("jina_", r"jina_[A-Za-z0-9_-]{30,}"),
    ("hv", r"hv[sbr]\.[A-Za-z0-9_-]{20,}"),
    ("_live_", r"(?:sk|rk|pk)_live_[A-Za-z0-9]{16,}"),
    ("_test_", r"(?:sk|rk)_test_[A-Za-z0-9]{16,}"),
    ("whsec_", r"whsec_[A-Za-z0-9+/=]{20,}"),
    ("sg.", r"SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{30,}"),
    ("npm_", r"npm_[A-Za-z0-9]{30,}"),
    ("pypi-", r"pypi-AgE[A-Za-z0-9_-]{40,}"),
    ("_v1_", r"do[opr]_v1_[a-f0-9]{60,}"),
    ("shp", r"shp(?:at|ca|pa|ss)_[A-Fa-f0-9]{32,}"),
    ("lin_", r"lin_(?:api|oauth)_[A-Za-z0-9]{30,}"),
    ("ntn_", r"ntn_[A-Za-z0-9]{40,}"),
    ("secret_", r"secret_[A-Za-z0-9]{40,}"),
    ("dapi", r"dapi[a-f0-9]{32}(?:-\d)?"),
    ("key-", r"key-[a-f0-9]{32}"),
    (":aa", r"(?:bot)?\d{8,11}:AA[A-Za-z0-9_-]{32,}"),
    ("/webhooks/", r"discord(?:app)?\.com/api/webhooks/\d{15,20}/[A-Za-z0-9_-]{40,}"),
    ("pcsk_", r"pcsk_[A-Za-z0-9]{4,8}_[A-Za-z0-9]{40,}"),
    ("fc-", r"fc-[a-f0-9]{32}"),
    ("pat", r"pat[A-Za-z0-9]{14}\.[a-f0-9]{64}"),
    ("figd_", r"figd_[A-Za-z0-9_-]{36,}"),
    ("sbp_", r"sbp_[a-f0-9]{40}"),
    ("sb_secret_", r"sb_secret_[A-Za-z0-9_-]{20,}"),
    ("vercel_blob_rw_", r"vercel_blob_rw_[A-Za-z0-9]{10,}_[A-Za-z0-9]{20,}"),
    ("atatt3", r"ATATT3[A-Za-z0-9_=-]{60,}"),
    ("sk", r"SK[a-f0-9]{32}"),
    ("jqqj", r"[A-Za-z0-9]{52}JQQJ9[A-Za-z0-9]{26,30}"),
    ("org-", r"org-[A-Za-z0-9]{20,}"),
    ("proj_", r"proj_[A-Za-z0-9]{20,}"),
    ("eyj", r"eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}"),
)
_PEM: Final = r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY(?: BLOCK)?-----[^-]{1,20000}(?:-----END [A-Z ]{0,30}KEY(?: BLOCK)?-----)?"
_PPK: Final = r"Private-Lines: \d{1,3}[\s\\rn]{1,8}[A-Za-z0-9+/=][A-Za-z0-9+/=\s\\]{16,20000}"
"""PuTTY's files."""
_OPAQUE_CHARS: Final = re.compile(r"[A-Za-z0-9+/]{0,64}")
_SHORTEST: Final = 16
"""No key is shorter."""
_OPAQUE: Final = 64
"""This much more base64 around a match, and the match is chance."""


@dataclass(frozen=True, slots=True)
class KeyShape:
    """A kind of key. It is looked for only where one of its `hints` stands; `entropy` is the least per character."""

    hints: tuple[str, ...]
    pattern: str
    entropy: float = 0.0

    def spans(self, text: str) -> Iterator[tuple[int, int]]:
        for match in _compiled(self.pattern).finditer(text):
            # Published rules match what stands around a key, too, and have the key in a group.
            group = match.lastindex or 0
            start, end = match.span(group)
            if entropy(text[start:end]) >= self.entropy and not _inside_base64(text, start, end):
                yield start, end


def relevant(text: str) -> Sequence[KeyShape]:
    """The shapes whose hints stand somewhere in a text."""
    if len(text) < _SHORTEST:
        return ()
    lower = text.lower()
    hinted = [shapes for hint, shapes in _by_hint().items() if hint in lower]
    return list(dict.fromkeys(shape for shapes in hinted for shape in shapes))


def entropy(text: str) -> float:
    """Shannon entropy in bits per character."""
    size = len(text)
    return -sum(count / size * log2(count / size) for count in Counter(text).values()) if size else 0.0


@cache
def _by_hint() -> dict[str, list[KeyShape]]:
    found: dict[str, list[KeyShape]] = {}
    for shape in (*_own(), *_published()):
        for hint in shape.hints:
            found.setdefault(hint, []).append(shape)
    return found


def _own() -> Iterator[KeyShape]:
    yield KeyShape(("private key",), _PEM)
    yield KeyShape(("private-lines:",), _PPK)
    yield from (KeyShape((hint,), f"{START}{pattern}{END}") for hint, pattern in _OWN)


def _published() -> Iterator[KeyShape]:
    data = json.loads(resources.files(__package__).joinpath("published_rules.json").read_text("utf-8"))
    return (KeyShape(tuple(rule["hints"]), rule["pattern"], rule["entropy"]) for rule in data["rules"])


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def _inside_base64(text: str, start: int, end: int) -> bool:
    # Backwards, to count from the match.
    # In an image's base64 every short shape comes up by chance.
    before = _OPAQUE_CHARS.match(text[max(0, start - _OPAQUE) : start][::-1])
    after = _OPAQUE_CHARS.match(text, end)
    return (len(before[0]) if before else 0) + (len(after[0]) if after else 0) >= _OPAQUE
