"""The page of a proxy in place of a provider's reply. The faults that send one differ in values only."""

from __future__ import annotations

from abc import ABC
from dataclasses import replace
from typing import ClassVar

from agent_chaos.faults.fault import Choice, Target, TransportFault
from agent_chaos.faults.parts.provider_error import answerable
from agent_chaos.stream.exchange import Data, End, Reply


class ProxyPage(TransportFault, ABC):
    """HTML that says `reason` with `status`; `words` are the report's."""

    changes = ("turn",)
    status: ClassVar[int]
    reason: ClassVar[str]
    words: ClassVar[str]

    @classmethod
    def openings(cls, target: Target) -> tuple[Choice, ...]:
        return answerable(target)

    def apply(self, target: Target) -> Reply:
        return proxy_page(target, self.status, self.reason)

    def describe(self) -> str:
        return self.words


def proxy_page(target: Target, status: int, reason: str, *, server: str = "nginx") -> Reply:
    """A page that says `reason`, arriving when the first byte of the reply would have."""
    head = target.reply.head
    if head is None or not target.reply.ok:
        return target.reply
    title = f"{status} {reason}" if status >= 400 else reason
    body = (
        f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n"
        f"<hr><center>{server}</center>\r\n</body>\r\n</html>\r\n"
    ).encode()
    headers = (("server", server), ("content-type", "text/html"), ("content-length", str(len(body))))
    shown = replace(head, status=status, reason="OK" if status == 200 else reason, headers=headers)
    return Reply((shown, Data(body, head.at), End(head.at)))
