"""No secret in any form reaches the disk, and text without secrets stays byte for byte."""

from __future__ import annotations

import base64
import json
import tempfile
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent_chaos.cassette.model import Header, ToolEnd, ToolRecord, TurnMark
from agent_chaos.cassette.redaction.redactor import Redactor
from agent_chaos.cassette.storage.audit import scan
from agent_chaos.cassette.storage.file import opened, read_frame
from agent_chaos.cassette.storage.frames import PREAMBLE_BYTES, read_footer, unpacked
from agent_chaos.cassette.storage.writer import CassetteWriter
from agent_chaos.stream.exchange import Abort, Data, End, Head, Reply, Request, reply
from agent_chaos.stream.framing.sse import SSE
from tests.cassette.made import asking
from tests.growth import assert_linear

SECRET = "s3cr3t/Value+with=odd&chars"
REDACTOR = Redactor.from_environ(
    {"MY_API_KEY": SECRET, "PATH": "/usr/bin:/usr/local/bin", "SHORT_KEY": "abc"}
)
_STREAM = (("content-type", "text/event-stream"),)

KEYS = {
    "anthropic": "sk-ant-api03-AbCdEfGhIjKlMnOpQrStUvWx",
    "openai": "sk-proj-AbCdEfGhIjKlMnOpQrSt1234567890",
    "openai, old": "sk-" + "aB3" * 16,
    "google": "AIzaSyA1234567890abcdefghijklmnopqrstuv",
    "google oauth": "ya29.a0AfH6SMBx1234567890abcdef",
    "github": "ghp_" + "a1B2" * 9,
    "aws": "AKIAIOSFODNN7EXAMPLE",
    "slack": "xoxb-123456789012-abcdefABCDEF",
    "jwt": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.SflKxwRJSMeKKF2QT4fwpM",
    "organisation": "org-AbCdEfGhIjKlMnOpQrStUvWx",
}


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS.keys())
@pytest.mark.parametrize("around", ["it is {}.", "first\n{}", '"{}"', "Bearer {}", "a={}&b"])
def test_provider_keys_go_by_their_shape(key: str, around: str) -> None:
    text = around.format(key)

    assert Redactor.from_environ({}).text(text) == around.format("REDACTED")
    assert key.encode() not in Redactor.from_environ({}).data(json.dumps(text).encode())


@pytest.mark.parametrize(
    "text",
    [
        "risk-adjusted-return-on-capital-employed",
        "ask-a-question-about-2026-budgets-please",
        "task-12345678901234567890",
    ],
)
def test_words_that_only_look_like_keys_stay(text: str) -> None:
    assert Redactor.from_environ({}).text(text) == text


FORMS = {
    "plain": SECRET,
    "in JSON": json.dumps(SECRET)[1:-1].replace("/", "\\/"),
    "in a URL": quote(SECRET, safe=""),
    "base64": base64.b64encode(SECRET.encode()).decode(),
    "base64, shifted": base64.b64encode(b"user:" + SECRET.encode()).decode(),
    "base64, shifted by two": base64.urlsafe_b64encode(b"me" + SECRET.encode() + b" tail").decode(),
    "hexadecimal": SECRET.encode().hex(),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
def test_a_known_value_goes_in_every_form(form: str) -> None:
    cleaned = REDACTOR.text(f"the key {form} was used")

    assert "{{MY_API_KEY}}" in cleaned or b"{{MY_API_KEY}}" in base64.b64decode(cleaned.split()[2])
    assert form not in cleaned


def test_short_values_and_other_variables_stay() -> None:
    assert REDACTOR.text("abc is in /usr/bin:/usr/local/bin") == "abc is in /usr/bin:/usr/local/bin"


def test_credentials_in_headers_and_urls_go_and_the_rest_stays() -> None:
    request = Request(
        "POST",
        "https://me:hunter2@h.example/v1/projects/my-proj-1/locations/eu/x?key=k1&alt=sse&empty=&access_token=k2",
        (
            ("Authorization", "Bearer whatever"),
            ("X-API-Key", "whatever"),
            ("OpenAI-Organization", "acme"),
            ("Cookie", "session=1"),
            ("X-Custom-Thing", "who knows"),
            ("anthropic-version", "2023-06-01"),
            ("X-Stainless-Lang", "python"),
        ),
    )
    clean = REDACTOR.request(request)

    assert clean.url == (
        "https://REDACTED@h.example/v1/projects/REDACTED/locations/eu/x"
        "?key=REDACTED&alt=sse&empty=&access_token=REDACTED"
    )
    assert clean.headers == (
        ("Authorization", "REDACTED"),
        ("X-API-Key", "REDACTED"),
        ("OpenAI-Organization", "REDACTED"),
        ("X-Custom-Thing", "REDACTED"),
        ("anthropic-version", "2023-06-01"),
        ("X-Stainless-Lang", "python"),
    )
    assert REDACTOR.request(clean) == clean


def test_reply_headers_keep_what_faults_and_clients_read() -> None:
    headers = (
        ("set-cookie", "__cf_bm=abc"),
        ("anthropic-organization-id", "1f0e"),
        ("openai-organization", "acme"),
        ("openai-project", "proj"),
        ("anthropic-ratelimit-input-tokens-remaining", "1000"),
        ("retry-after", "3"),
        ("request-id", "req_1"),
    )
    clean = REDACTOR.reply(reply(429, headers, [b"{}"]))

    assert clean.headers == (
        ("anthropic-organization-id", "REDACTED"),
        ("openai-organization", "REDACTED"),
        ("openai-project", "REDACTED"),
        ("anthropic-ratelimit-input-tokens-remaining", "1000"),
        ("retry-after", "3"),
        ("request-id", "req_1"),
    )


def test_a_key_given_in_code_goes_from_all_that_follows(tmp_path: Path) -> None:
    key = "a key nobody can guess"
    writer = CassetteWriter(tmp_path / "k.msgpack", Header(scenario="k", started_at=0.0), REDACTOR)
    request = Request("POST", "https://h/v1", (("authorization", f"Bearer {key}"),), f'"{key}"'.encode())
    writer.exchange(request, reply(401, (), [f"bad key: {key}".encode()]), at=0.0, transport="httpx2")
    writer.tool(ToolRecord(0, 0, 1.0, "t", {"said": f"using {key}"}))
    cassette = writer.finish()

    assert cassette.exchanges[0].reply.body == b"bad key: {{AUTHORIZATION}}"
    assert cassette.exchanges[0].request.body == b'"{{AUTHORIZATION}}"'
    assert cassette.tools[0].arguments == {"said": "using {{AUTHORIZATION}}"}


def test_every_cookie_of_a_request_goes_from_its_body() -> None:
    first, second = "4f1c9a7be2d84c03", "b7d2e95a10f643c8"
    body = f'{{"text": "{first} and {second}"}}'.encode()
    asked = Request("POST", "https://h.example/x", (("Cookie", f"a={first}; b={second}"),), body)
    kept = Redactor.from_environ({}).request(asked)

    assert first.encode() not in kept.body
    assert second.encode() not in kept.body


@given(st.lists(st.integers(1, 12), min_size=1, max_size=12), st.integers(0, 30), st.integers(0, 30))
def test_a_value_split_across_chunks_goes_and_the_other_boundaries_stay(
    sizes: list[int], before: int, after: int
) -> None:
    body = b"x" * before + SECRET.encode() + b"y" * after
    chunks, used = [], 0
    for size in sizes:
        chunks.append(body[used : used + size])
        used += size
    chunks.append(body[used:])
    original = reply(
        200, (("content-length", str(len(body))),), [chunk for chunk in chunks if chunk], gap_s=1.0
    )
    clean = REDACTOR.reply(original)

    assert clean.body == b"x" * before + b"{{MY_API_KEY}}" + b"y" * after
    assert clean.header("content-length") == str(len(clean.body))
    assert {event.at for event in clean.events} <= {event.at for event in original.events}
    assert clean.duration == original.duration


@given(st.lists(st.integers(1, 9), min_size=1, max_size=12))
def test_a_value_a_model_spells_in_pieces_goes_and_the_stream_stays_readable(sizes: list[int]) -> None:
    said = f"Your key is {SECRET}, keep it."
    pieces, used = [], 0
    for size in sizes:
        pieces.append(said[used : used + size])
        used += size
    pieces.append(said[used:])
    bodies = [
        json.dumps(
            {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": piece}}
        )
        for piece in pieces
    ]
    stream = reply(200, _STREAM, [f"event: content_block_delta\ndata: {one}\n\n".encode() for one in bodies])
    clean = REDACTOR.reply(stream)
    texts = [json.loads(frame.data)["delta"]["text"] for frame in SSE.frames(clean.body)]

    assert "".join(texts) == "Your key is {{MY_API_KEY}}, keep it."
    assert len(texts) == len(pieces)


def test_interleaved_blocks_are_not_mixed() -> None:
    def delta(index: int, text: str) -> bytes:
        value = {"type": "content_block_delta", "index": index, "delta": {"type": "text_delta", "text": text}}
        return f"data: {json.dumps(value)}\n\n".encode()

    half = len(SECRET) // 2
    chunks = [delta(0, SECRET[:half]), delta(1, "other "), delta(0, SECRET[half:]), delta(1, "text")]
    clean = REDACTOR.reply(reply(200, _STREAM, chunks))

    assert SECRET[half:].encode() not in clean.body
    assert b"other " in clean.body
    assert b"{{MY_API_KEY}}" in clean.body


@given(st.text(), st.binary(max_size=300))
def test_what_holds_no_secret_stays_as_it_is(text: str, data: bytes) -> None:
    plain_reply = reply(200, _STREAM, [b"data: {}\n\n", data or b"x"])

    assert REDACTOR.text(text) == text
    assert REDACTOR.reply(plain_reply) == plain_reply


secrets = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=14, max_size=60).filter(
    lambda value: "{{" not in value and not value.startswith("REDACTED") and len(set(value)) > 6
)


@given(
    secrets,
    st.integers(1, 20),
    st.sampled_from([json.dumps, lambda s: s, lambda s: base64.b64encode(s.encode()).decode()]),
)
def test_no_planted_secret_is_in_the_file(secret: str, size: int, form: object) -> None:
    assert callable(form)
    planted = str(form(secret))
    body = f'{{"text": "say {planted} twice: {planted}"}}'.encode()
    chunks = [body[i : i + size] for i in range(0, len(body), size)]
    request = Request(
        "POST",
        f"https://h.example/v1/x?key={quote(secret)}&q={quote(secret)}",
        (("authorization", f"Bearer {secret}"), ("user-agent", f"app {planted}"), ("cookie", f"a={planted}")),
        body,
    )
    head = Head(200, (("x-echo", planted), ("set-cookie", planted)), 0.0, planted.replace("\n", " "))
    answers = [
        Reply((head, *(Data(chunk, 0.1) for chunk in chunks), End(0.2))),
        Reply((Abort("refused", 0.1, f"cannot reach {planted}"),)),
    ]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "p.msgpack"
        writer = CassetteWriter(
            path, Header(scenario="p", started_at=0.0), Redactor.from_environ({"MY_TOKEN": secret})
        )
        writer.turn(TurnMark(0, 0.0, f"my key is {planted}", "start", planted))
        for answer in answers:
            writer.exchange(request, answer, at=0.0, transport="httpx2")
        writer.tool(
            ToolRecord(
                0, 0, 1.0, "t", {planted: [planted]}, ToolEnd({"r": planted}, "E", f"failed: {planted}")
            )
        )
        writer.finish()
        on_disk = everything_in(path)
        findings = scan(path, {"MY_TOKEN": secret})

    assert secret.encode() not in on_disk
    assert json.dumps(secret)[1:-1].encode() not in on_disk
    assert base64.b64encode(secret.encode()).rstrip(b"=")[:-1] not in on_disk
    assert findings == []


def everything_in(path: Path) -> bytes:
    """The bytes of a cassette, and those of its records unpacked."""
    source = opened(path)
    end, offset = read_footer(source.data).index_offset, PREAMBLE_BYTES
    parts = [bytes(source.data)]
    while offset < end:
        read = read_frame(source.data, offset)
        parts.append(unpacked(read))
        offset = read.end
    return b"\n".join(parts)


def test_what_a_credential_exchange_fetches_is_replaced_wherever_it_comes_again(tmp_path: Path) -> None:
    writer = CassetteWriter(tmp_path / "o.msgpack", Header(scenario="o", started_at=0.0), REDACTOR)
    form = (("content-type", "application/x-www-form-urlencoded"),)
    fetched, given = "".join(["e9", "KpQ2", "xW7v", "B1nZ", "t5Rc"]), "swordfish"
    body = f"grant_type=client_credentials&client_id=me&client_secret={given}".encode()
    answer = json.dumps(
        {"token": fetched, "token_type": "Bearer", "scope": "https://example.com/all"}
    ).encode()
    writer.exchange(
        Request("POST", "https://auth.example.com/token", form, body),
        reply(200, (("content-type", "application/json"),), [answer]),
        at=0.0,
        transport="requests",
    )
    writer.exchange(asking(f"what is {fetched}?"), reply(200, (), [b"{}"]), at=0.0, transport="httpx2")
    exchange, later = writer.finish().exchanges

    assert given.encode() not in exchange.request.body
    assert exchange.request.body.startswith(
        b"grant_type=client_credentials&client_id=me&client_secret=REDACTED"
    )
    assert exchange.reply.json == {
        "token": "{{TOKEN}}",
        "token_type": "Bearer",
        "scope": "https://example.com/all",
    }
    assert fetched.encode() not in later.request.body


def test_an_audit_finds_what_was_written_without_redaction(tmp_path: Path) -> None:
    path = tmp_path / "leaky.msgpack"

    class Careless(Redactor):
        def learning(self, request: Request, reply: Reply | None = None) -> Redactor:
            return self

        def request(self, request: Request) -> Request:
            return request

        def reply(self, reply: Reply) -> Reply:
            return reply

    writer = CassetteWriter(path, Header(scenario="l", started_at=0.0), Careless({}))
    request = Request("POST", "https://h/v1?key=abc", (("x-api-key", "abc"),), KEYS["google"].encode())
    writer.exchange(
        request, reply(200, (("set-cookie", "a=b"),), [SECRET.encode()]), at=0.0, transport="httpx2"
    )
    found = [str(finding) for finding in scan(path_of(writer), {"MY_API_KEY": SECRET})]

    assert found == [
        "exchange 0: a credential in query parameter key",
        "exchange 0: a credential in the request's header x-api-key",
        "exchange 0: a credential in the reply's header set-cookie",
        "exchange 0: a secret in the request's body",
        "exchange 0: a secret in the reply's body",
    ]
    assert not any(KEYS["google"] in one or SECRET in one for one in found)


def path_of(writer: CassetteWriter) -> Path:
    writer.finish()
    return writer.path


@pytest.mark.parametrize(
    ("begin", "unit"),
    [
        ("", "sk-"),
        ("", "eyJ"),
        ("eyJ", "a."),
        ("", "-----BEGIN PRIVATE KEY-----"),
        ("", "AIza"),
        ("", "<password x "),
        ("", "<password>abcd"),
        ("", "curl -u ab:"),
        ("", "mysql --password "),
        ("", "login password "),
        ("", 'name="api_key" </'),
        ("", "api key is "),
        ("", "Private-Lines: 1\n"),
    ],
    ids=["sk", "jwt", "jwt dots", "pem", "google", *"abcdefgh"],
)
def test_redaction_takes_linear_time(begin: str, unit: str) -> None:
    assert_linear(lambda size: REDACTOR.text(begin + unit * (size // len(unit))), 60_000)
