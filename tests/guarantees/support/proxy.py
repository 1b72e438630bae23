"""A proxy before DynamoDB that injects faults: into answers, connections,
and the order of what becomes visible."""

import http.client
import json
import select
import threading
from collections.abc import Callable, Iterator, Mapping, Set
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

LONGEST_WAIT_S = 20


class Exchange:
    """One request of a client, and what may be done with it."""

    def __init__(self, handler: BaseHTTPRequestHandler, endpoint: str, hidden: Set[int]) -> None:
        self.hidden = hidden
        self._handler = handler
        self._endpoint = urlsplit(endpoint).netloc
        self.operation = handler.headers["X-Amz-Target"].rpartition(".")[2]
        self._body = handler.rfile.read(int(handler.headers["Content-Length"]))

    @property
    def request(self) -> dict[str, Any]:
        asked: dict[str, Any] = json.loads(self._body)
        return asked

    def forward(self) -> tuple[int, bytes]:
        """The engine's status and body for this request."""
        headers = {n: v for n, v in self._handler.headers.items() if n.lower() != "accept-encoding"}
        connection = http.client.HTTPConnection(self._endpoint, timeout=LONGEST_WAIT_S)
        try:
            connection.request("POST", "/", self._body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def reply(self, status: int, body: bytes, *, cut_at: int | None = None) -> None:
        """Answer; with `cut_at`, end the connection after so many bytes of the body."""
        self._handler.send_response(status)
        self._handler.send_header("Content-Type", "application/x-amz-json-1.0")
        self._handler.send_header("Content-Length", str(len(body)))
        self._handler.end_headers()
        self._handler.wfile.write(body[:cut_at])
        if cut_at is not None:
            self._handler.close_connection = True

    def hang_up(self) -> None:
        self._handler.close_connection = True

    def wait_until_given_up(self) -> None:
        """Say nothing until the client's timeout ends the connection."""
        select.select([self._handler.connection], [], [], LONGEST_WAIT_S)
        self.hang_up()


Fault = Callable[[Exchange], None]


def pass_on(exchange: Exchange) -> None:
    """No fault; but a query does not show what is hidden, as while a transaction is becoming visible."""
    status, body = exchange.forward()
    if exchange.operation == "Query" and exchange.hidden and status == http.HTTPStatus.OK:
        answer = json.loads(body)
        shown = [each for each in answer["Items"] if int(each["seq"]["N"]) not in exchange.hidden]
        body = json.dumps(answer | {"Items": shown, "Count": len(shown)}).encode()
    exchange.reply(status, body)


def overtaken(*writes: Callable[[], object]) -> Fault:
    """Others write between the read and the commit of a request."""

    def fault(exchange: Exchange) -> None:
        for write in writes:
            write()
        pass_on(exchange)

    return fault


def error(code: str, status: int = 400, **more: Any) -> Fault:
    """The error `code`, and the engine never sees the request."""
    body = json.dumps({"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": "injected", **more})
    return lambda exchange: exchange.reply(status, body.encode())


def conflict(action: int, code: str = "TransactionConflict") -> Fault:
    """A transaction cancelled because of one of a send's four actions, as
    DynamoDB says it and local engines never do."""
    reasons = [{"Code": code if index == action else "None"} for index in range(4)]
    return error("TransactionCanceledException", CancellationReasons=reasons)


def lost_request(exchange: Exchange) -> None:
    """A timeout before the commit."""
    exchange.wait_until_given_up()


def lost_answer(exchange: Exchange) -> None:
    """A timeout after the commit."""
    exchange.forward()
    exchange.wait_until_given_up()


def refused_connection(exchange: Exchange) -> None:
    """The connection ends before the commit."""
    exchange.hang_up()


def truncated_answer(exchange: Exchange) -> None:
    """The connection ends after the commit, within the answer's body."""
    status, body = exchange.forward()
    exchange.reply(status, body.ljust(8), cut_at=1)


def unprocessed(exchange: Exchange) -> None:
    """A batch of which DynamoDB has read nothing yet, and says so in an answer that is no error."""
    table, keys = next(iter(exchange.request["RequestItems"].items()))
    answer = {"Responses": {table: []}, "UnprocessedKeys": {table: keys}}
    exchange.reply(200, json.dumps(answer).encode())


def garbled_answer(exchange: Exchange) -> None:
    """After the commit something in between answers for the engine, with a page for people."""
    exchange.forward()
    exchange.reply(502, b"<html><body>Bad Gateway</body></html>")


def showing(*stale: Mapping[str, Any]) -> Fault:
    """A batch of reads that shows these items as they were, though others of it
    are newer: a batch is not one instant."""

    def show(exchange: Exchange) -> None:
        status, body = exchange.forward()
        answer = json.loads(body)
        for items in answer["Responses"].values():
            items[:] = [
                next((old for old in stale if (old["PK"], old["SK"]) == (item["PK"], item["SK"])), item)
                for item in items
            ]
        exchange.reply(status, json.dumps(answer).encode())

    return show


def first_reason_alone(exchange: Exchange) -> None:
    """A refused transaction names all conditions that failed, but nothing
    promises so: this one names the first."""
    status, body = exchange.forward()
    answer = json.loads(body)
    reasons = answer.get("CancellationReasons", [])
    failed = [index for index, reason in enumerate(reasons) if reason["Code"] != "None"]
    for index in failed[1:]:
        reasons[index] = {"Code": "None"}
    exchange.reply(status, json.dumps(answer).encode())


class Proxy:
    """A running proxy. `faults` are used up in turn by the requests
    that they are meant for; then all pass."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.operations: list[str] = []
        self.hidden: set[int] = set()
        self._faults: list[tuple[str, Fault]] = []
        self._always: dict[str, Fault] = {}
        self._lock = threading.Lock()

    def once(self, operation: str, *faults: Fault) -> None:
        self._faults += [(operation, fault) for fault in faults]

    def always(self, operation: str, fault: Fault) -> None:
        self._always[operation] = fault

    def heal(self) -> None:
        """Nothing goes wrong any more, and all is visible."""
        self._faults.clear()
        self._always.clear()
        self.hidden.clear()

    def fault(self, operation: str) -> Fault:
        with self._lock:
            self.operations.append(operation)
            for index, (meant, fault) in enumerate(self._faults):
                if meant == operation:
                    del self._faults[index]
                    return fault
            return self._always.get(operation, pass_on)


@contextmanager
def proxy_to(endpoint: str) -> Iterator[Proxy]:
    """A proxy on loopback before the DynamoDB at `endpoint`."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            exchange = Exchange(self, endpoint, proxy.hidden)
            with suppress(ConnectionError):  # a client that has given up
                proxy.fault(exchange.operation)(exchange)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  named so by the base class
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    proxy = Proxy(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield proxy
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
