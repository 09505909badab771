"""An agent behind a Starlette service, driven in process: its answers, its errors, and what hides behind a 500."""

import asyncio
from contextlib import asynccontextmanager

import anthropic
import pytest
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.responses import JSONResponse, PlainTextResponse, StreamingResponse
from starlette.routing import Route

from agent_chaos.faults.plan import Plan
from agent_chaos.faults.transport.lost_connections import ResetBeforeHeaders
from agent_chaos.faults.transport.rate_limits import RateLimit
from agent_chaos.oracles.verdict import Verdict
from agent_chaos.scenario.asgi import ServiceError, asgi_agent
from agent_chaos.trial.rehearsal import Rehearsal
from tests.trials import claude_says, recorded, scenario

done_later = []


async def model_says(question, *, max_retries=1):
    client = anthropic.AsyncAnthropic(max_retries=max_retries)
    reply = await client.messages.create(
        model="claude-sonnet-5", max_tokens=64, messages=[{"role": "user", "content": question}]
    )
    return reply.content[0].text


async def chat(request):
    asked = await request.json()
    task = BackgroundTask(done_later.append, asked["text"])
    return JSONResponse({"answer": await model_says(asked["text"])}, background=task)


async def hides(request):
    try:
        return JSONResponse({"answer": await model_says((await request.json())["text"], max_retries=0)})
    except anthropic.APIError as exc:
        return JSONResponse({"detail": f"sorry: {type(exc).__name__}"}, status_code=502)


async def refuses(request):
    return PlainTextResponse("who are you?", status_code=401)


async def overloaded(request):
    return PlainTextResponse("come back later", status_code=503)


async def streams(request):
    async def parts():
        for part in ("one ", "two ", "Grüße"):
            await asyncio.sleep(0)
            yield part

    return StreamingResponse(parts(), media_type="text/plain")


async def echoes(request):
    body = await request.body()
    return JSONResponse(
        {
            "method": request.method,
            "path": request.url.path,
            "query": dict(request.query_params),
            "body": body.decode(),
            "type": request.headers["content-type"],
            "token": request.headers.get("x-token", ""),
        },
        headers={"X-Kept": "yes"},
    )


async def crashes(request):
    raise LookupError("no such customer")


APP = Starlette(
    routes=[
        Route("/chat", chat, methods=["POST"]),
        Route("/hides", hides, methods=["POST"]),
        Route("/refuses", refuses, methods=["POST"]),
        Route("/overloaded", overloaded, methods=["POST"]),
        Route("/streams", streams, methods=["POST"]),
        Route("/echoes/{name}", echoes, methods=["PUT", "POST"]),
        Route("/crashes", crashes, methods=["POST"]),
    ]
)
LIMITED = Plan.of([("call 0", RateLimit(retry_after_s=1))])


def service(
    path, *, answer=lambda reply: reply.json()["answer"], body=lambda text: {"text": text}, **options
):
    return asgi_agent(APP, path, body, answer, **options)


def rehearsal(agent):
    cassette = recorded(scenario(service("/chat")), [claude_says("Hi.")])
    return Rehearsal(scenario(agent), cassette=cassette)


def ran(agent):
    """The agent's answer to 'go', outside of any run."""
    return asyncio.run(agent(None, "go"))


def test_a_service_is_an_agent_like_any_other():
    subject = rehearsal(service("/chat"))
    done_later.clear()
    outcome = subject.trial(LIMITED)

    assert subject.clean.answers[0].text == "Hi."
    assert outcome.verdict is Verdict.PASS
    assert outcome.trace.virtual_s > subject.clean.virtual_s
    assert done_later == ["go"] * 4


def test_the_body_of_a_turn_is_made_once():
    made = []

    def body(text):
        made.append(text)
        return "x" * len(made)

    sent = ran(service("/echoes/a", body=body, answer=lambda reply: reply.json()["body"]))

    assert (sent, made) == ("x", ["go"])


def test_a_status_of_500_or_more_is_an_exception_and_a_finding():
    outcome = rehearsal(service("/hides")).trial(Plan.of([("call 0", ResetBeforeHeaders())]))

    assert outcome.trace.raised[0].type == "agent_chaos.scenario.asgi.ServiceError"
    assert outcome.trace.raised[0].message == (
        'POST /hides answered 502: {"detail":"sorry: APIConnectionError"}'
    )
    assert outcome.verdict is Verdict.FAIL
    assert {violation.oracle for violation in outcome.violations} == {"unhandled_exception"}


def test_the_lifespan_of_the_app_surrounds_every_run():
    events = []

    @asynccontextmanager
    async def lifespan(app):
        events.append("up")
        try:
            yield {"greeting": "Hi"}
        finally:
            events.append("down")

    async def greets(request):
        events.append("asked")
        return JSONResponse({"answer": f"{request.state.greeting}, {await model_says('go')}"})

    app = Starlette(routes=[Route("/", greets, methods=["POST"])], lifespan=lifespan)
    one = scenario(asgi_agent(app, "/", str, lambda reply: reply.json()["answer"]), "one", "two")
    subject = Rehearsal(one, cassette=recorded(one, [claude_says("Ho."), claude_says("Ho.")]))
    events.clear()
    subject.trial(LIMITED)

    assert subject.clean.answers[0].text == "Hi, Ho."
    assert events[-4:] == ["up", "asked", "asked", "down"]


def test_an_app_that_cannot_start_says_why():
    @asynccontextmanager
    async def lifespan(app):
        raise RuntimeError("no database")
        yield

    app = Starlette(lifespan=lifespan)

    with pytest.raises(ServiceError, match="no database"):
        ran(asgi_agent(app, "/", str, lambda reply: reply.text))


def test_a_status_of_500_is_raised_outside_of_a_run_too():
    with pytest.raises(ServiceError, match="POST /overloaded answered 503: come back later"):
        ran(service("/overloaded"))


def test_what_the_service_raises_is_raised_as_it_is():
    with pytest.raises(LookupError, match="no such customer"):
        ran(service("/crashes"))


def test_a_status_below_500_is_an_answer():
    assert ran(service("/refuses", answer=lambda reply: (reply.status, reply.text))) == (401, "who are you?")
    assert ran(service("/nowhere", answer=lambda reply: reply.status)) == 404


def test_a_streamed_answer_is_read_to_its_end():
    assert ran(service("/streams", answer=lambda reply: reply.text)) == "one two Grüße"


@pytest.mark.parametrize(
    ("body", "sent"),
    [({"text": "ü"}, '{"text": "\\u00fc"}'), ("plain ü", "plain ü"), (b"bytes", "bytes"), ([1], "[1]")],
    ids=["json", "text", "bytes", "list"],
)
def test_a_turn_is_posted_as_the_service_expects_it(body, sent):
    agent = service(
        "/echoes/a-17?page=2",
        body=lambda text: body,
        answer=lambda reply: (reply.json(), reply.headers["x-kept"]),
        method="PUT",
        headers={"X-Token": "t", "Content-Type": "text/x"},
    )
    expected = {
        "method": "PUT",
        "path": "/echoes/a-17",
        "query": {"page": "2"},
        "body": sent,
        "type": "text/x",
        "token": "t",
    }

    assert ran(agent) == (expected, "yes")
