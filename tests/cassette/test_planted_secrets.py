"""Keys of every kind that agents meet, wherever one may stand in a recording. Put together here, so that no scanner trips."""

from __future__ import annotations

import base64
import gzip
import json
import random
import string
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent_chaos.cassette.redaction.names import is_secret_parameter, is_secret_variable
from agent_chaos.cassette.redaction.redactor import Redactor
from agent_chaos.providers.registry import protocols
from agent_chaos.stream.exchange import Reply, Request, reply

REDACTOR = Redactor({})
ALNUM, HEX, UPPER = (
    string.ascii_letters + string.digits,
    "0123456789abcdef",
    string.ascii_uppercase + "234567",
)


def drawn(length: int, letters: str = ALNUM) -> str:
    """Letters that look like a key's; the same in every run."""
    return "".join(random.Random(length).choices(letters, k=length))


SHAPED = {
    "anthropic": "sk-" + "ant-api03-" + drawn(93) + "AA",
    "openai": "sk-" + "proj-" + drawn(120),
    "openai, old": "sk-" + drawn(48),
    "openrouter": "sk-" + "or-v1-" + drawn(64, HEX),
    "google": "AI" + "za" + drawn(35),
    "google, new": "AQ" + "." + drawn(50),
    "google refresh": "1/" + "/0" + drawn(60),
    "google client": "GOC" + "SPX-" + drawn(28),
    "google oauth": "ya" + "29." + drawn(60),
    "stripe": "sk_" + "live_" + drawn(24),
    "stripe, restricted": "rk_" + "live_" + drawn(24),
    "stripe webhook": "wh" + "sec_" + drawn(32),
    "sendgrid": "SG" + "." + drawn(22) + "." + drawn(43),
    "github": "gh" + "p_" + drawn(36),
    "gitlab": "gl" + "pat-" + drawn(20),
    "npm": "npm" + "_" + drawn(36),
    "pypi": "pypi-" + "AgEIcHlwaS5vcmc" + drawn(80),
    "slack": "xo" + "xb-123456789012-1234567890123-" + drawn(24),
    "slack app": "xa" + "pp-1-A" + drawn(10, UPPER) + "-1234567890123-" + drawn(64, HEX),
    "slack webhook": "hooks.sla"
    + "ck.com/services/T"
    + drawn(8, UPPER)
    + "/B"
    + drawn(10, UPPER)
    + "/"
    + drawn(24),
    "digitalocean": "dop" + "_v1_" + drawn(64, HEX),
    "shopify": "shp" + "at_" + drawn(32, HEX),
    "linear": "lin" + "_api_" + drawn(40),
    "notion": "nt" + "n_" + drawn(46),
    "telegram": "1234567890" + ":AA" + drawn(33),
    "twilio": "S" + "K" + drawn(32, HEX),
    "mailgun": "key" + "-" + drawn(32, HEX),
    "databricks": "da" + "pi" + drawn(32, HEX),
    "replicate": "r8" + "_" + drawn(37),
    "fireworks": "fw" + "_" + drawn(22),
    "nvidia": "nv" + "api-" + drawn(64),
    "voyage": "pa" + "-" + drawn(43),
    "langsmith": "lsv2" + "_pt_" + drawn(32, HEX) + "_" + drawn(10, HEX),
    "e2b": "e2b" + "_" + drawn(40, HEX),
    "elevenlabs": "sk" + "_" + drawn(48, HEX),
    "jina": "jina" + "_" + drawn(60),
    "vault": "hv" + "s." + drawn(90),
    "aws": "AK" + "IA" + drawn(16, UPPER),
    "azure": drawn(52) + "JQQ" + "J99" + drawn(26),
    "hugging face": "hf" + "_" + drawn(34),
    "groq": "gsk" + "_" + drawn(52),
    "perplexity": "pplx" + "-" + drawn(48),
    "xai": "xai" + "-" + drawn(80),
    "tavily": "tvly" + "-dev-" + drawn(32),
    "jwt": "ey" + "J" + drawn(30) + ".ey" + "J" + drawn(40) + "." + drawn(43),
    "airtable token": "pat" + drawn(14) + "." + drawn(64, HEX),
    "atlassian": "ATA" + "TT3" + drawn(180),
    "discord webhook": "discord.com/api" + "/webhooks/" + drawn(18, "123456789") + "/" + drawn(68),
    "figma": "fig" + "d_" + drawn(40),
    "firecrawl": "fc" + "-" + drawn(32, HEX),
    "pinecone": "pc" + "sk_" + drawn(6) + "_" + drawn(63),
    "supabase": "sb" + "p_" + drawn(40, HEX),
    "telegram in a url": "bot" + drawn(10, "123456789") + ":A" + "A" + drawn(33),
    "vercel": "vercel_blob" + "_rw_" + drawn(16) + "_" + drawn(30),
    "airtable": "airtable" + "_key=" + drawn(17, string.ascii_lowercase + string.digits),
}
IN_CONTEXT = {
    "basic": ("Authorization: Basic {}", base64.b64encode(f"me:{drawn(12)}".encode()).decode()),
    "bearer": ("Authorization: Bearer {}", drawn(40)),
    "cookie": ("Cookie: session={}", drawn(30)),
    "password": ("password={}", "hunter2hunter2"),
    "field": ('"api_key": "{}"', drawn(24)),
    "postgres": ("postgres://app:{}@db.example.com/x", "pw" + drawn(12)),
    "curl": ("curl -s -u app:{} https://x", "pw" + drawn(11)),
    "option": ("deploy --api-key {} --dry-run", drawn(28)),
    "option, assigned": ("mysql --password={} -h db", "swordfish-1"),
    "option, attached": ("mysqldump -uroot -p{} shop", "swordfish-2"),
    "sshpass": ("sshpass -p {} ssh host", "swordfish-3"),
    "one word": ("PGPASSWORD={} psql", "swordfish-4"),
    "netrc": ("machine x.com login app password {}", "swordfish-5"),
    "xml": ("<db><password>{}</password></db>", "swordfish-6"),
    "html": ('<input type="hidden" name="csrf_token" value="{}">', drawn(41)),
    "told": ("Sure, the password is {}.", "swordfish-7"),
    "told with a space": ("API key: {}", drawn(33)),
    "putty": ("Private-Lines: 2\n{}", drawn(64) + "\n" + drawn(63)),
    "redis": ("redis://:{}@cache:6379/0", "pw" + drawn(13)),
    "azure sas": ("https://x.blob.core.windows.net/c/f?sv=1&sig={}", drawn(40) + "%3D"),
    "aws url": ("https://b.s3.amazonaws.com/k?X-Amz-Signature={}", drawn(64, HEX)),
    "aws secret": ("aws_secret_access_key={}", drawn(40)),
    "azure storage": ("AccountKey={};x", drawn(86) + "=="),
    "environment": (
        "DB_PASS=swordfish\nDB_USER={}".replace("{}", "me").replace("swordfish", "{}"),
        "swordfishes",
    ),
}
PLANTED = {name: (f"The key is {key}.", key) for name, key in SHAPED.items()} | {
    name: (template.replace("{}", secret), secret) for name, (template, secret) in IN_CONTEXT.items()
}


def in_a_body(text: str) -> str:
    return REDACTOR.data(json.dumps({"messages": [{"role": "user", "content": text}]}).encode()).decode()


def in_arguments(text: str) -> str:
    arguments = json.dumps({"query": f"first\n{text}"})
    return REDACTOR.data(json.dumps({"function": {"arguments": arguments}}).encode()).decode()


def in_base64_of_json(text: str) -> str:
    packed = base64.b64encode(json.dumps({"k": text}).encode()).decode()
    kept = json.loads(REDACTOR.data(json.dumps({"blob": packed}).encode()))
    return base64.b64decode(kept["blob"]).decode()


def in_a_streamed_answer(text: str) -> str:
    pieces = [text[i : i + 7] for i in range(0, len(text), 7)]
    frames = [
        {"type": "delta", "index": 0, "delta": {"text": piece}} for piece in ["Sure: ", *pieces, " done"]
    ]
    body = b"".join(b"data: " + json.dumps(frame).encode() + b"\n\n" for frame in frames)
    kept = REDACTOR.reply(reply(200, (("content-type", "text/event-stream"),), [body]))
    return "".join(json.loads(line[6:])["delta"]["text"] for line in kept.body.splitlines() if line)


def in_an_array_of_chunks(text: str) -> str:
    pieces = [text[i : i + 9] for i in range(0, len(text), 9)]
    body = json.dumps(
        [{"candidates": [{"content": {"parts": [{"text": piece}]}}]} for piece in pieces]
    ).encode()
    kept = json.loads(REDACTOR.reply(reply(200, (("content-type", "application/json"),), [body])).body)
    return "".join(chunk["candidates"][0]["content"]["parts"][0]["text"] for chunk in kept)


def in_a_result(text: str) -> str:
    return str(REDACTOR.value({"result": [text]}))


@pytest.mark.parametrize(
    "place",
    [in_a_body, in_arguments, in_base64_of_json, in_a_streamed_answer, in_an_array_of_chunks, in_a_result],
)
@pytest.mark.parametrize(("text", "secret"), PLANTED.values(), ids=PLANTED.keys())
def test_no_planted_secret_stays(text: str, secret: str, place: Callable[[str], str]) -> None:
    assert secret not in place(text)


def test_fields_of_secret_names_go_whatever_they_hold() -> None:
    body = {
        "user": "ann",
        "password": "cat",
        "nested": [{"apiKey": "x y", "max_tokens": 5}],
        "db_pass": "dog",
    }
    kept = json.loads(REDACTOR.data(json.dumps(body).encode()))

    assert kept == {
        "user": "ann",
        "password": "REDACTED",
        "nested": [{"apiKey": "REDACTED", "max_tokens": 5}],
        "db_pass": "REDACTED",
    }


def body(data: bytes | str, kind: str = "application/json", **headers: str) -> bytes:
    """A request's body as it is kept."""
    fields = (("content-type", kind), *((name.replace("_", "-"), value) for name, value in headers.items()))
    sent = data.encode() if isinstance(data, str) else data
    return REDACTOR.request(Request("POST", "https://api.example.com/v1", fields, sent)).body


def test_a_value_beside_its_name_goes_by_that_name() -> None:
    kept = json.loads(
        body(
            json.dumps(
                {
                    "env": [{"name": "DB_PASSWORD", "value": "cat"}, {"value": "x", "key": "REGION"}],
                    "headers": [["Authorization", "Bearer dog"], ["Accept", "*/*"]],
                    "auths": {"registry": {"auth": base64.b64encode(b"me:swordfish").decode()}},
                }
            )
        )
    )

    assert kept == {
        "env": [{"name": "DB_PASSWORD", "value": "REDACTED"}, {"value": "x", "key": "REGION"}],
        "headers": [["Authorization", "REDACTED"], ["Accept", "*/*"]],
        "auths": {"registry": {"auth": "REDACTED"}},
    }


def test_parts_of_a_form_go_by_their_names_and_files_by_what_is_in_them() -> None:
    parts = (
        '--x\r\nContent-Disposition: form-data; name="{}"{}\r\n\r\n{}\r\n'.format(*part)
        for part in (
            ("purpose", "", "batch"),
            ("client_secret", "", "swordfish"),
            ("file", '; filename=".env"\r\nContent-Type: text/plain', "DB_PASS=swordfish\nREGION=eu"),
        )
    )
    kept = body("".join(parts) + "--x--\r\n", "multipart/form-data; boundary=x").decode()

    assert "swordfish" not in kept
    assert "batch" in kept
    assert "REGION=eu" in kept


def test_a_packed_body_is_looked_into() -> None:
    packed = gzip.compress(b'{"password": "swordfish", "user": "me"}')
    kept = body(packed, content_encoding="gzip")
    harmless = gzip.compress(b'{"user": "me"}')

    assert json.loads(gzip.decompress(kept)) == {"password": "REDACTED", "user": "me"}
    assert body(harmless, content_encoding="gzip") == harmless
    assert body(b"no gzip", content_encoding="gzip") == b"no gzip"


def test_a_redirect_keeps_its_place_and_loses_its_credentials() -> None:
    url = f"https://files.example.com/a?name=b&X-Amz-Signature={drawn(64, HEX)}&token=abc"
    kept = REDACTOR.reply(reply(302, (("location", url),), []))

    assert (
        kept.header("location")
        == "https://files.example.com/a?name=b&X-Amz-Signature=REDACTED&token=REDACTED"
    )


@pytest.mark.parametrize(
    "name",
    [
        "DB_PASS",
        "GH_PAT",
        "SENTRY_DSN",
        "CRED",
        "CREDS",
        "TOKEN_FOR_X",
        "API_KEY_V2",
        "OPENAI_KEY_PROD",
        "PASSPHRASE",
        "AWS_ACCESS_KEY_ID",
    ],
)
def test_variables_are_secret_by_any_of_their_words(name: str) -> None:
    assert is_secret_variable(name)


@pytest.mark.parametrize(
    "name",
    ["MAX_TOKENS", "SSH_AUTH_SOCK", "MONKEY", "KEYBOARD", "TOKENIZERS_PARALLELISM", "PATH", "PWD", "OLDPWD"],
)
def test_other_variables_are_not(name: str) -> None:
    assert not is_secret_variable(name)


@pytest.mark.parametrize(
    "name",
    [
        "code",
        "auth",
        "subscription-key",
        "sas",
        "pwd",
        "jwt",
        "session",
        "authtoken",
        "credential",
        "se%63ret",
        "X-Amz-Signature",
    ],
)
def test_parameters_are_secret_by_any_of_their_words(name: str) -> None:
    assert is_secret_parameter(name)


@pytest.mark.parametrize("name", ["alt", "pageToken", "country_code", "sort_key", "api-version"])
def test_other_parameters_are_not(name: str) -> None:
    assert not is_secret_parameter(name)


def test_a_url_with_a_password_is_a_secret_under_any_name() -> None:
    url = "postgres://app:correct-horse@db.example.com/orders"

    assert Redactor.from_environ({"DATABASE_URL": url}).secrets == {url: "{{DATABASE_URL}}"}
    assert Redactor.from_environ({"DATABASE_URL": "postgres://db.example.com/orders"}).secrets == {}


UNTOUCHED = [
    "The password is required. The API key is invalid: see section 4b. <password>required</password>",
    "docker run -u 1000:1000 x --max-tokens 4096 --token-limit 9000 --password <PASSWORD> --api-key $KEY",
    json.dumps({"headers": [["Accept", "text/html"]], "env": [{"name": "DEBUG", "value": "trace-123456"}]}),
    json.dumps({"auth": "none", "tool": {"name": "reset_password", "value": 5}}),
    '{"task_id": "task-0123456789abcdef0123456789abcdef"}',
    "disk-0123456789abcdef0123456789abcdef and ask-0123456789abcdef0123456789abcdef",
    'def login(user, password=None):\n    return check(user, password=os.environ["X"], token=get_token())',
    "The password: it must be long. Token: see the page. secret: be kind",
    json.dumps({"logprobs": [{"token": "Hello", "bytes": [72]}], "next_page_token": drawn(40)}),
    json.dumps({"parameters": {"properties": {"password": {"type": "string"}}, "required": ["password"]}}),
]


@pytest.mark.parametrize("text", UNTOUCHED)
def test_what_is_no_secret_stays(text: str) -> None:
    assert REDACTOR.text(text) == text


VERIFIED = ("signature", "thoughtSignature", "thought_signature", "encrypted_content", "encryptedContent")
ORGANISATION = "1f0e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"


@given(
    st.binary(min_size=30, max_size=600),
    st.integers(0, 3),
    st.sampled_from(VERIFIED),
    st.sampled_from([base64.b64encode, base64.urlsafe_b64encode]),
    st.booleans(),
)
def test_what_a_provider_verifies_passes_byte_for_byte(
    signed: bytes, shift: int, field: str, encode: Callable[[bytes], bytes], streamed: bool
) -> None:
    token = encode(b"x" * shift + ORGANISATION.encode() + signed).decode()
    document = json.dumps({"type": "thinking", field: token, "thinking": "hm"}).encode()
    head = (("content-type", "text/event-stream" if streamed else "application/json"),)
    answer = reply(200, head, [b"data: " + document + b"\n\n" if streamed else document])
    asked = Request("POST", "https://api.anthropic.com/v1/messages", (), document)
    knowing = REDACTOR.learning(asked, reply(200, (("anthropic-organization-id", ORGANISATION),), []))

    assert ORGANISATION in knowing.secrets
    assert knowing.reply(answer) == answer
    assert knowing.request(asked).body == document


@given(st.binary(min_size=12, max_size=3_000), st.sampled_from([base64.b64encode, base64.urlsafe_b64encode]))
def test_base64_of_anything_but_text_passes_byte_for_byte(
    data: bytes, encode: Callable[[bytes], bytes]
) -> None:
    body = json.dumps(
        {"inline_data": {"mime_type": "image/png", "data": encode(b"\x89\xff" + data).decode()}}
    )

    assert REDACTOR.data(body.encode()) == body.encode()


@settings(max_examples=50)
@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_redacting_twice_changes_nothing_more_and_json_stays_json(value: object) -> None:
    once = REDACTOR.data(json.dumps(value).encode())

    assert REDACTOR.data(once) == once
    json.loads(once)


def test_a_redacted_reply_reads_as_the_same_conversation() -> None:
    arguments = json.dumps({"password": "swordfish", "user": "ann"})
    message = {"role": "assistant", "content": None}
    call = {"id": "call_1", "type": "function", "function": {"name": "login", "arguments": arguments}}
    choice = {"index": 0, "finish_reason": "tool_calls", "message": {**message, "tool_calls": [call]}}
    answer: Reply = reply(
        200, (("content-type", "application/json"),), [json.dumps({"choices": [choice]}).encode()]
    )
    turn = protocols()["openai_chat"].parse(REDACTOR.reply(answer))

    assert [json.loads(one.arguments) for one in turn.tool_calls] == [{"password": "REDACTED", "user": "ann"}]
