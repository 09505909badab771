"""The contract of a framework's fixes: how a change is written where a framework asks the model and runs the tools.

Every other module of this folder exports one instance as `FRAMEWORK`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Framework:
    """What an agent of a framework is changed by.

    Args:
        packages: what the agent's file imports of it.
        code: the change in a few lines, by the name of its remedy. `$model` in it stands for what makes a model, `$stop` for
            the name under which the framework keeps why a reply stopped, `$ends` for what it says of a whole one, `$invoke` for
            what the agent calls to ask.
        words: what stands for these, by protocol and name.
    """

    packages: tuple[str, ...]
    code: Mapping[str, str]
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def written(self, remedy: str, protocol: str, *, invoke: str = "llm.invoke") -> str:
        """The change that a remedy is here; '' where it is none of the framework's."""
        written = self.code.get(remedy, "").replace("$invoke", invoke)
        for name, word in self.words.get(protocol, {}).items():
            written = written.replace(f"${name}", word)
        return "" if "$" in written else written


def _words(model: str, stop: str, *ends: str) -> dict[str, str]:
    return {"model": model, "stop": f'"{stop}"', "ends": repr(ends).replace("'", '"')}


LANGCHAIN_MODELS = {
    "anthropic_messages": _words("ChatAnthropic", "stop_reason", "end_turn", "tool_use"),
    "openai_chat": _words("ChatOpenAI", "finish_reason", "stop", "tool_calls"),
    "openai_responses": _words("ChatOpenAI", "status", "completed"),
    "gemini": _words("ChatGoogleGenerativeAI", "finish_reason", "STOP"),
    "mistral": _words("ChatMistralAI", "finish_reason", "stop", "tool_calls"),
    "ollama": _words("ChatOllama", "done_reason", "stop"),
}
"""What LangChain's clients are called, and what they keep of how a reply stopped; LangGraph's agents use them, too."""
