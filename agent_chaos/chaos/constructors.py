"""The constructors of the chaos DSL: a function for each fault, and the names that users of 0.1.3 know.

`any_fault(kind, **fields)` spells any fault of the catalogue; `llm_<kind>` and `tool_<kind>` are the same by name.
"""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Callable
from typing import Any, Literal

from agent_chaos.chaos.builder import Chaos
from agent_chaos.chaos.mutation import Mutation, last_messages
from agent_chaos.errors import PlanError
from agent_chaos.faults.catalogue import fault_type, fault_types
from agent_chaos.faults.fault import Fault, StreamFault, ToolFault
from agent_chaos.faults.plan import Plan, fault_of

Position = Literal["start", "end", "random"]
"""Where messages are added."""

_PREFIXES = ("llm_", "tool_", "context_", "history_", "user_input_")
# Transport faults that act on a stream alone, or are meant for one.
_STREAMING = ("truncate", "reset_in_body", "stall", "slow_first_byte", "slow_stream")


def any_fault(kind: str, **fields: Any) -> Chaos:
    """Any fault by its kind. Raises PlanError for an unknown kind, field or value."""
    return _chaos(
        # Made from fields as a stored plan is, so that both are checked by the same rules and refused in
        # the same words.
        fault_of({"kind": kind, **fields}),
        f"{constructor_name(fault_type(kind))}({_arguments(fields)})",
    )


def constructor_name(cls: type[Fault]) -> str:
    """The name of the constructor of a fault: `llm_truncate`, `tool_error`."""
    kind = str(cls.model_fields["kind"].default)
    return kind if kind.startswith("tool_") else f"{'tool' if issubclass(cls, ToolFault) else 'llm'}_{kind}"


def _arguments(fields: dict[str, Any]) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in fields.items())


def _chaos(made: Fault, word: str, **more: Any) -> Chaos:
    streaming = isinstance(made, StreamFault) or made.kind in _STREAMING
    return Chaos(fault=made, word=word, streaming=streaming, **more)


def _seconds(word: str, name: str, value: float) -> int | float:
    """Seconds as a plan keeps them: a whole number as one."""
    if value <= 0:
        raise PlanError(f"{word}: {name}={value!r}: expected a number of seconds above 0")
    # A plan with `30` and one with `30.0` are the same plan, and must have the same text and the same digest.
    return int(value) if float(value).is_integer() else value


def llm_rate_limit(retry_after: float = 30.0) -> Chaos:
    """429, with `retry-after` as the provider sends it: in whole seconds, rounded up."""
    # `retry-after` has no fractions (RFC 9110, 10.2.3); rounded down, a client would come back too early.
    wait = math.ceil(_seconds("llm_rate_limit", "retry_after", retry_after))
    return _chaos(
        fault_of({"kind": "rate_limit", "retry_after_s": wait}),
        f"llm_rate_limit(retry_after={retry_after!r})",
    )


def llm_timeout(delay: float = 30.0) -> Chaos:
    """No reply: the client's own timeout strikes, or the connection fails after `delay` virtual seconds."""
    wait = _seconds("llm_timeout", "delay", delay)
    return _chaos(
        fault_of({"kind": "timeout_before_headers", "seconds": wait}), f"llm_timeout(delay={delay!r})"
    )


def _error(kind: str, word: str, message: str) -> Chaos:
    fields = {"message": message} if message else {}
    return _chaos(fault_of({"kind": kind, **fields}), f"{word}({_arguments(fields)})")


def llm_server_error(message: str = "") -> Chaos:
    """500; the message is the provider's own unless given."""
    return _error("server_error", "llm_server_error", message)


def llm_auth_error(message: str = "") -> Chaos:
    """401; the message is the provider's own unless given."""
    return _error("auth_error", "llm_auth_error", message)


def llm_context_length(message: str = "") -> Chaos:
    """400, too many tokens; the message is the provider's own unless given."""
    return _error("context_length", "llm_context_length", message)


def llm_stream_cut(after_chunks: int) -> Chaos:
    """The connection breaks once that many events of the stream have arrived."""
    fields = {"kind": "reset_in_body", "boundary": "after_frames", "offset": after_chunks}
    return _chaos(fault_of(fields), f"llm_stream_cut(after_chunks={after_chunks})")


def llm_stream_hang(after_chunks: int, hang_seconds: float = 60.0) -> Chaos:
    """Nothing arrives for `hang_seconds` once that many events of the stream have."""
    wait = _seconds("llm_stream_hang", "hang_seconds", hang_seconds)
    fields = {"kind": "stall", "boundary": "after_frames", "frames": after_chunks, "seconds": wait}
    # As it was written: a default that was left out stays out.
    told = {"after_chunks": after_chunks, **({"hang_seconds": hang_seconds} if hang_seconds != 60 else {})}
    return _chaos(fault_of(fields), f"llm_stream_hang({_arguments(told)})")


def llm_slow_ttft(delay: float) -> Chaos:
    """The first byte comes `delay` seconds later."""
    wait = _seconds("llm_slow_ttft", "delay", delay)
    return _chaos(fault_of({"kind": "slow_first_byte", "seconds": wait}), f"llm_slow_ttft(delay={delay!r})")


def llm_slow_chunks(delay: float) -> Chaos:
    """Every chunk of a stream comes `delay` seconds later."""
    wait = _seconds("llm_slow_chunks", "delay", delay)
    return _chaos(fault_of({"kind": "slow_stream", "seconds": wait}), f"llm_slow_chunks(delay={delay!r})")


def tool_error(message: str = "Tool error", shape: str = "object") -> Chaos:
    """The tool returns a JSON object with an `error` key, or one of MCP; raising is `tool_raise`."""
    return any_fault("tool_error", message=message, **_unless("object", shape=shape))


def tool_empty(value: str = "text") -> Chaos:
    """The tool returns an empty string, or `null`, an empty list or object."""
    return any_fault("tool_empty", **_unless("text", value=value))


def _unless(default: str, **fields: str) -> dict[str, str]:
    """The fields that do not have their default."""
    return {name: value for name, value in fields.items() if value != default}


def tool_timeout(timeout_seconds: float = 30.0) -> Chaos:
    """The tool returns, after that time, a sentence that says it timed out; its effect landed."""
    return any_fault("tool_timeout", timeout_seconds=timeout_seconds)


def tool_raise(message: str = "", error_type: str = "RuntimeError") -> Chaos:
    """The tool raises an exception of that built-in type, before it did anything; the message fits unless given."""
    return any_fault("tool_raise", error_type=error_type, **_unless("", message=message))


def _mutation(kind: str, mutator: Callable[..., Any], name: str = "") -> Chaos:
    called = name or getattr(mutator, "__name__", "")
    # A mutation records only the function's name; the function itself goes beside it, and no plan can hold
    # it.
    made = Mutation.model_validate({"kind": kind, "name": called})
    return Chaos(fault=made, word=f"{kind}[{called}]", mutator=mutator)


def tool_mutate(mutator: Callable[..., Any]) -> Chaos:
    """The result of a tool as `(tool_name, result)` or `(ctx, tool_name, result)` changes it."""
    return _mutation("tool_mutate", mutator)


def user_input_mutate(mutator: Callable[..., Any]) -> Chaos:
    """What the user says as `(text)` or `(ctx, text)` changes it, in every turn unless one is named."""
    return _mutation("user_input_mutate", mutator)


def context_mutate(mutator: Callable[..., Any]) -> Chaos:
    """What the model is asked, as `(messages)` or `(ctx, messages)` changes it, at every call unless one is named."""
    return _mutation("context_mutate", mutator)


def history_mutate(mutator: Callable[..., Any]) -> Chaos:
    """The conversation so far, as `(messages)` or `(ctx, messages)` changes it; meant for `between_turns`."""
    return _mutation("history_mutate", mutator)


def history_truncate(keep_last: int = 3, keep_system: bool = True) -> Chaos:
    """The last messages of the conversation only, behind the system's unless told otherwise."""
    return _mutation(
        "history_truncate", lambda messages: last_messages(messages, keep_last, keep_system), f"{keep_last}"
    )


def history_inject(messages: list[dict[str, Any]], position: Position = "end") -> Chaos:
    """More messages in the conversation: before it, behind it, or at a place that the conversation alone decides, so that a
    run with the same history is the same again. Raises PlanError for another position.
    """
    if position not in ("start", "end", "random"):
        raise PlanError(f"history_inject: position={position!r}: expected start, end or random")

    def injected(before: list[Any]) -> list[Any]:
        at = {"start": 0, "end": len(before), "random": _anywhere(before)}[position]
        return [*before[:at], *messages, *before[at:]]

    return _mutation("history_inject", injected, position)


def _anywhere(messages: list[Any]) -> int:
    """A place among the messages, before and behind all of them included, drawn from what they say."""
    # Not `hash`, which differs from process to process, and not `random`, which the agent draws from as well.
    said = json.dumps(messages, sort_keys=True, default=str).encode()
    return zlib.crc32(said) % (len(messages) + 1)


def plan_source(plan: Plan) -> str:
    """A plan as the `chaos=` of a scenario: `[llm_truncate(boundary="mid_number").at("call 1")]`."""
    placed = (f'{to_source(one.fault)}.at("{one.site}")' for one in plan.faults)
    return f"chaos=[{', '.join(placed)}]"


def to_source(made: Fault) -> str:
    """A fault as a scenario writes it: `llm_truncate(boundary="mid_number", offset=0)`."""
    fields = {name: value for name, value in made.model_dump(exclude_defaults=True).items() if name != "kind"}
    inside = ", ".join(f"{name}={_literal(value)}" for name, value in fields.items())
    return _call_source(made, inside)


def _call_source(made: Fault, inside: str) -> str:
    """A call of the constructor of 0.1.3 where its only argument is the fault's, else of the one by kind."""
    # Only those whose every field that constructor takes: a stall has two constructors and three fields, and is
    # written by its kind.
    for kind, name, ours, theirs in _RENAMED:
        if made.kind == kind:
            return f"{name}({inside.replace(f'{ours}=', f'{theirs}=')})"
    return f"{constructor_name(type(made))}({inside})"


_RENAMED = (
    ("rate_limit", "llm_rate_limit", "retry_after_s", "retry_after"),
    ("timeout_before_headers", "llm_timeout", "seconds", "delay"),
    ("slow_first_byte", "llm_slow_ttft", "seconds", "delay"),
    ("slow_stream", "llm_slow_chunks", "seconds", "delay"),
)


def _literal(value: Any) -> str:
    text = repr(value)
    # In double quotes, as people write it here, where nothing in it had to be escaped for that.
    plain = isinstance(value, str) and text == f"'{value}'" and '"' not in value
    return f'"{value}"' if plain else text


def constructor(name: str) -> Callable[..., Chaos] | None:
    """The constructor of that name: a function of this file, or that of a fault of the catalogue."""
    # By prefix, so that neither an import nor a helper of this module is taken for a fault.
    own = globals().get(name) if name.startswith(_PREFIXES) else None
    # Own ones first: some faults have a function here that takes the arguments of 0.1.3.
    return own or _of_fault(name)


def constructor_names() -> set[str]:
    """The names of all constructors."""
    own = {name for name in globals() if name.startswith(_PREFIXES)}
    return own | {constructor_name(cls) for cls in fault_types().values()}


def _of_fault(name: str) -> Callable[..., Chaos] | None:
    """The constructor of that name for a fault of the catalogue that has no function of its own here."""
    for cls in fault_types().values():
        if constructor_name(cls) == name:
            kind = str(cls.model_fields["kind"].default)
            return lambda **fields: any_fault(kind, **fields)
    return None
