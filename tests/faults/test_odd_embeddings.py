"""Embeddings of another shape, through the real SDKs: what each does to an agent that looks up a source by its vector."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import ollama
import pytest
from google import genai
from openai import OpenAI

from agent_chaos.cassette.model import Cassette
from agent_chaos.cassette.storage.file import open_cassette
from agent_chaos.cassette.summary import call_line, show_lines
from agent_chaos.faults.fault import Target
from agent_chaos.faults.plan import Plan, fault_of
from agent_chaos.oracles.oracle import Budget, Evidence
from agent_chaos.oracles.transparent_outcome import ORACLE as TRANSPARENT_OUTCOME
from agent_chaos.providers.embeddings import embeddings_of
from agent_chaos.record.recording import record_scenario
from agent_chaos.report.contents.grouping import remedy_of
from agent_chaos.report.remedies.case import Case
from agent_chaos.scenario.model import BaselineScenario
from agent_chaos.stream.exchange import Reply, Request, reply
from agent_chaos.trial.rehearsal import Rehearsal
from tests.faults.catalogued import VECTORS, target_of
from tests.standin.said import Said
from tests.standin.server import standin
from tests.standin.vectors import DIMENSION, TEXTS, embeddings, vector_of
from tests.trials import recorded, scenario, trial

QUESTION = "What does shipping to Norway cost?"
RETURNS, SHIPPING, CARDS = TEXTS
Vector = Sequence[float]


def nearest(documents: Sequence[Vector], question: Vector) -> str:
    """The source that is nearest to a question: as many write it, with `zip` and `max`."""

    def cosine(one: Vector) -> float:
        lengths = math.sqrt(sum(x * x for x in one)) * math.sqrt(sum(x * x for x in question))
        return sum(x * y for x, y in zip(one, question, strict=False)) / lengths

    return max(zip(documents, TEXTS, strict=False), key=lambda pair: cosine(pair[0]))[1]


def openai_source(ctx: Any, text: str, *, client: OpenAI | None = None) -> str:
    with client or OpenAI(api_key="sk-stand-in-0123456789") as asked:

        def embed(texts: Sequence[str]) -> list[Vector]:
            made = asked.embeddings.create(model="text-embedding-3-small", input=list(texts))
            return [one.embedding for one in made.data]

        return nearest(embed(TEXTS), embed([text])[0])


def gemini_source(ctx: Any, text: str) -> str:
    with genai.Client(api_key="AIzaStandIn0123456789") as asked:

        def embed(texts: Sequence[str]) -> list[Vector]:
            made = asked.models.embed_content(model="gemini-embedding-001", contents=list(texts))
            return [one.values for one in made.embeddings or [] if one.values]

        return nearest(embed(TEXTS), embed([text])[0])


def ollama_source(ctx: Any, text: str) -> str:
    asked = ollama.Client(host="http://localhost:11434")
    documents, question = (
        asked.embed(model="all-minilm", input=list(texts)).embeddings for texts in (TEXTS, [text])
    )
    return nearest(documents, question[0])


AGENTS = {"openai": openai_source, "gemini": gemini_source, "ollama": ollama_source}


def given(sdk: str, texts: Sequence[str]) -> Reply:
    asked: dict[str, Any] = {"requests": [{"content": {"parts": [{"text": text}]}} for text in texts]}
    path = "/models/m:batchEmbedContents"
    if sdk == "ollama":
        path, asked = "/api/embed", {"model": "m", "input": texts}
    if sdk == "openai":
        path, asked = "/v1/embeddings", {"model": "m", "input": texts, "encoding_format": "base64"}
    return reply(200, [("content-type", "application/json")], [embeddings(path, asked) or b""], at=0.2)


@cache
def looked_up(sdk: str) -> tuple[BaselineScenario, Cassette]:
    subject = scenario(AGENTS[sdk], QUESTION)
    return subject, recorded(subject, [given(sdk, TEXTS), given(sdk, [QUESTION])])


OUTCOMES = {  # by SDK and fault: the source that the agent takes, or what is raised
    ("openai", "fewer_vectors one"): RETURNS,
    ("openai", "fewer_vectors all_but_last"): SHIPPING,
    ("openai", "empty_vector nan first"): RETURNS,
    ("openai", "empty_vector nan all"): RETURNS,
    ("openai", "empty_vector zeros first"): "ZeroDivisionError",
    ("openai", "no_vectors"): "ValueError",
    ("openai", "reordered_vectors"): RETURNS,
    ("openai", "other_dimension double"): SHIPPING,
    ("gemini", "fewer_vectors one"): RETURNS,
    ("gemini", "empty_vector zeros first"): "ZeroDivisionError",
    ("gemini", "empty_vector nan first"): "pydantic_core._pydantic_core.ValidationError",
    ("gemini", "no_vectors"): "ValueError",
    ("ollama", "fewer_vectors one"): RETURNS,
    ("ollama", "empty_vector nan first"): "pydantic_core._pydantic_core.ValidationError",
    ("ollama", "no_vectors"): "ValueError",
    ("ollama", "other_dimension double"): SHIPPING,
}
FIELDS = {"fewer_vectors": ["kept"], "empty_vector": ["holds", "place"], "other_dimension": ["size"]}


def made(words: str) -> Any:
    kind, *values = words.split()
    return fault_of({"kind": kind, **dict(zip(FIELDS.get(kind, []), values, strict=True))})


@pytest.mark.parametrize(("sdk", "words"), OUTCOMES)
def test_an_agent_that_trusts_the_list_takes_the_wrong_source_or_breaks(sdk: str, words: str) -> None:
    subject, cassette = looked_up(sdk)
    clean, trace = trial(subject, cassette), trial(subject, cassette, Plan.of([("call 0", made(words))]))
    told = trace.raised[0].type if trace.raised else trace.answers[0].text

    assert clean.answers[0].text == SHIPPING
    assert trace.fired
    assert told == OUTCOMES[sdk, words]


def test_who_takes_vectors_by_their_place_is_told_to_take_them_by_index() -> None:
    subject, cassette = looked_up("openai")
    clean, trace = (
        trial(subject, cassette),
        trial(subject, cassette, Plan.of([("call 0", made("reordered_vectors"))])),
    )
    (found,) = TRANSPARENT_OUTCOME.judge(Evidence(trace, clean, Budget(), {}))

    assert remedy_of(Case(found, trace, clean)).name == "vector_by_index"


def test_an_agent_that_takes_vectors_by_their_index_stands_another_order() -> None:
    def agent(ctx: Any, text: str) -> str:
        with OpenAI(api_key="sk-stand-in-0123456789") as asked:
            lists = [
                asked.embeddings.create(model="text-embedding-3-small", input=list(texts)).data
                for texts in (TEXTS, [text])
            ]
        documents, question = (sorted(one, key=lambda entry: entry.index) for one in lists)
        return nearest([one.embedding for one in documents], question[0].embedding)

    _, cassette = looked_up("openai")
    trace = trial(scenario(agent, QUESTION), cassette, Plan.of([("call 0", made("reordered_vectors"))]))

    assert trace.fired
    assert trace.answers[0].text == SHIPPING


def shape_of(where: Target) -> tuple[int, int]:
    """How many vectors a reply has, and of how many numbers the last one is."""
    entries = read(where)
    api = embeddings_of(where.request)
    assert api
    return len(entries), len(api.vector(entries[-1])) if entries else 0


def read(where: Target) -> Sequence[Any]:
    api = embeddings_of(where.request)
    assert api
    return api.entries(where.reply)


@pytest.mark.parametrize("form", VECTORS, ids=str)
def test_vectors_are_read_as_they_were_meant_and_written_as_the_server_does(
    form: tuple[str, bool, str],
) -> None:
    where = target_of(form)
    api = embeddings_of(where.request)
    assert api
    texts = TEXTS if form[2] != "single" else TEXTS[:1]
    again = [api.with_vector(one, api.vector(one)) for one in read(where)]

    assert api.name == form[0]
    assert api.model(where.request) in (
        "text-embedding-3-small",
        "gemini-embedding-001",
        "all-minilm",
        "embed-v4.0",
        "text-embedding-005",
    )
    assert [api.vector(one) for one in read(where)] == [pytest.approx(vector_of(text)) for text in texts]
    assert api.with_entries(where.reply, again) == where.reply
    halved = made("other_dimension half").apply(where)
    assert shape_of(Target(where.request, halved, where.protocol)) == (len(texts), DIMENSION // 2)


def test_nan_is_a_float_in_base64_and_null_in_a_list() -> None:
    base64, floats = (target_of(form) for form in VECTORS[:2])
    fault = made("empty_vector nan first")
    api = embeddings_of(base64.request)
    assert api
    first = api.entries(fault.apply(base64))[0]

    assert all(map(math.isnan, api.vector(first)))
    assert json.loads(fault.apply(floats).body)["data"][0]["embedding"] == [None] * DIMENSION


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'{"data": {}}',
        b'{"data": [1]}',
        b'{"data": [{"embedding": "?"}]}',
        b'{"data": [{"embedding": "AAAAAAA="}]}',
        b'{"data": [{"embedding": ["x"]}]}',
    ],
)
def test_what_is_no_list_of_vectors_is_left_alone(body: bytes) -> None:
    asked = Request("POST", "http://localhost:8000/v1/embeddings", body=b"{}")
    where = Target(asked, reply(200, [], [body]), target_of(VECTORS[0]).protocol)

    assert made("no_vectors").apply(where) is where.reply


@pytest.mark.parametrize(
    ("method", "url"),
    [
        ("GET", "http://localhost/v1/embeddings"),
        ("POST", "http://localhost/v1/embeddings/jobs"),
        ("POST", "https://generativelanguage.googleapis.com/v1beta/models/m:generateContent"),
    ],
)
def test_other_requests_are_no_embeddings(method: str, url: str) -> None:
    assert embeddings_of(Request(method, url)) is None


def test_a_recorded_lookup_is_named_for_what_it_is(tmp_path: Path) -> None:
    def agent(ctx: Any, text: str) -> str:
        client = OpenAI(api_key="sk-stand-in-0123456789", base_url=f"{server.url}/v1")
        source = openai_source(ctx, text, client=client)
        with OpenAI(api_key="sk-stand-in-0123456789", base_url=f"{server.url}/v1") as asked:
            return asked.responses.create(model="gpt-5", input=f"{source} {text}").output_text

    subject = BaselineScenario(name="rag", agent=agent, turns=(QUESTION,), cassette=tmp_path / "rag.msgpack")
    with standin(lambda asked: Said("12 EUR." if SHIPPING in asked.text else "?")) as server:
        record_scenario(subject)
    rehearsal = Rehearsal(subject)
    clean, cassette = rehearsal.prepare(), open_cassette(tmp_path / "rag.msgpack")
    shown = "\n".join(show_lines(cassette))

    assert clean.answers[0].text == "12 EUR."
    assert not [note for note in rehearsal.notes if "not known" in note]
    assert "/v1/embeddings text-embedding-3-small 200" in shown
    assert f"gives 3 vectors of {DIMENSION} numbers" in shown
    assert f"gives 1 vector of {DIMENSION} numbers" in shown
    assert [call_line(one).protocol for one in cassette.exchanges] == [
        "openai_embeddings",
        "openai_embeddings",
        "openai_responses",
    ]


@pytest.mark.parametrize(
    ("path", "body", "name"),
    [
        ("/api/embeddings", {"prompt": "Hm."}, "ollama_embeddings"),
        ("/api/embed", {"input": ["Hm."]}, "ollama_embeddings"),
        ("/api/embeddings", {"input": ["Hm."]}, "openai_embeddings"),
    ],
)
def test_a_gateway_that_serves_openais_embeddings_under_ollamas_path_is_known_by_what_it_is_asked(
    path, body, name
):
    asked = Request(
        "POST", f"https://gateway.example.com{path}", (), json.dumps({"model": "m", **body}).encode()
    )
    api = embeddings_of(asked)

    assert api is not None
    assert api.name == name
