"""Errors of Bedrock Runtime as it sends them: the name in a header, the message in the body, exceptions in a running stream.

Names and statuses from https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html#API_runtime_Converse_Errors;
messages from aws-samples/amazon-bedrock-client-for-mac#99 (tokens), i-dot-ai/caddy-chatbot#97 (requests),
https://docs.aws.amazon.com/bedrock/latest/userguide/troubleshooting-api-error-codes.html (the others). Throttling lasts
as long as the account's quota says, which no header tells.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from agent_chaos.providers.json_values import compact
from agent_chaos.providers.parts.frames import json_frame, whole_reply
from agent_chaos.providers.turn import ErrorKind
from agent_chaos.stream.exchange import Reply, Request
from agent_chaos.stream.framing.aws_events import AWS_EVENTS

_NAMESPACE = "http://internal.amazon.com/coral/com.amazon.bedrock/"


@dataclass(frozen=True, slots=True)
class _Form:
    """One error: status and reason phrase, its name and message, and the name it has in a running stream."""

    status: int
    reason: str
    name: str
    message: str
    in_stream: str = "modelStreamErrorException"


_FORMS: dict[ErrorKind, _Form] = {
    "rate_limit": _Form(
        429,
        "Too Many Requests",
        "ThrottlingException",
        "Too many requests, please wait before trying again.",
        "throttlingException",
    ),
    "server_error": _Form(
        500,
        "Internal Server Error",
        "InternalServerException",
        "The system encountered an unexpected error during processing. Try your request again.",
        "modelStreamErrorException",
    ),
    "overloaded": _Form(
        503,
        "Service Unavailable",
        "ServiceUnavailableException",
        "Bedrock is unable to process your request.",
        "serviceUnavailableException",
    ),
    "auth": _Form(
        403,
        "Forbidden",
        "UnrecognizedClientException",
        "The security token included in the request is invalid.",
    ),
    "permission": _Form(
        403,
        "Forbidden",
        "AccessDeniedException",
        "You don't have access to the model with the specified model ID.",
    ),
    "not_found": _Form(
        404,
        "Not Found",
        "ResourceNotFoundException",
        "This Model is marked by provider as Legacy and you have not been actively using the model in the last 30 days. "
        "Please upgrade to an active model on Amazon Bedrock",
    ),
    "context_length": _Form(
        400,
        "Bad Request",
        "ValidationException",
        "Input is too long for requested model.",
        "validationException",
    ),
    "invalid_request": _Form(
        400,
        "Bad Request",
        "ValidationException",
        "A conversation must start with a user message. Try again with a conversation that starts with a user message.",
        "validationException",
    ),
    "timeout": _Form(504, "Gateway Timeout", "GatewayTimeoutException", "Endpoint request timed out"),
    "quota": _Form(
        429,
        "Too Many Requests",
        "ThrottlingException",
        "Too many tokens per day, please wait before trying again.",
        "throttlingException",
    ),
    "payment": _Form(
        403,
        "Forbidden",
        "AccessDeniedException",
        "Model access is denied due to INVALID_PAYMENT_INSTRUMENT:A valid payment instrument must be provided.",
    ),
    "request_timeout": _Form(
        408,
        "Request Timeout",
        "ModelTimeoutException",
        "Model has timed out in processing the request. Try your request again.",
    ),
    "conflict": _Form(
        409,
        "Conflict",
        "ConflictException",
        "Error occurred because of a conflict while performing an operation.",
    ),
    "too_large": _Form(
        413, "Payload Too Large", "RequestEntityTooLargeException", "Request entity too large"
    ),
    # 424: Bedrock has no 422, and says so of a model that could not process what it was given.
    "unprocessable": _Form(
        424,
        "Failed Dependency",
        "ModelErrorException",
        "The request failed due to an error while processing the model.",
    ),
}


def aws_error_reply(kind: ErrorKind, like: Request, retry_after_s: int | None) -> Reply:
    """The HTTP error for a request; the API itself never says how long to wait."""
    form = _FORMS[kind]
    body = compact({"message": form.message}).encode()
    waits = (("retry-after", str(retry_after_s)),) if retry_after_s is not None else ()
    headers = (
        ("date", "Mon, 23 Nov 2026 09:00:00 GMT"),
        ("content-type", "application/json"),
        ("content-length", str(len(body))),
        ("x-amzn-requestid", _request_id(like)),
        # botocore takes the exception's class from this header, up to the colon; the body has only the
        # message.
        ("x-amzn-errortype", f"{form.name}:{_NAMESPACE}"),
        *waits,
    )
    return whole_reply(form.status, form.reason, headers, body)


def aws_error_frames(kind: ErrorKind) -> bytes:
    """The exception that ends a running stream; nothing follows it."""
    form = _FORMS[kind]
    return json_frame({"message": form.message}, event=form.in_stream, framing=AWS_EVENTS)


def _request_id(request: Request) -> str:
    """An id as the service would mint it, always the same for the same request."""
    one = hashlib.sha256(request.url.encode() + request.body).hexdigest()
    return f"{one[:8]}-{one[8:12]}-4{one[13:16]}-8{one[17:20]}-{one[20:32]}"
