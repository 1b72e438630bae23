"""What an operator on this machine asks of the process: a Unix socket that nobody but its own user can open, and none unless
`ADMIN_SOCKET` names one. It is no part of the port that clients and load balancers reach.

One line of JSON in, lines of JSON out:

    {"scan": {"userId": "eve", "texts": ["hello"]}}
    ◀ {"holder": "Feed(lobby).Timeline.ReplayBuffer.BufferedEvent", "count": 3, "what": ["text"]}   for each holder
    ◀ {"objects": 5120}
"""

import asyncio
import json
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from chat.rules.traces import MOST_BYTES, Traces
from gateway.memory import MemoryScan

MOST_REQUEST_BYTES = 8 * MOST_BYTES
REQUEST_SECONDS = 10.0


class Administration:
    """`root` is what is looked through. One request at a time; others wait for their turn."""

    def __init__(self, root: object) -> None:
        self._root, self._turn = root, asyncio.Lock()

    @asynccontextmanager
    async def listening(self, path: Path | None) -> AsyncIterator[None]:
        """While it lasts there is the socket; without a path there is none. Raises `OSError`."""
        if path is None:
            yield
            return
        server = await asyncio.start_unix_server(self._serve, sock=_bound(path), limit=MOST_REQUEST_BYTES)
        try:
            yield
        finally:
            server.close()
            _forget(path)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(REQUEST_SECONDS):
                line = await reader.readline()
            async with self._turn:
                await self._answer(line, writer)
        except (TimeoutError, ValueError):
            writer.write(b'{"error": "not one line of JSON with a scan in it"}\n')
        with suppress(ConnectionError):
            await writer.drain()
        writer.close()

    async def _answer(self, line: bytes, writer: asyncio.StreamWriter) -> None:
        """Raises `ValueError`."""
        scan = MemoryScan(traces_in(line))
        for _ in scan.walk(self._root):
            await asyncio.sleep(0)
        for (holder, what), count in scan.found.items():
            said = {"holder": scan.traces.without_texts(holder), "count": count, "what": what}
            writer.write(json.dumps(said).encode() + b"\n")
        writer.write(json.dumps({"objects": scan.objects}).encode() + b"\n")


def traces_in(line: bytes) -> Traces:
    """What is asked for. Raises `ValueError`."""
    asked: Any = json.loads(line)
    match asked:
        case {"scan": {"userId": str(user_id), "texts": [*texts]}} if all(
            isinstance(each, str) for each in texts
        ):
            return Traces.of(user_id, texts)
    raise ValueError("no scan")


def _forget(path: Path) -> None:
    with suppress(OSError):
        path.unlink()


def _bound(path: Path) -> socket.socket:
    """A socket at `path`, in place of one that an earlier process has left, open to this user alone."""
    if path.is_socket():
        path.unlink()
    made = socket.socket(socket.AF_UNIX)
    mask = os.umask(0o177)
    try:
        made.bind(str(path))
    except OSError:
        made.close()
        raise
    finally:
        os.umask(mask)
    return made
