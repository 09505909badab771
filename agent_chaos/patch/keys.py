"""The variables that providers' keys are in, and whether this process may go online with one. Imports nothing of ours."""

from __future__ import annotations

import os

PLACEHOLDER = "agent-chaos-placeholder-key"
"""Value of key variables that are absent; the SDKs refuse to be built without one."""

KEY_VARIABLES = (
    "ANTHROPIC_API_KEY",
    "OPENAI_API_KEY",
    "GEMINI_API_KEY",
    "GOOGLE_API_KEY",
    "AZURE_OPENAI_API_KEY",
    "GROQ_API_KEY",
    "MISTRAL_API_KEY",
    "OPENROUTER_API_KEY",
    "DEEPSEEK_API_KEY",
    "TOGETHER_API_KEY",
    "FIREWORKS_API_KEY",
    "XAI_API_KEY",
    "CEREBRAS_API_KEY",
    "PERPLEXITY_API_KEY",
)


def may_record() -> bool:
    """Whether a scenario without a recording may be recorded unasked: somebody's key is there, and this is not CI."""
    in_ci = os.environ.get("CI", "").lower() not in ("", "0", "false")
    return not in_ci and any(os.environ.get(name) not in (None, "", PLACEHOLDER) for name in KEY_VARIABLES)
