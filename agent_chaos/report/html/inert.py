"""Text of models and tools, made harmless to look at: what would act on a screen is shown as what it is."""

from __future__ import annotations

import json
import re
from typing import Any

_ACTING = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufffe\uffff\ud800-\udfff]"
)


def inert(value: Any) -> str:
    """Text with control characters, escape sequences and direction marks as `⟨U+001B⟩`; other values as JSON."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2, default=str)
    return _ACTING.sub(lambda found: f"⟨U+{ord(found[0]):04X}⟩", text)
