"""The program's client of DynamoDB: what is wrong with its set-up or an answer is a failure with a name."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from chat.rules.rooms import Room
from chat.storage.aws import StoreFailure
from migration.client import dynamodb
from migration.tables import ATTEMPTS, RateLimiter, Tables
from simulator.settings import REGION

PAGE = b'{"Count": 0, "Items": [], "ScannedCount": 0}'


class Truncating(BaseHTTPRequestHandler):
    """A DynamoDB whose answers end in their middle, with the connection."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", str(len(PAGE)))
        self.end_headers()
        self.wfile.write(PAGE[: len(PAGE) // 2])

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  http.server's name
        """Say nothing."""


@pytest.fixture
def truncating() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Truncating) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_page_that_has_not_come_whole_is_no_empty_page(functions_environ: None, truncating: str) -> None:
    pauses: list[float] = []
    limiter = RateLimiter(1e9, lambda: 0.0, pauses.append)
    tables = Tables(dynamodb(REGION, truncating), {"core": "gg_core", "guild": "gg_guild"}, limiter)
    with pytest.raises(StoreFailure, match="ResponseStreamingError"):
        list(tables.messages(Room.parse("lobby")))
    assert len(pauses) == ATTEMPTS - 1


def test_a_profile_that_is_not_there_is_a_failure_with_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(StoreFailure, match="ProfileNotFound"):
        dynamodb(REGION, None)
