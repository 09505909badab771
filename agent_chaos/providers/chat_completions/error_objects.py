"""Where a body or an event of Chat Completions says what went wrong: under `error`, or all of it, or in a `detail`."""

from __future__ import annotations

from agent_chaos.providers.json_values import JsonObject, without


def error_of(body: JsonObject) -> JsonObject | None:
    """The error object that a body reports; None where it reports none."""
    told = body.get("error")
    if isinstance(told, dict):
        return told
    if body.get("object") == "error":  # Mistral's errors are that object themselves
        return without(body, "object")
    # What FastAPI answers by itself, as Mistral's gateway and servers such as vLLM do; beside other fields it
    # is no error.
    return {"message": body["detail"]} if set(body) == {"detail"} else None


def with_error_object(body: JsonObject, error: JsonObject | None) -> JsonObject:
    """The body with its error said where it said one, else under `error`."""
    if error is None:
        return body
    if body.get("object") == "error":
        return {**body, **error}
    return {"detail": error.get("message")} if "detail" in body else {**body, "error": error}
