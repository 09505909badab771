"""What the agent's own code calls its client and a reply, read off the statement that makes the call."""

from __future__ import annotations

import ast
import linecache
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from agent_chaos.trace.stack_frame import StackFrame

_CLIENTS = ("Anthropic", "OpenAI", "Client", "AnthropicBedrock", "AnthropicVertex", "boto3.client")
"""How the names of the SDKs' client classes end, those of Azure and of asyncio among them."""
_FINAL = {
    "anthropic_messages": "get_final_message",
    "openai_chat": "get_final_completion",
    "openai_responses": "get_final_response",
}
"""What gives the whole reply of a stream helper."""
_ASK = frozenset(
    {
        "converse",
        "converse_stream",
        "create",
        "stream",
        "parse",
        "generate_content",
        "generate_content_stream",
        "send_message",
        "send_message_stream",
    }
)
"""Methods of SDKs that ask a model."""

_Loop = ast.For | ast.AsyncFor


@dataclass(frozen=True)
class OwnNames:
    """Expressions of the agent's code, each '' where the statement does not tell.

    `client` is the client, `made` how it is made without its arguments (`openai.AsyncOpenAI`), with `arguments` whether there
    are any, and `retries` whether one of them says how often it tries again; `maker` is how the file makes a client of some other
    name; `reply` holds a whole reply, `final` gives it out of a stream helper, `stream` is what a `with` opens, `chunk` is
    one event of a stream that the agent reads itself. `asks` is a call whose reply has no name, as
    `await client.messages.create(...)`. `awaits` says that the call stands in an `async def`.
    """

    client: str = ""
    made: str = ""
    arguments: bool = False
    retries: bool = False
    maker: str = ""
    reply: str = ""
    final: str = ""
    stream: str = ""
    chunk: str = ""
    asks: str = ""
    awaits: bool = False


def names_at(frame: StackFrame | None, protocol: str) -> OwnNames:
    """The names around the call that a frame stands at."""
    module = parsed(frame.file) if frame is not None else None
    if module is None or frame is None:
        return OwnNames()
    scope, found = _innermost(module, frame.line)
    awaits = isinstance(scope, ast.AsyncFunctionDef)
    if found is None:
        return OwnNames(awaits=awaits)
    statement, call = found
    client = _root(call)
    made = _maker(module, client)
    reply, final = _reply(scope, statement, call), _final(statement, call, protocol)
    stream, chunk = _opened(statement, call), _chunk(scope, statement, call)
    if chunk and protocol == "openai_responses":
        final = ""  # it raises, in its own words, for a response that is not complete
    named = reply or final or stream or chunk
    return OwnNames(
        client=client,
        made=ast.unparse(made.func) if made else "",
        arguments=bool(made and (made.args or made.keywords)),
        retries=bool(made and any(one.arg == "max_retries" for one in made.keywords)),
        maker="" if made else _some_maker(module),
        awaits=awaits,
        reply=reply,
        final=final,
        stream=stream,
        # A stream helper holds the whole reply, too, however its events are read.
        chunk="" if final else chunk,
        asks=f"{'await ' if awaits else ''}{ast.unparse(call.func)}(...)" if client and not named else "",
    )


@lru_cache(maxsize=64)
def parsed(file: str) -> ast.Module | None:
    """The agent's file as a tree; None where it cannot be read as Python."""
    try:
        return ast.parse("".join(linecache.getlines(file)))
    except (SyntaxError, ValueError):
        return None


def packages_of(frame: StackFrame | None) -> frozenset[str]:
    """The packages that the file of a frame imports, each with those that it is a part of: `google` and `google.adk`."""
    module = parsed(frame.file) if frame is not None else None
    nodes = list(ast.walk(module)) if module is not None else []
    whole = [one.name for node in nodes if isinstance(node, ast.Import) for one in node.names]
    parts = [
        f"{node.module}.{one.name}"
        for node in nodes
        if isinstance(node, ast.ImportFrom) and not node.level
        for one in node.names
    ]
    return frozenset(
        ".".join(names[:depth])
        for names in map(_split, (*whole, *parts))
        for depth in range(1, len(names) + 1)
    )


def _split(name: str) -> list[str]:
    return name.split(".")


def _innermost(module: ast.Module, line: int) -> tuple[ast.AST, tuple[ast.stmt, ast.Call] | None]:
    """The function around a line; with it the statement that makes the line's call, and the call."""
    scope: ast.AST = module
    found = None
    for node in ast.walk(module):  # outer nodes come first
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and _spans(node, line):
            scope = node
        if isinstance(node, ast.stmt) and _spans(node, line):
            # Only what the statement evaluates by itself: a `with` or a `for` would else have every call of
            # its body.
            calls = [one for head in _heads(node) for one in ast.walk(head) if isinstance(one, ast.Call)]
            mine = [one for one in calls if _spans(one, line) and _is_request(one)]
            found = (node, mine[0]) if mine else found
    return scope, found


def _spans(node: ast.stmt | ast.expr, line: int) -> bool:
    return node.lineno <= line <= (node.end_lineno or node.lineno)


def _heads(statement: ast.stmt) -> Iterator[ast.AST]:
    """What a statement itself evaluates: not the statements inside it."""
    return (
        child
        for child in ast.iter_child_nodes(statement)
        if not isinstance(child, ast.stmt | ast.excepthandler)
    )


def _is_request(call: ast.Call) -> bool:
    """Whether a call may ask a model: such a method of something that has a name, or of a part of a client."""
    if not isinstance(call.func, ast.Attribute) or call.func.attr not in _ASK:
        return False
    # `OpenAI(api_key=key).chat.completions.create(…)` has no name, but asks.
    return bool(_root(call)) or isinstance(call.func.value, ast.Attribute)


def _root(call: ast.Call) -> str:
    """The client at the head of a call: `client` of `client.messages.create(…)`, `self.llm` of `self.llm.responses.parse(…)`."""
    parts: list[str] = []
    node: ast.expr = call.func
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if isinstance(node, ast.Call) and not node.args and not node.keywords:
        return ast.unparse(node)  # `client().messages.create(…)`
    if not isinstance(node, ast.Name):
        return ""
    return f"self.{parts[-1]}" if node.id == "self" and len(parts) > 1 else node.id


def _maker(module: ast.Module, client: str) -> ast.Call | None:
    """Where the module makes the client."""
    for node in ast.walk(module):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            made = ast.unparse(node.value.func)
            if made.endswith(_CLIENTS) and client in map(ast.unparse, node.targets):
                return node.value
    return None


def _some_maker(module: ast.Module) -> str:
    """How the module makes its only kind of client, wherever that goes; '' where there is none, or are several."""
    calls = (ast.unparse(node.func) for node in ast.walk(module) if isinstance(node, ast.Call))
    found = {made for made in calls if made.endswith(_CLIENTS)}
    return found.pop() if len(found) == 1 else ""


def _bare(value: ast.expr | None) -> ast.expr | None:
    return value.value if isinstance(value, ast.Await) else value


def _target(statement: ast.stmt, value: ast.AST) -> str:
    """The name that a statement gives to a value; '' where it is used in another way."""
    if isinstance(statement, ast.Assign | ast.AnnAssign) and _bare(statement.value) is value:
        (target, *more) = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        return ast.unparse(target) if isinstance(target, ast.Name | ast.Attribute) and not more else ""
    return ""


def _reply(scope: ast.AST, statement: ast.stmt, call: ast.Call) -> str:
    """The name of a whole reply: where the call is assigned, and nothing walks over it as a stream."""
    name = _target(statement, call)
    return "" if name and _walked(scope, name) else name


def _opened(statement: ast.stmt, call: ast.Call) -> str:
    """The name of a stream that a `with` opens."""
    items = statement.items if isinstance(statement, ast.With | ast.AsyncWith) else []
    mine = (item.optional_vars for item in items if _bare(item.context_expr) is call)
    return next((one.id for one in mine if isinstance(one, ast.Name)), "")


def _final(statement: ast.stmt, call: ast.Call, protocol: str) -> str:
    """What gives the whole reply of a stream helper: a name that it is given to, or the call that makes it."""
    stream, method = _opened(statement, call), _FINAL.get(protocol, "")
    helper = isinstance(call.func, ast.Attribute) and call.func.attr == "stream"
    if not (stream and method and helper):
        return ""
    for node in ast.walk(statement):
        if isinstance(node, ast.stmt):
            for head in _heads(node):
                asked = _bare(head) if isinstance(head, ast.expr) else None
                if (
                    asked is not None
                    and ast.unparse(asked) == f"{stream}.{method}()"
                    and _target(node, asked)
                ):
                    return _target(node, asked)
    await_ = "await " if isinstance(statement, ast.AsyncWith) else ""
    return f"{await_}{stream}.{method}()"


def _chunk(scope: ast.AST, statement: ast.stmt, call: ast.Call) -> str:
    """The name of an event where the agent walks over a stream itself."""
    if isinstance(statement, _Loop) and _bare(statement.iter) is call:
        return _named(statement)
    stream = _opened(statement, call) or _target(statement, call)
    loop = _walked(scope, stream) if stream else None
    return _named(loop) if loop is not None else ""


def _named(loop: _Loop) -> str:
    return loop.target.id if isinstance(loop.target, ast.Name) else ""


def walks_at(frame: StackFrame | None, name: str) -> bool:
    """Whether the line of a frame stands in a loop that gives its items that name."""
    module = parsed(frame.file) if frame is not None else None
    if module is None or frame is None or not name:
        return False
    loops = (node for node in ast.walk(module) if isinstance(node, _Loop))
    return any(_named(loop) == name and loop.lineno < frame.line <= (loop.end_lineno or 0) for loop in loops)


def _walked(scope: ast.AST, stream: str) -> _Loop | None:
    """The loop that walks over a stream by its name."""
    # By the text of the expression, since nothing here knows values: `self.stream` in both places is taken
    # for the same.
    loops = (node for node in ast.walk(scope) if isinstance(node, _Loop))
    return next((loop for loop in loops if ast.unparse(loop.iter) == stream), None)
