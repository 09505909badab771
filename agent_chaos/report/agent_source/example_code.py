"""Lines of code in the agent's own names."""

from __future__ import annotations

from agent_chaos.report.agent_source.own_names import OwnNames

_REPLY = {
    "anthropic_messages": "message",
    "openai_chat": "completion",
    "openai_responses": "response",
    "gemini": "response",
    "bedrock_converse": "response",
}
_MADE = {
    "anthropic_messages": ("anthropic", "Anthropic"),
    "openai_chat": ("openai", "OpenAI"),
    "openai_responses": ("openai", "OpenAI"),
    "gemini": ("genai", "Client"),
    "bedrock_converse": ("boto3", "client"),
}


def with_names(template: str, names: OwnNames, protocol: str) -> str:
    """Lines of code in the agent's own names; a name that its source does not tell is explained in a line before them."""
    before, reply = "", names.reply or names.final
    if "$reply" in template and not reply.isidentifier():
        usual = _REPLY.get(protocol, "reply")
        asked = reply or names.asks
        before = f"{usual} = {asked}\n" if asked else f"# {usual}: what this call returns\n"
        reply = usual
    made = (
        f"{names.made or names.maker or _usual_maker(names, protocol)}({'..., ' if names.arguments else ''}"
    )
    for word, name in (
        ("$for", "async for" if names.awaits else "for"),
        ("$stream", names.stream or "stream"),
        ("$reply", reply),
        ("$chunk", names.chunk),
        ("$client", names.client if names.made else "client"),
        ("$made(", made),
        ("$sleep(", "await asyncio.sleep(" if names.awaits else "time.sleep("),
        ("$def", "async def" if names.awaits else "def"),
        ("$Async", "Async" if names.awaits else ""),
    ):
        template = template.replace(word, name)
    if names.retries:
        template = template.replace(", max_retries=1", "")  # it is said already
    return before + template


def _usual_maker(names: OwnNames, protocol: str) -> str:
    package, name = _MADE.get(protocol, ("", "Client"))
    return f"{package}.{'Async' if names.awaits and package != 'genai' else ''}{name}"
