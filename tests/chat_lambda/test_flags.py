"""Flags as a function reads them: seldom, of a file or of the extension, and never as a barrier."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from chat.rules.errors import ChatError, NotAllowed
from chat.rules.flags import BadFlags
from chat.rules.tally import Tally
from chat_lambda.flags import MAX_BYTES, Switches, read_file, reader, retrieve
from chat_lambda.settings import read
from simulator.ports import free_port

TYPING = "Mutation.typing"


class Source:
    """What flags are read of, with a clock beside it."""

    def __init__(self, *answers: dict[str, bool] | Exception) -> None:
        self.answers = list(answers)
        self.reads = 0
        self.now = 1_000.0

    def read(self) -> dict[str, bool]:
        self.reads += 1
        answer = self.answers[min(self.reads, len(self.answers)) - 1]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def switches(self) -> Switches:
        return Switches(self.read, 30, lambda: self.now)


def is_on(switches: Switches, field: str = TYPING, tally: Tally | None = None) -> bool:
    try:
        switches.check(field, Tally() if tally is None else tally)
    except ChatError:
        return False
    return True


def test_a_switch_holds_and_is_thrown_back_within_a_period() -> None:
    source = Source({"typing": False}, {"typing": True})
    switches = source.switches()
    assert not is_on(switches)
    assert is_on(switches, "Mutation.sendMessage")
    source.now += 29.9
    assert not is_on(switches)
    source.now += 0.1
    assert is_on(switches)


def test_it_is_read_once_in_a_period_however_often_it_is_asked() -> None:
    source = Source({"typing": False})
    switches = source.switches()
    for _ in range(100):
        is_on(switches)
    assert source.reads == 1
    source.now += 30
    for _ in range(100):
        is_on(switches)
    assert source.reads == 2


@pytest.mark.parametrize(
    "failure", [BadFlags("the document must be JSON"), OSError("secret"), TimeoutError()]
)
def test_what_cannot_be_read_is_counted_once_in_a_period_and_switches_nothing(
    failure: Exception, functions_environ: None, caplog: pytest.LogCaptureFixture
) -> None:
    source = Source(failure, {"typing": False}, failure, {"typing": True})
    switches, tally = source.switches(), Tally()
    assert all(is_on(switches, tally=tally) for _ in range(10))
    assert dict(tally.items()) == {"FlagsUnreadable": 1}
    (line,) = [record for record in caplog.records if record.getMessage() == "Flags cannot be read"]
    assert vars(line)["error"] == type(failure).__name__
    assert vars(line)["why"] == ("the document must be JSON" if isinstance(failure, BadFlags) else None)
    states = []
    for _ in range(3):
        source.now += 30
        states.append(is_on(switches))
    assert states == [False, False, True], "what was known last stays"


def test_a_file_is_read_anew_and_what_is_wrong_with_it_is_named(tmp_path: Path, project: Path) -> None:
    path = tmp_path / "flags.json"
    document = json.loads((project / "terraform" / "flags.json").read_text(encoding="utf-8"))
    look = reader(read({"FLAGS": f"file:{path}"}))
    with pytest.raises(FileNotFoundError):
        look()
    path.write_text(json.dumps(document))
    assert set(look().values()) == {True}
    document["values"]["exports"]["enabled"] = False
    path.write_text(json.dumps(document))
    assert [name for name, enabled in look().items() if not enabled] == ["exports"]
    path.write_text(json.dumps(document["values"]))
    with pytest.raises(BadFlags, match=r"^version must be"):
        look()
    path.write_bytes(b"\xff")
    with pytest.raises(BadFlags, match="UTF-8"):
        look()
    path.write_text(" " * (MAX_BYTES + 1))
    with pytest.raises(BadFlags, match="more than 65536 bytes"):
        read_file(path)


@contextmanager
def extension(status: int, body: bytes) -> Iterator[tuple[int, list[str]]]:
    """AppConfig's extension, as AWS describes it: its port, and what it was asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.server_address[1], asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_the_extension_is_asked_by_application_environment_and_profile() -> None:
    with extension(200, b'{"typing": {"enabled": false}, "exports": {"enabled": true, "owner": "x"}}') as (
        port,
        asked,
    ):
        own = read({"FLAGS": "appconfig:abc1234/def5678/0123abc"})
        found = retrieve(str(own.flags), port)
    assert found == {"typing": False, "exports": True}
    assert asked == ["/applications/abc1234/environments/def5678/configurations/0123abc"]


@pytest.mark.parametrize(
    ("status", "body"),
    [(404, b"{}"), (500, b""), (200, b"<html>"), (200, b'{"typing": false}'), (200, b" " * (MAX_BYTES + 1))],
)
def test_what_the_extension_should_not_answer_is_refused(status: int, body: bytes) -> None:
    with extension(status, body) as (port, _), pytest.raises(BadFlags):
        retrieve("/a", port)


def test_an_extension_that_is_not_there_switches_nothing(functions_environ: None) -> None:
    port, tally = free_port(), Tally()
    switches = Switches(lambda: retrieve("/a", port), 30)
    assert is_on(switches, tally=tally)
    assert dict(tally.items()) == {"FlagsUnreadable": 1}


def test_what_is_switched_off_is_refused_by_its_reason() -> None:
    with pytest.raises(NotAllowed) as caught:
        Source({"typing": False}).switches().check(TYPING, Tally())
    assert caught.value.values == {"reason": "switchedOff"}
