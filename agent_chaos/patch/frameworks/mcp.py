"""Tools behind the Model Context Protocol: whatever a client session calls, on any transport and in any framework.

A result is kept as what it says: its text, or its structured content; as a whole only where it holds more than that. A
failing tool is told as MCP servers tell it, a result with `isError`; a lost or slow server as the JSON-RPC error.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Awaitable, Callable
from types import ModuleType
from typing import Any

from agent_chaos.containment import Contained
from agent_chaos.patch.frameworks.seam import TOOLS_CALL, async_tool

MODULE = "mcp.client.session"

_CLOSED, _INTERNAL = -32000, -32603
"""What the MCP SDK uses for a connection that is gone, and JSON-RPC for an internal error."""


def patch(module: ModuleType) -> None:
    """Puts the seam around `ClientSession.call_tool`."""
    kind: Any = module.ClientSession
    real = kind.call_tool
    known: Any = module

    @functools.wraps(real)
    async def call_tool(
        self: Any, name: str, arguments: dict[str, Any] | None = None, *args: Any, **kwargs: Any
    ) -> Any:
        run = functools.partial(real, self, name, arguments, *args, **kwargs)
        return await _Call(known.types, name, run).made(arguments or {})

    kind.call_tool = call_tool


class _Call:
    """One call of a tool; `types` are the protocol's models."""

    def __init__(self, types: Any, name: str, run: Callable[[], Awaitable[Any]]) -> None:
        self._types = types
        self._name = name
        self._run = run
        self._result: Any = None
        self._kept: Any = None
        self._ran = False

    async def made(self, arguments: dict[str, Any]) -> Any:
        """Its result: the server's own where it ran and no fault struck."""
        with Contained() as contained:
            value = await async_tool(self._run, self._name, arguments, self._running, playable=self._playable)
        if (error := contained.error) is not None:
            # A failure of the server itself, or of the connection to it, goes on as it was.
            if self._ran:
                raise error
            return self._failed(error)
        # By identity: the seam gives back the very value where no fault took its place.
        return self._result if self._ran and value is self._kept else self._told(value)

    async def _running(self) -> Any:
        self._ran = True
        self._result = await self._run()
        says = self._result.model_dump(mode="json", by_alias=True, exclude_none=True)
        texts = [one.get("text") for one in says.get("content", ())]
        forms = (texts[0] if texts else None, says.get("structuredContent"), says)
        self._kept = next((form for form in forms if self._is_result(form)), says)
        return self._kept

    def _is_result(self, form: Any) -> bool:
        """Whether a form says all that the result does."""
        return form is not None and bool(self._told(form) == self._result)

    def _playable(self, kept: Any, played: Any) -> bool:
        return bool(self._told(played) == self._result)

    def _told(self, value: Any) -> Any:
        """A value as a result: one kept as a whole, structured content with its text, or text."""
        if isinstance(value, dict) and isinstance(value.get("content"), list):
            try:
                return self._types.CallToolResult.model_validate(value)
            # A tool's own object that happens to have a list of that name.
            except ValueError:
                pass
        if not isinstance(value, dict):
            return self._of_text(value if isinstance(value, str) else json.dumps(value))
        # FastMCP wraps what is no object as `{"result": …}`, and writes JSON texts with this indent.
        alone = value.get("result") if value.keys() == {"result"} else None
        text = alone if isinstance(alone, str) else json.dumps(value if alone is None else alone, indent=2)
        return self._of_text(text, structuredContent=value)

    def _of_text(self, text: str, **more: Any) -> Any:
        return self._types.CallToolResult.model_validate(
            {"content": [{"type": "text", "text": text}], **more}
        )

    def _failed(self, exc: Exception) -> Any:
        """What a client meets in place of an exception that was recorded, or that a fault raises."""
        name = type(exc).__name__
        if isinstance(exc, TimeoutError):
            raise self._timed_out() from exc
        if isinstance(exc, ConnectionError):
            raise self._error(_CLOSED, f"Connection closed: {exc}") from exc
        # An error class that a message alone does not make is raised as `ToolError`, with the class's name in
        # its text.
        if "mcperror" in f"{name}{exc}".lower():
            raise self._error(_INTERNAL, str(exc).partition("Error: ")[2] or str(exc)) from exc
        return self._of_text(f"Error executing tool {self._name}: {exc}", isError=True)

    def _timed_out(self) -> Exception:
        """What the SDK raises for its own timeout: agents tell it by the code, or by words of the text."""
        if _newer_error() is not None:
            return self._error(-32001, f"Request {TOOLS_CALL!r} timed out")
        # Version 1 took an HTTP status for a code, and named its own class, whatever the request was.
        return self._error(408, "Timed out while waiting for response to ClientRequest.")

    def _error(self, code: int, message: str) -> Exception:
        """The JSON-RPC error of an MCP client."""
        newer = _newer_error()
        if newer is not None:
            made: Exception = newer(code, message)
            return made
        from mcp.shared import exceptions

        older: Any = vars(exceptions)["McpError"]
        failed: Exception = older(self._types.ErrorData(code=code, message=message))
        return failed


def _newer_error() -> Any:
    """The error class of version 2 of the MCP SDK; None where version 1 is installed."""
    from mcp.shared import exceptions

    return getattr(exceptions, "MCPError", None)
