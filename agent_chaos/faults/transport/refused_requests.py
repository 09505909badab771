"""The provider refuses the request, and would again: a family of errors that differ in values only."""

from __future__ import annotations

from typing import ClassVar, Literal

from agent_chaos.faults.family import REFUSAL, Frequency
from agent_chaos.faults.parts.provider_error import ProviderError
from agent_chaos.providers.turn import ErrorKind


class AuthError(ProviderError, frozen=True):
    """401 with the provider's own error body (Gemini: 400).

    Source: the providers' pages on errors (Anthropic: Errors; OpenAI: Error codes; Gemini: Troubleshooting); every SDK
    gives up at once.
    """

    family = REFUSAL
    frequency = Frequency.SOMETIMES
    error: ClassVar[ErrorKind] = "auth"
    words = "authentication error (401, Gemini 400)"

    kind: Literal["auth_error"] = "auth_error"


class PermissionDenied(ProviderError, frozen=True):
    """403 with the provider's own error body.

    Source: the providers' pages on errors (Anthropic: Errors; OpenAI: Error codes; Gemini: Troubleshooting); keys
    without access to a model, blocked regions.
    """

    family = REFUSAL
    frequency = Frequency.SOMETIMES
    error: ClassVar[ErrorKind] = "permission"
    words = "permission denied (403)"

    kind: Literal["permission_error"] = "permission_error"


class NotFound(ProviderError, frozen=True):
    """404 (OpenAI Responses: 400) with the provider's own error body.

    Source: the providers' pages on errors (Anthropic: Errors; OpenAI: Error codes; Gemini: Troubleshooting); retired
    models, and keys without access.
    """

    family = REFUSAL
    frequency = Frequency.SOMETIMES
    error: ClassVar[ErrorKind] = "not_found"
    words = "model not found (404, OpenAI Responses 400)"

    kind: Literal["not_found"] = "not_found"


class InvalidRequest(ProviderError, frozen=True):
    """400 with the provider's own error body.

    Source: openai/openai-agents-python#1061, langchain-ai/langgraph#5109 (histories it refuses).
    """

    family = REFUSAL
    frequency = Frequency.SOMETIMES
    error: ClassVar[ErrorKind] = "invalid_request"
    words = "invalid request (400)"

    kind: Literal["invalid_request"] = "invalid_request"


class ContextLength(ProviderError, frozen=True):
    """400 in the provider's words for too many tokens.

    Source: BerriAI/litellm#29223; SDKs do not retry it.
    """

    family = REFUSAL
    frequency = Frequency.EVERYDAY
    error: ClassVar[ErrorKind] = "context_length"
    words = "context length exceeded (400)"

    kind: Literal["context_length"] = "context_length"


class QuotaExhausted(ProviderError, frozen=True):
    """429 (Anthropic: 400) that no wait repairs, in the provider's words.

    Source: google-gemini/gemini-cli#22988.
    """

    family = REFUSAL
    frequency = Frequency.SOMETIMES
    error: ClassVar[ErrorKind] = "quota"
    words = "quota exhausted (429, Anthropic 400)"

    kind: Literal["quota_exhausted"] = "quota_exhausted"


class PaymentRequired(ProviderError, frozen=True):
    """402 (Gemini: 400): an account that does not pay.

    Source: DeepSeek's docs, Error Codes (402 Insufficient Balance); Anthropic's billing error.
    """

    family = REFUSAL
    frequency = Frequency.RARE
    error: ClassVar[ErrorKind] = "payment"
    words = "payment required (402, Gemini 400)"

    kind: Literal["payment_required"] = "payment_required"


class PayloadTooLarge(ProviderError, frozen=True):
    """413 (Gemini: 400): more bytes than the provider reads.

    Source: Anthropic's docs, Errors (request_too_large); OpenAI's SDK has no class of its own for it.
    """

    family = REFUSAL
    frequency = Frequency.RARE
    error: ClassVar[ErrorKind] = "too_large"
    words = "request too large (413, Gemini 400)"

    kind: Literal["payload_too_large"] = "payload_too_large"


class Unprocessable(ProviderError, frozen=True):
    """422, as proxies and compatible servers send it for what they cannot read.

    Source: openai-python's UnprocessableEntityError; vLLM and Azure send it.
    """

    family = REFUSAL
    frequency = Frequency.RARE
    error: ClassVar[ErrorKind] = "unprocessable"
    words = "request cannot be processed (422)"

    kind: Literal["unprocessable"] = "unprocessable"
