"""A fix is written in the agent's own names, where the statement that makes the call tells them."""

from __future__ import annotations

import ast
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from agent_chaos import members
from agent_chaos.report.agent_source.example_code import with_names
from agent_chaos.report.agent_source.imports import missing_imports
from agent_chaos.report.agent_source.json_text import json_text_at
from agent_chaos.report.agent_source.own_names import OwnNames, names_at
from agent_chaos.report.remedies import frameworks
from agent_chaos.report.remedies.catalogue import every_remedy
from agent_chaos.report.remedies.frameworks import langchain, langchain_model
from agent_chaos.report.remedies.frameworks.framework import Framework
from agent_chaos.report.remedies.remedy import Remedy
from agent_chaos.trace.stack_frame import StackFrame

WIDTH = 68
"""Columns that a terminal of 80 has for a line of code; a longer one would be cut."""

AGENT = """
import anthropic
import openai
from google import genai

claude = anthropic.Anthropic()
aclaude = anthropic.AsyncAnthropic(api_key="k", timeout=9)


class Desk:
    def __init__(self):
        self.llm = openai.AzureOpenAI()

    def ask(self, text):
        r = self.llm.chat.completions.create(
            model="m", messages=text,
        )
        return r.choices[0].message.content


def responses(llm):
    with llm.responses.stream(model="m") as answer:
        for piece in answer:
            print(piece)


def whole():
    m = claude.messages.create(model="m")
    return m.content[0].text


def helper():
    with claude.messages.stream(model="m") as s:
        last = s.get_final_message()
    return last


async def ahelper():
    async with aclaude.messages.stream(model="m") as s:
        text = "".join([t async for t in s.text_stream])
    return text


async def factory():
    async with make().messages.stream(model="m") as st:
        return await st.get_final_message()


async def run(runner):
    return await runner.run("hi")


async def events(llm):
    stream = await llm.chat.completions.create(model="m", stream=True)
    async for piece in stream:
        print(piece)


def loop():
    for ev in claude.messages.create(model="m", stream=True):
        print(ev)


def inner(llm):
    said = llm.chat.completions.create(model="m").choices[0].message
    return said


def both():
    with claude.messages.stream(model="two ways") as s:
        for ev in s:
            print(ev)
        return s.get_final_message()


def passed(llm):
    return llm.responses.create(model="m")


def session(chat):
    answer = chat.send_message("hi")
    return answer.text
"""


@pytest.fixture
def names(tmp_path: Path):
    file = tmp_path / "agent.py"
    file.write_text(AGENT)
    lines = AGENT.splitlines()

    def at(text: str, protocol: str) -> OwnNames:
        line = next(number for number, one in enumerate(lines, 1) if text in one)
        return names_at(StackFrame(str(file), line, "f"), protocol)

    return at


@pytest.mark.parametrize(
    ("text", "protocol", "expected"),
    [
        (
            "r = self.llm",
            "openai_chat",
            OwnNames(client="self.llm", made="openai.AzureOpenAI", reply="r"),
        ),
        ("m = claude", "anthropic_messages", OwnNames("claude", "anthropic.Anthropic", reply="m")),
        (
            '(model="two ways") as s',
            "anthropic_messages",
            OwnNames("claude", "anthropic.Anthropic", final="s.get_final_message()", stream="s"),
        ),
        (
            "with claude.messages.stream",
            "anthropic_messages",
            OwnNames("claude", "anthropic.Anthropic", final="last", stream="s"),
        ),
        (
            "async with aclaude",
            "anthropic_messages",
            OwnNames(
                "aclaude",
                "anthropic.AsyncAnthropic",
                True,
                final="await s.get_final_message()",
                stream="s",
                awaits=True,
            ),
        ),
        (
            "async with make()",
            "anthropic_messages",
            OwnNames(client="make()", final="await st.get_final_message()", stream="st", awaits=True),
        ),
        ("runner.run", "openai_chat", OwnNames(awaits=True)),
        ("stream = await llm", "openai_chat", OwnNames(client="llm", chunk="piece", awaits=True)),
        ("for ev in claude", "anthropic_messages", OwnNames("claude", "anthropic.Anthropic", chunk="ev")),
        ("said = llm", "openai_chat", OwnNames(client="llm", asks="llm.chat.completions.create(...)")),
        (
            "return llm.responses",
            "openai_responses",
            OwnNames(client="llm", asks="llm.responses.create(...)"),
        ),
        ("answer = chat", "gemini", OwnNames(client="chat", reply="answer")),
        # Its whole reply is none where it is not complete: the SDK raises then.
        ("with llm.responses", "openai_responses", OwnNames(client="llm", stream="answer", chunk="piece")),
        ("import openai", "openai_chat", OwnNames()),
    ],
)
def test_what_a_reply_and_a_client_are_called_is_read_off_the_statement(names, text, protocol, expected):
    assert names(text, protocol) == expected


def test_a_file_that_cannot_be_read_tells_no_name():
    assert names_at(StackFrame("<string>", 3, "f"), "openai_chat") == OwnNames()
    assert names_at(None, "openai_chat") == OwnNames()


@pytest.mark.parametrize(
    ("known", "written"),
    [
        (OwnNames(reply="r"), "use(r.x)"),
        (OwnNames(final="last"), "use(last.x)"),
        (OwnNames(final="s.get_final_message()"), "message = s.get_final_message()\nuse(message.x)"),
        (OwnNames(), "# message: what this call returns\nuse(message.x)"),
    ],
)
def test_a_name_that_is_not_known_is_explained(known, written):
    assert with_names("use($reply.x)", known, "anthropic_messages") == written


@pytest.mark.parametrize(
    ("known", "written"),
    [
        (
            OwnNames(client="c", made="openai.AzureOpenAI", arguments=True),
            "c = openai.AzureOpenAI(..., timeout=30)",
        ),
        (OwnNames(client="c", awaits=True), "client = openai.AsyncOpenAI(timeout=30)"),
        (OwnNames(), "client = openai.OpenAI(timeout=30)"),
    ],
)
def test_a_client_is_made_as_the_agent_makes_it(known, written):
    assert with_names("$client = $made(timeout=30)", known, "openai_chat") == written


@pytest.mark.parametrize(
    ("known", "written"),
    [
        (OwnNames(stream="s"), "for event in s:\n    time.sleep(1)"),
        (OwnNames(stream="s", awaits=True), "async for event in s:\n    await asyncio.sleep(1)"),
        (OwnNames(), "for event in stream:\n    time.sleep(1)"),
    ],
)
def test_a_loop_and_a_wait_are_those_of_the_agents_kind_of_function(known, written):
    assert with_names("$for event in $stream:\n    $sleep(1)", known, "anthropic_messages") == written


@pytest.mark.parametrize(
    ("imports", "missing"),
    [
        ("import json", "import anthropic\nfrom google.genai import types\n"),
        (
            "from google.genai import types as t\nimport json as j",
            "import anthropic\nimport json\nfrom google.genai import types\n",
        ),
        ("def late():\n    import anthropic.types, json\n    from google.genai import types", ""),
    ],
)
def test_a_fix_names_what_it_imports_beside_what_the_agent_does(imports, missing):
    code = "try:\n    return json.loads(types.Part)\nexcept anthropic.APIError:\n    await other.json()"

    assert missing_imports(code, ast.parse(imports)) == missing


@pytest.mark.parametrize(
    ("made", "written"),
    [
        ("Desk(OpenAI())", "client = OpenAI(timeout=30, max_retries=1)"),
        ("client = OpenAI(max_retries=0)", "client = OpenAI(..., timeout=30)"),
        ("Desk(OpenAI(), AzureOpenAI())", "client = openai.OpenAI(timeout=30, max_retries=1)"),
    ],
)
def test_a_client_is_made_as_somewhere_in_the_file_and_says_nothing_twice(tmp_path, made, written):
    file = tmp_path / "agent.py"
    file.write_text(f"{made}\n\n\ndef ask(client):\n    return client.responses.create(model='m')\n")
    names = names_at(StackFrame(str(file), 5, "ask"), "openai_responses")

    assert with_names("$client = $made(timeout=30, max_retries=1)", names, "openai_responses") == written


def test_a_fix_waits_and_reads_streams_as_the_agent_does():
    template = "$for $chunk in ...:\n    $sleep(1)"

    assert with_names(template, OwnNames(chunk="c"), "gemini") == "for c in ...:\n    time.sleep(1)"
    assert (
        with_names(template, OwnNames(chunk="c", awaits=True), "gemini")
        == "async for c in ...:\n    await asyncio.sleep(1)"
    )


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("json.loads(call.function.arguments)", "call.function.arguments"),
        ("loads(call['arguments'])", "call['arguments']"),
        ("json.loads(args_text)", "args_text"),
        ("json.loads(reply.text)", ""),
        ("int(call.arguments)", ""),
    ],
)
def test_the_text_of_a_calls_arguments_is_read_off_the_parser(tmp_path, line, text):
    file = tmp_path / "agent.py"
    file.write_text(f"x = json.loads(first.arguments) if 0 else 0\n\n\n{line}\n" if text else f"{line}\n")

    assert json_text_at(StackFrame(str(file), 4, "f")) == text


@pytest.mark.parametrize(
    "framework", members.exported(frameworks, "FRAMEWORK"), ids=lambda one: one.packages[0]
)
def test_every_fix_of_a_framework_is_python_and_a_remedy(framework: Framework):
    assert framework.code.keys() <= {one.name for one in every_remedy()}
    for remedy in framework.code:
        written = {framework.written(remedy, spoken) for spoken in ("openai_chat", *framework.words)} - {""}

        assert written
        for code in written:
            assert "$" not in code
            assert max(map(len, code.splitlines())) <= WIDTH
            # `await` stands in a function of the reader's; one that is defined here has its own.
            compile(code.replace("= await ", "= "), "fix", "exec")


@pytest.mark.parametrize(
    ("protocol", "whole", "cut"),
    [
        ("anthropic_messages", {"stop_reason": "end_turn"}, {"stop_reason": "max_tokens"}),
        ("openai_chat", {"finish_reason": "stop"}, {"finish_reason": "length"}),
        ("openai_responses", {"status": "completed"}, {"status": "incomplete"}),
        ("gemini", {"finish_reason": "STOP"}, {"finish_reason": "MAX_TOKENS"}),
        ("mistral", {"finish_reason": "stop"}, {"finish_reason": "length"}),
        ("ollama", {"done_reason": "stop"}, {"done_reason": "length"}),
    ],
)
def test_langchains_fix_lets_whole_replies_pass_and_no_other(protocol: str, whole: object, cut: object):
    """`whole` and `cut` are what each of LangChain's clients keeps of how a reply stopped."""
    code = langchain.FRAMEWORK.written("whole_reply", protocol).rpartition("\n\n")[0].partition("\n")[2]
    fix = code.removeprefix("@after_model\n").replace("RuntimeError", "Refused")
    known: dict[str, Any] = {"Refused": Refused}
    exec(fix, known)

    def state(told: object) -> dict[str, Any]:
        return {"messages": [SimpleNamespace(content="It is.", tool_calls=[], response_metadata=told)]}

    known["whole"](state(whole), None)
    for told in (cut, {}):
        with pytest.raises(Refused):
            known["whole"](state(told), None)


@pytest.mark.parametrize(
    ("told", "whole"),
    [({"stop_reason": "end_turn"}, True), ({"stop_reason": "max_tokens"}, False), ({}, False)],
)
def test_the_fix_of_langchains_models_lets_whole_replies_pass_and_no_other(told: object, whole: bool):
    reply = SimpleNamespace(content="It is.", tool_calls=[], response_metadata=told)
    known = {"llm": SimpleNamespace(invoke=lambda *_: reply), "RuntimeError": Refused}
    code = langchain_model.FRAMEWORK.written("whole_reply", "anthropic_messages")

    with nullcontext() if whole else pytest.raises(Refused):
        exec(code, known)


class Refused(Exception):
    """The fix took a reply for one that was cut."""


@pytest.mark.parametrize("remedy", every_remedy(), ids=lambda one: one.name)
def test_every_fix_is_python_without_an_open_name(remedy: Remedy):
    for protocol, template in (*remedy.code.items(), *remedy.events.items()):
        for awaits, defined in ((False, "def"), (True, "async def")):
            names = OwnNames(reply="response", chunk="event", awaits=awaits)
            code = with_names(template, names, protocol)
            body = "".join(f"    {line}\n" for line in [*code.splitlines(), "pass"])

            assert "$" not in code
            assert max(map(len, code.splitlines()), default=0) <= WIDTH
            compile(f"{defined} fix():\n{body}", "fix", "exec")
