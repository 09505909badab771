"""A certificate authority that lives as long as a server, for clients that are told to trust it."""

from __future__ import annotations

import importlib
import ssl
from functools import cache
from pathlib import Path
from typing import Any

from agent_chaos.errors import UsageError


class Authority:
    """Made anew each time: its key is never written. Raises UsageError where trustme is not installed."""

    def __init__(self) -> None:
        try:
            made: Any = importlib.import_module("trustme")
        except ModuleNotFoundError:
            raise UsageError(
                "--tls needs the package trustme; install it with `pip install 'agent-chaos[tls]'`"
            ) from None
        self._authority = made.CA(organization_name="agent-chaos, for tests on this machine only")
        # On the instance, so that certificates go with the authority that issued them.
        self.context = cache(self._context)

    def write(self, file: Path) -> None:
        """Writes the certificate that clients are to trust."""
        file.write_bytes(self._authority.cert_pem.bytes())

    def _context(self, host: str) -> ssl.SSLContext:
        """What answers for a host."""
        # One for each host, with a certificate of that name: a proxy that ends TLS learns the host from
        # CONNECT.
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._authority.issue_cert(host).configure_cert(context)
        return context
