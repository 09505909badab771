"""Fresh ids for replies that are served again: same shape and length, a function of (exchange, serving) alone."""

from __future__ import annotations

import hashlib
import re

from agent_chaos.providers.protocol import WireProtocol
from agent_chaos.stream.exchange import Reply, rechunked

_ALPHABETS = (
    (re.compile(r"[0-9]+"), "0123456789"),
    (re.compile(r"[0-9a-f]+"), "0123456789abcdef"),
    (re.compile(r"[0-9A-Za-z]+"), "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"),
)
_PREFIX = re.compile(r"^[A-Za-z]+[_-](?:[a-z]+_)?")
_WORD = re.compile(r"[0-9A-Za-z]+")


def minted(reply: Reply, protocol: WireProtocol, salt: str) -> tuple[Reply, dict[str, str]]:
    """The reply with every id the provider minted replaced, and the map from new ids to recorded ones."""
    fresh = {old: fresh_id(old, salt) for old in protocol.ids(reply) if old}
    body = reply.body
    for old, new in sorted(fresh.items(), key=lambda pair: -len(pair[0])):
        body = body.replace(old.encode(), new.encode())
    return rechunked(reply, body), {new: old for old, new in fresh.items() if new != old}


def fresh_id(old: str, salt: str) -> str:
    """An id like `old`: same prefix, punctuation, alphabet and length."""
    prefix = match.group() if (match := _PREFIX.match(old)) and match.end() < len(old) else ""
    stream = hashlib.shake_256(f"{salt}:{old}".encode()).digest(len(old.encode()) * 2)
    rest = old[len(prefix) :]
    alphabet = next((letters for shape, letters in _ALPHABETS if shape.fullmatch(rest.replace("-", ""))), "")
    alphabet = alphabet or _ALPHABETS[-1][1]
    drawn = (alphabet[byte % len(alphabet)] for byte in stream)
    return prefix + "".join(next(drawn) if _WORD.fullmatch(letter) else letter for letter in rest)
