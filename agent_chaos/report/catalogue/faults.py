"""The faults as the catalogue tells them: from their classes and docstrings, and by trying them on replies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, get_args, get_origin

from annotated_types import Ge, Le
from pydantic.fields import FieldInfo

from agent_chaos.chaos import constructors
from agent_chaos.chaos.mutation import Mutation
from agent_chaos.faults.catalogue import fault_types, kind_of
from agent_chaos.faults.fault import Choice, Fault, ToolFault, WireFault, target_of
from agent_chaos.providers.embeddings import EMBEDDINGS_APIS
from agent_chaos.providers.registry import protocols
from agent_chaos.report.catalogue.docstrings import docstring_parts
from agent_chaos.report.catalogue.entry import FaultEntry, Parameter
from agent_chaos.report.catalogue.reactions import reactions
from agent_chaos.report.catalogue.samples import TOOL, samples
from agent_chaos.search.space import number_fields

LEVELS = ("transport", "stream", "message", "tool", "conversation")


def faults_of_code() -> tuple[FaultEntry, ...]:
    """Every fault, by level and family, then the changes that functions of a scenario make."""
    found = [_entry(cls) for cls in fault_types().values()]
    ordered = sorted(found, key=lambda entry: (LEVELS.index(entry.level), entry.family, entry.name))
    return (*ordered, *(_mutation(kind) for kind in get_args(Mutation.model_fields["kind"].annotation)))


def _entry(cls: type[Fault]) -> FaultEntry:
    does, source = docstring_parts(cls)
    acting = _acting(cls)
    vectors = (api.name for api in EMBEDDINGS_APIS if "embeddings" in cls.needs)
    spoken = tuple(
        name for name in (*protocols(), *vectors) if name in {protocol for protocol, _, _ in acting}
    )
    forms = tuple(form for form in ("whole", "streamed") if form in {one for _, one, _ in acting})
    return FaultEntry(
        name=kind_of(cls),
        level=cls.level,
        family=cls.family.name,
        frequency=cls.frequency.label,
        does=does,
        transparent=cls.transparent,
        searched=cls.searched,
        where=_where(cls, spoken, forms),
        protocols=spoken,
        forms=forms,
        parameters=_parameters(cls),
        word=constructors.to_source(_mildest(cls, acting[0][2] if acting else {})),
        source=source,
        changes=cls.changes,
        reactions=reactions(kind_of(cls)),
    )


def _mutation(kind: str) -> FaultEntry:
    word = getattr(constructors, kind)
    _, source = docstring_parts(Mutation)
    return FaultEntry(
        name=kind,
        level="conversation",
        family=Mutation.family.name,
        frequency=Mutation.frequency.label,
        does=docstring_parts(word)[0],
        transparent=False,
        searched=False,
        where="tool results" if kind == "tool_mutate" else "what the user says or the model is asked",
        protocols=tuple(protocols()),
        forms=(),
        parameters=(),
        word=f"{kind}({'messages=[...]' if kind == 'history_inject' else '...'})",
        source=source,
    )


def _acting(cls: type[Fault]) -> list[tuple[str, str, Choice]]:
    """The protocols and forms that the fault has an opening at, each with its first choice."""
    if not issubclass(cls, WireFault):
        return []
    found = []
    for one in samples():
        # Of what no protocol is known for, faults of messages are never asked.
        target = target_of(cls, one.target.request, one.target.reply, protocols().get(one.protocol))
        choices = cls.openings(target) if target else ()
        found += [(one.protocol, one.form, choices[0])] if choices else []
    return found


def _where(cls: type[Fault], spoken: tuple[str, ...], forms: tuple[str, ...]) -> str:
    if issubclass(cls, ToolFault):
        return "tool calls"
    acted = "whole replies" if forms == ("whole",) else "streams" if forms == ("streamed",) else "every reply"
    if spoken == tuple(api.name for api in EMBEDDINGS_APIS):
        return f"{acted} of embeddings"
    return acted if len(spoken) == len(protocols()) else f"{acted} of {' and '.join(spoken)}"


def _mildest(cls: type[Fault], choice: Choice) -> Fault:
    """The fault with its first choice and its numbers at their lower bound."""
    if issubclass(cls, ToolFault):
        choice = next(iter(cls.openings(TOOL)), {})
    low = {name: low for name, low, _ in number_fields(cls) if name not in choice}
    return cls.model_validate({"kind": kind_of(cls), **choice, **low})


def _parameters(cls: type[Fault]) -> tuple[Parameter, ...]:
    drawn = {name: f"{low:,} to {high:,}" for name, low, high in number_fields(cls)}
    fields = ((name, info) for name, info in cls.model_fields.items() if name != "kind")
    return tuple(
        Parameter(name=name, values=_values(info), drawn=_else(drawn, name, info)) for name, info in fields
    )


def _else(drawn: Mapping[str, str], name: str, info: FieldInfo) -> str:
    """What a search draws, where that is less than what is valid."""
    found = drawn.get(name, "")
    return "" if found == _values(info) else found


def _values(info: FieldInfo) -> str:
    """The valid values of a field, in words."""
    default = "" if info.is_required() or info.default == "" else f", {info.default!r} unless given"
    if get_origin(info.annotation) is Literal:
        return ", ".join(str(one) for one in get_args(info.annotation)) + default
    low: Any = next((one.ge for one in info.metadata if isinstance(one, Ge)), None)
    high: Any = next((one.le for one in info.metadata if isinstance(one, Le)), None)
    if low is not None and high is not None:
        return f"{low:,} to {high:,}{default}"
    if low is not None:
        return f"{low:,} or more{default}"
    if info.annotation is not str:
        return f"a number{default}"
    return f"a text{default}" if default else "a text; the provider's own unless given"
