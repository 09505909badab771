"""Runs of LangSmith become recordings: of LangChain, of the wrapped clients, of any of its exports."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from agent_chaos.cassette.model import Cassette
from agent_chaos.cassette.storage.foreign import import_cassette
from agent_chaos.errors import CassetteDamaged
from agent_chaos.providers.registry import protocols
from agent_chaos.trace.fidelity import Fidelity
from agent_chaos.trial.rehearsal import Rehearsal
from tests.cassette.test_traces import ASKED, SAID, span
from tests.search import shop

ANSWER = shop.SAID[1].text
RESULT = "refunded 1500 on order A-17"
ARGUMENTS = {"order": "A-17", "amount": 1500}
CHAT_TOOL = {
    "type": "function",
    "function": {"name": "refund", "description": "Pay money back.", "parameters": {"type": "object"}},
}


def run(number: int, **told: Any) -> dict[str, Any]:
    return {
        "id": f"run-{number}",
        "run_type": "llm",
        "start_time": f"2026-01-01T00:00:0{2 * number}+00:00",
        "end_time": f"2026-01-01T00:00:0{2 * number + 1}.500000",
        **told,
    }


def constructed(name: str, **kwargs: Any) -> dict[str, Any]:
    return {"lc": 1, "type": "constructor", "id": ["langchain", "schema", "messages", name], "kwargs": kwargs}


def langchain(**event: Any) -> list[Any]:
    """What langchain-core's tracer sends, with langchain-anthropic's content of blocks and its list of calls."""
    user = constructed("HumanMessage", content=shop.QUESTION, type="human")
    blocks = [
        {"type": "text", "text": shop.SAID[0].text},
        {"type": "tool_use", "id": "toolu_1", "name": "refund", "input": ARGUMENTS},
    ]
    calls = [{"name": "refund", "args": ARGUMENTS, "id": "toolu_1", "type": "tool_call"}]
    called = constructed("AIMessage", content=blocks, type="ai", tool_calls=calls)
    result = constructed("ToolMessage", content=RESULT, type="tool", tool_call_id="toolu_1", status="success")
    said = constructed("AIMessage", content=ANSWER, type="ai")
    params = {"model": "claude-sonnet-5", "max_tokens": 500, "temperature": None, "_type": "anthropic-chat"}
    extra = {
        "invocation_params": {**params, "tools": shop.TOOLS},
        "metadata": {"ls_provider": "anthropic", "ls_model_name": "claude-sonnet-5"},
    }
    return [
        {"id": "chain", "run_type": "chain", "inputs": {}, "outputs": {}},
        *(
            run(
                number,
                inputs={"messages": [asked]},
                outputs={"generations": [[{"text": "", "message": answer}]]},
                extra=extra,
                events=[event] if event else [],
            )
            for number, asked, answer in ((1, [user, called, result], said), (0, [user], called))
        ),
    ]


def wrapped_anthropic() -> list[Any]:
    """What `wrap_anthropic` sends: the request's blocks, and the reply as a message of Chat Completions."""
    user = {"role": "user", "content": shop.QUESTION}
    used = {"type": "tool_use", "id": "toolu_1", "name": "refund", "input": ARGUMENTS}
    blocks = [{"type": "text", "text": shop.SAID[0].text}, used]
    results = [{"type": "tool_result", "tool_use_id": "toolu_1", "content": RESULT}]
    history = [user, {"role": "assistant", "content": blocks}, {"role": "user", "content": results}]
    call = {
        "id": "toolu_1",
        "type": "function",
        "function": {"name": "refund", "arguments": json.dumps(ARGUMENTS)},
    }
    called = {"role": "assistant", "content": shop.SAID[0].text, "tool_calls": [call]}
    said = {"role": "assistant", "content": ANSWER}
    extra = {"metadata": {"ls_provider": "anthropic", "ls_model_name": "claude-sonnet-5"}}
    asked = {"model": "claude-sonnet-5", "max_tokens": 500, "tools": shop.TOOLS}
    return [
        run(1, inputs={**asked, "messages": history}, outputs=said, extra=extra),
        run(0, inputs={**asked, "messages": [user]}, outputs=called, extra=extra),
    ]


def imported(text: str, folder: Path, *, name: str = "runs.json", streamed: bool = False) -> Cassette:
    (folder / name).write_text(text)
    return import_cassette(folder / name, folder / "cassettes" / "shop.msgpack", streamed=streamed)


def test_a_wrapped_client_replays_on_its_runs(tmp_path: Path) -> None:
    cassette = imported(json.dumps(wrapped_anthropic()), tmp_path, streamed=True)
    rehearsal = Rehearsal(shop.scenario(shop.careful), cassette=cassette)
    rehearsal.prepare()

    assert [call.fidelity for call in rehearsal.clean.calls] == [Fidelity.EXACT, Fidelity.EXACT]
    assert rehearsal.clean.answers[-1].text == ANSWER
    assert rehearsal.tools_run_for_real == ()


def test_a_langchain_agent_replays_on_its_runs_and_what_its_tracer_sends_then_says_the_same(
    tmp_path: Path,
) -> None:
    pytest.importorskip("langchain_anthropic", reason="langchain-anthropic is not installed")
    from langchain_anthropic import ChatAnthropic
    from langchain_core.messages import HumanMessage, ToolMessage
    from langchain_core.tracers import LangChainTracer
    from langsmith import Client

    sent: dict[Any, dict[str, Any]] = {}

    class Kept(Client):
        def create_run(self, name: str, inputs: Any, run_type: Any, **told: Any) -> None:
            sent[told["id"]] = {"name": name, "inputs": inputs, "run_type": run_type, **told}

        def update_run(self, run_id: Any, **told: Any) -> None:
            sent[run_id] |= {key: one for key, one in told.items() if one is not None}

    config: Any = {
        "callbacks": [LangChainTracer(client=Kept(api_key="none", auto_batch_tracing=False, info={}))]
    }
    model = ChatAnthropic(model_name="claude-sonnet-5", max_tokens=500).bind_tools(shop.TOOLS)

    def desk(ctx: object, text: str) -> str:
        sent.clear()
        messages: list[Any] = [HumanMessage(text)]
        while True:
            said = model.invoke(messages, config)
            messages.append(said)
            if not said.tool_calls:
                return said.text
            messages += [
                ToolMessage(shop.refund(**one["args"]), tool_call_id=one["id"]) for one in said.tool_calls
            ]

    cassette = imported(json.dumps(langchain()), tmp_path)
    rehearsal = Rehearsal(shop.scenario(desk), cassette=cassette)
    rehearsal.prepare()
    again = imported(json.dumps(list(sent.values()), default=str), tmp_path)

    assert [call.fidelity for call in rehearsal.clean.calls] == [Fidelity.EXACT, Fidelity.EXACT]
    assert [one.request.body for one in again.exchanges] == [one.request.body for one in cassette.exchanges]


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(langchain()),
        json.dumps({"runs": langchain(), "cursors": {"next": None}}),
        json.dumps({**langchain()[0], "child_runs": [{"run_type": "chain", "child_runs": langchain()[1:]}]}),
    ],
    ids=["a list", "a page of the API", "a run with those it started"],
)
def test_every_export_of_runs_is_read(text: str, tmp_path: Path) -> None:
    assert len(imported(text, tmp_path).exchanges) == 2


def test_lines_of_runs_and_of_spans_are_read(tmp_path: Path) -> None:
    lines = [
        langchain(),
        [
            {"resourceSpans": [{"scopeSpans": [{"spans": [span(number, [ASKED], SAID)]}]}]}
            for number in (0, 1)
        ],
    ]
    read = [imported("\n".join(map(json.dumps, one)) + "\n", tmp_path, name="runs.jsonl") for one in lines]

    assert [len(one.exchanges) for one in read] == [2, 2]


def test_a_line_ends_where_json_says_so_and_nowhere_else(tmp_path: Path) -> None:
    odd = [{**one, "tags": ["line\u2028separator", "next\u0085line"]} for one in langchain()]
    text = "\r\n".join(json.dumps(one, ensure_ascii=False) for one in odd)

    assert len(imported(text, tmp_path, name="runs.jsonl").exchanges) == 2


def test_a_call_that_failed_is_left_to_its_retry(tmp_path: Path) -> None:
    failed = {**langchain()[2], "id": "failed", "outputs": None, "error": "RateLimitError()"}

    assert len(imported(json.dumps([failed, *langchain()]), tmp_path).exchanges) == 2


def test_a_run_with_tokens_is_streamed_without_being_asked_for(tmp_path: Path) -> None:
    known = protocols()
    for event, streamed in (({}, False), ({"name": "new_token"}, True)):
        cassette = imported(json.dumps(langchain(**event)), tmp_path)

        assert [known[one.protocol].parse(one.reply).streamed for one in cassette.exchanges] == [streamed] * 2


def test_the_client_of_openai_and_its_tools_are_read(tmp_path: Path) -> None:
    call = {
        "id": "call_1",
        "function": {"name": "refund", "arguments": json.dumps(ARGUMENTS)},
        "type": "function",
    }
    message = {"role": "assistant", "content": None, "refusal": None, "tool_calls": [call]}
    asked = {"model": "gpt-5", "messages": [{"role": "user", "content": "hi"}], "tools": [CHAT_TOOL]}
    told = run(
        0,
        inputs=asked,
        outputs={"choices": [{"index": 0, "finish_reason": "tool_calls", "message": message}]},
        extra={"metadata": {"ls_provider": "openai", "ls_model_name": "gpt-5"}},
    )
    (exchange,) = imported(json.dumps([told]), tmp_path).exchanges
    protocol = protocols()[exchange.protocol]

    assert exchange.protocol == "openai_chat"
    assert protocol.prompt(exchange.request).tools[0].name == "refund"
    assert [json.loads(one.arguments) for one in protocol.parse(exchange.reply).tool_calls] == [ARGUMENTS]


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"outputs": None}, "it holds no answer"),
        ({"inputs": {"messages": [[], []]}}, "a batch of several prompts"),
        ({"inputs": {"prompts": ["hi"]}}, "it holds no messages"),
        ({"start_time": "soon"}, "run-1"),
    ],
    ids=["no answer", "a batch", "no messages", "no time"],
)
def test_a_run_that_cannot_be_replayed_says_why(changed: dict[str, Any], told: str, tmp_path: Path) -> None:
    with pytest.raises(CassetteDamaged, match=told):
        imported(json.dumps([{**langchain()[1], **changed}]), tmp_path)
