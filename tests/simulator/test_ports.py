"""A program that has to know its address beforehand finds its port still free when it listens."""

import socket
from pathlib import Path

import pytest

from simulator import ports

OUTGOING = Path("/proc/sys/net/ipv4/ip_local_port_range")


def test_a_port_can_be_listened_on() -> None:
    for _ in range(20):
        with socket.create_server(("127.0.0.1", ports.free_port())):
            pass


@pytest.mark.skipif(
    not OUTGOING.exists(), reason="only Linux says which ports it gives to outgoing connections"
)
def test_no_outgoing_connection_takes_it() -> None:
    """The tests beside this one open thousands of connections, and the system gives each a port of its own."""
    first, _ = map(int, OUTGOING.read_text().split())
    assert first > ports.LAST
