"""Which program a connection comes from."""

from __future__ import annotations

import shutil
import socket
import subprocess

import pytest

from agent_chaos.patch.loopback.requester import loads_own_time


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
@pytest.mark.parametrize(
    "host", ["127.0.0.1", "[::ffff:127.0.0.1]"], ids=["IPv4", "IPv4 by a socket of IPv6"]
)
def test_another_program_is_known_by_its_socket(host):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(60)
        here = listener.getsockname()[1]
        try:
            with socket.create_connection((host.strip("[]"), here), timeout=60):
                listener.accept()[0].close()
        except OSError:
            pytest.skip("this machine has no IPv6")
        address = f"http://{host}:{here}/"
        client = subprocess.Popen(["curl", "--silent", "--noproxy", "*", address], stdout=subprocess.DEVNULL)
        try:
            connection, (_, port) = listener.accept()
            with connection:
                known = loads_own_time(port)
        finally:
            client.kill()
            client.wait()

    assert not known
