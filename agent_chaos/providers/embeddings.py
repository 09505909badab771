"""Embeddings: texts in, a vector for each out. No model turn is in them, so that they are no `WireProtocol` but known by this."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from struct import pack, unpack
from typing import Any

from agent_chaos.providers.json_values import fields, items, text_of, value_at
from agent_chaos.providers.parts.frames import with_json
from agent_chaos.stream.exchange import Reply, Request

_FLOAT_BYTES = 4
"""Base64 holds vectors as little-endian floats of 32 bits."""


@dataclass(frozen=True, slots=True)
class Embeddings:
    """How an API asks for vectors and gives them.

    Attributes:
        name: as in `openai_embeddings`.
        path: what its requests' paths end with, as a pattern.
        many: where in a reply the list of entries stands, one for each text: keys with dots between; '' where there is none.
        one: the key of the single entry of a request that has no list of texts; '' where every reply has a list.
        values: where in an entry its vector stands, in the same way; '' where the entry is the vector.
        keys: by the end of a path that other APIs have, too: the key that its requests have there.
        carries: what faults may need of it: `embeddings`, and `index` where each entry says which text it belongs to.
    """

    name: str
    path: str
    many: str
    one: str
    values: str
    carries: frozenset[str]
    keys: Mapping[str, str] = field(default_factory=dict)

    def speaks(self, request: Request) -> bool:
        """Whether a request asks this API."""
        if not re.search(self.path + r"\Z", request.path):
            return False
        here = [key for end, key in self.keys.items() if request.path.endswith(end)]
        return all(key in fields(request.json) for key in here)

    def model(self, request: Request) -> str:
        """The model that a request names, or ''."""
        in_path = re.search(r"/models/([^/:]+):", request.path)
        return in_path[1] if in_path else text_of(fields(request.json).get("model"))

    def entries(self, reply: Reply) -> tuple[Any, ...]:
        """The entries of a reply, in its order; none where it is an error, or one of them has no vector."""
        body = fields(reply.json) if reply.ok else {}
        found = items(value_at(body, self.many)) or [body.get(self.one)]
        return tuple(found) if all(self.vector(one) for one in found) else ()

    def vector(self, entry: Any) -> tuple[float, ...]:
        """The numbers of an entry, from a list or from base64; none where it holds anything else."""
        held = value_at(entry, self.values)
        if not isinstance(held, str):
            found = items(held)
            return tuple(found) if all(isinstance(one, int | float) for one in found) else ()
        try:
            raw = b64decode(held, validate=True)
        except ValueError:
            return ()
        count, rest = divmod(len(raw), _FLOAT_BYTES)
        return () if rest else unpack(f"<{count}f", raw)

    def with_vector(self, entry: Any, vector: Sequence[float]) -> Any:
        """The entry with another vector, written as its own is. In a list NaN is `null`, as most JSON writers have it."""
        if isinstance(value_at(entry, self.values), str):
            held: Any = b64encode(pack(f"<{len(vector)}f", *vector)).decode()
        else:
            # Of all numbers NaN alone differs from itself.
            held = [number if number == number else None for number in vector]
        return _put(entry, self.values.split("."), held) if self.values else held

    def with_entries(self, reply: Reply, entries: Sequence[Any]) -> Reply:
        """The reply with other entries, the rest as the server wrote it; where it has no list, the first of them or nothing."""
        whole = fields(reply.json)
        if self.many and value_at(whole, self.many) is not None:
            return with_json(reply, _put(whole, self.many.split("."), list(entries)))
        nothing: Any = {} if self.values else []
        return with_json(reply, {**whole, self.one: entries[0] if entries else nothing})


def _put(whole: Any, keys: Sequence[str], value: Any) -> Any:
    """An object with another value under keys that lead into it."""
    first, *rest = keys
    return {**whole, first: _put(whole[first], rest, value) if rest else value}


# The first that knows a path has it: Ollama's `/api/embeddings` ends as OpenAI's own does.
EMBEDDINGS_APIS = (
    Embeddings(
        "ollama_embeddings",
        r"/api/embed(dings)?",
        many="embeddings",
        one="embedding",
        values="",
        carries=frozenset({"embeddings"}),
        # Gateways serve OpenAI's API under that path, with `input`.
        keys={"/api/embeddings": "prompt"},
    ),
    Embeddings(
        "cohere_embeddings",
        r"/v2/embed",
        many="embeddings.float",
        one="",
        values="",
        carries=frozenset({"embeddings"}),
    ),
    Embeddings(
        "vertex_embeddings",
        r"/models/[^/:]*embedding[^/:]*:predict",
        many="predictions",
        one="",
        values="embeddings.values",
        carries=frozenset({"embeddings"}),
    ),
    Embeddings(
        "openai_embeddings",
        r"/embeddings/?",
        many="data",
        one="",
        values="embedding",
        carries=frozenset({"embeddings", "index"}),
    ),
    Embeddings(
        "gemini_embeddings",
        r":(embedContent|batchEmbedContents)",
        many="embeddings",
        one="embedding",
        values="values",
        carries=frozenset({"embeddings"}),
    ),
)
"""Those that are known; servers of other vendors speak OpenAI's.

Sources: https://docs.ollama.com/api/embed, https://docs.cohere.com/reference/embed,
https://docs.cloud.google.com/vertex-ai/generative-ai/docs/model-reference/text-embeddings-api.
"""


def embeddings_of(request: Request) -> Embeddings | None:
    """The API of embeddings that a request speaks, on any host; None where it asks for something else."""
    if request.method.upper() != "POST":
        return None
    return next((one for one in EMBEDDINGS_APIS if one.speaks(request)), None)
