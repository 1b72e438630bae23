"""A port for a program that has to know its address before it listens."""

import secrets
import socket

FIRST, LAST = 20_000, 32_767
"""Below the ports that Linux (from 32,768), macOS and Windows (from 49,152) give to outgoing connections: beside a
program with many of those, a free one of theirs would often be taken before it is listened on."""

TRIES = 100


def free_port() -> int:
    """A port of the loopback interface that was free a moment ago. Raises `OSError` where none is found."""
    for _ in range(TRIES):
        port = FIRST + secrets.randbelow(LAST - FIRST + 1)
        if _is_free(port):
            return port
    raise OSError(f"no free port between {FIRST} and {LAST} after {TRIES} tries")


def _is_free(port: int) -> bool:
    try:
        with socket.create_server(("127.0.0.1", port)):
            return True
    except OSError:
        return False
