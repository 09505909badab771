"""The HTML page of a proxy in place of a provider's reply. Shared by the faults that send one."""

from __future__ import annotations

from dataclasses import replace

from agent_chaos.chaos.fault import Target
from agent_chaos.stream.exchange import Data, End, Reply


def proxy_page(target: Target, status: int, reason: str) -> Reply:
    """A page that says `reason`, arriving when the first byte of the reply would have."""
    head = target.reply.head
    if head is None or not target.reply.ok:
        return target.reply
    title = f"{status} {reason}" if status >= 400 else reason
    body = (
        f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n"
        "<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
    ).encode()
    headers = (("server", "nginx"), ("content-type", "text/html"), ("content-length", str(len(body))))
    shown = replace(head, status=status, reason="OK" if status == 200 else reason, headers=headers)
    return Reply((shown, Data(body, head.at), End(head.at)))
