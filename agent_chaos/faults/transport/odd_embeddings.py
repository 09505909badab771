"""Embeddings of another shape: a family of faults of the list of vectors, which SDKs pass on unchecked."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from math import nan
from typing import Any, ClassVar, Literal

from agent_chaos.faults.family import EMBEDDINGS, Family, Frequency
from agent_chaos.faults.fault import Choice, Target, TransportFault
from agent_chaos.providers.embeddings import Embeddings, embeddings_of
from agent_chaos.providers.json_values import fields
from agent_chaos.stream.exchange import Reply


class _OddEmbeddings(TransportFault, ABC):
    """A whole reply with vectors whose entries are other ones."""

    family: ClassVar[Family] = EMBEDDINGS
    needs: ClassVar[frozenset[str]] = frozenset({"embeddings"})

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        api = embeddings_of(target.request)
        entries = api.entries(target.reply) if api else ()
        return cls.choices(entries) if entries else ()

    @classmethod
    @abstractmethod
    def choices(cls, entries: Sequence[Any]) -> tuple[Choice, ...]:
        """The openings at these entries, of which there is at least one."""

    @abstractmethod
    def changed(self, api: Embeddings, entries: Sequence[Any]) -> Sequence[Any]:
        """The entries to send instead."""

    def apply(self, target: Target) -> Reply:
        api = embeddings_of(target.request)
        mine = self.model_dump(exclude={"kind"})
        if api is None or mine not in self.openings(target):
            return target.reply
        # Thousands of numbers are slow to read and write, and each trial asks for the same again.
        return target.reply.derived(
            self, lambda: api.with_entries(target.reply, self.changed(api, api.entries(target.reply)))
        )


class FewerVectors(_OddEmbeddings, frozen=True):
    """Fewer vectors than texts: the last one is missing, or there is one for all of them.

    Source: getzep/graphiti#1848, ROCm/FastFlowLM#373 (one vector for every batch), mem0ai/mem0#5966 (texts dropped by `zip`).
    """

    frequency = Frequency.SOMETIMES
    try_first = ("one",)

    kind: Literal["fewer_vectors"] = "fewer_vectors"
    kept: Literal["all_but_last", "one"]

    @classmethod
    def choices(cls, entries: Sequence[Any]) -> tuple[Choice, ...]:
        kept = ("all_but_last", "one")[: max(0, len(entries) - 1)]  # of two vectors both leave the same one
        return tuple({"kept": one} for one in kept)

    def changed(self, api: Embeddings, entries: Sequence[Any]) -> Sequence[Any]:
        return entries[:1] if self.kept == "one" else entries[:-1]

    def describe(self) -> str:
        return f"fewer vectors than texts: {'one for all' if self.kept == 'one' else 'the last is missing'}"


class ReorderedVectors(_OddEmbeddings, frozen=True):
    """The vectors in another order than the texts; `index` tells which belongs to which.

    Source: chroma-core/chroma#344, pydantic/pydantic-ai#7284, norrietaylor/distillery#601.
    """

    frequency = Frequency.HOSTILE
    needs = frozenset({"embeddings", "index"})
    transparent = True

    kind: Literal["reordered_vectors"] = "reordered_vectors"

    @classmethod
    def choices(cls, entries: Sequence[Any]) -> tuple[Choice, ...]:
        numbers = [fields(entry).get("index") for entry in entries]
        return ({},) if len(entries) > 1 and numbers == list(range(len(entries))) else ()

    def changed(self, api: Embeddings, entries: Sequence[Any]) -> Sequence[Any]:
        return [*entries[1:], entries[0]]  # none stays where it was, as the middle one would in reverse

    def describe(self) -> str:
        return "the vectors come in another order than the texts; their `index` tells"


class OtherDimension(_OddEmbeddings, frozen=True):
    """Vectors of half or twice the dimension, as from another model, or where `dimensions` is not heeded.

    Source: gunpal5/Google_GenerativeAI#95 (3072 for 1536), stargate/data-api#2562, langchain-ai/langchain-pinecone#148.
    """

    frequency = Frequency.SOMETIMES

    kind: Literal["other_dimension"] = "other_dimension"
    size: Literal["half", "double"]

    @classmethod
    def choices(cls, entries: Sequence[Any]) -> tuple[Choice, ...]:
        return ({"size": "half"}, {"size": "double"})

    def changed(self, api: Embeddings, entries: Sequence[Any]) -> Sequence[Any]:
        return [api.with_vector(entry, self._resized(api.vector(entry))) for entry in entries]

    def _resized(self, vector: Sequence[float]) -> Sequence[float]:
        return vector[: (len(vector) + 1) // 2] if self.size == "half" else (*vector, *vector)

    def describe(self) -> str:
        return f"the vectors have {'half' if self.size == 'half' else 'twice'} the dimension"


class EmptyVector(_OddEmbeddings, frozen=True):
    """A vector that says nothing: zeros, or NaN (`null` in a list, the float itself in base64); the first one, or all.

    Source: ollama/ollama#17878, ggml-org/llama.cpp#23509 (zeros), jundot/omlx#3545, huggingface/text-embeddings-inference#51
    (`null`), ggml-org/llama.cpp#13854.
    """

    frequency = Frequency.SOMETIMES
    try_first = ("nan",)

    kind: Literal["empty_vector"] = "empty_vector"
    holds: Literal["zeros", "nan"]
    place: Literal["first", "all"]

    @classmethod
    def choices(cls, entries: Sequence[Any]) -> tuple[Choice, ...]:
        places = ("first", "all") if len(entries) > 1 else ("all",)
        return tuple({"holds": holds, "place": place} for place in places for holds in ("zeros", "nan"))

    def changed(self, api: Embeddings, entries: Sequence[Any]) -> Sequence[Any]:
        struck = 1 if self.place == "first" else len(entries)
        return [*(self._emptied(api, entry) for entry in entries[:struck]), *entries[struck:]]

    def _emptied(self, api: Embeddings, entry: Any) -> Any:
        return api.with_vector(entry, [nan if self.holds == "nan" else 0.0] * len(api.vector(entry)))

    def describe(self) -> str:
        which = "the first vector is" if self.place == "first" else "every vector is"
        return f"{which} {'NaN' if self.holds == 'nan' else 'zero'} throughout"


class NoVectors(_OddEmbeddings, frozen=True):
    """An empty list where the vectors stand.

    Source: assafelovic/gpt-researcher#1526 (the SDK's "No embedding data received").
    """

    frequency = Frequency.SOMETIMES

    kind: Literal["no_vectors"] = "no_vectors"

    @classmethod
    def choices(cls, entries: Sequence[Any]) -> tuple[Choice, ...]:
        return ({},)

    def changed(self, api: Embeddings, entries: Sequence[Any]) -> Sequence[Any]:
        return []

    def describe(self) -> str:
        return "an empty list where the vectors stand"
