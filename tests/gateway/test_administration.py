"""What an operator asks of a running gateway, and who can."""

import asyncio
import json
import stat
from pathlib import Path
from typing import Any

import pytest

from gateway.administration import MOST_REQUEST_BYTES, Administration
from privacy.places import Finding, Looked
from privacy.scan import findings, scan, traces_of
from privacy.scan_gateway import GatewayMemory
from tests.gateway.conftest import Serve

TEXT = "my heart is a glacier"


class Holder:
    """Something that keeps more than anybody knows of."""

    def __init__(self, *kept: object) -> None:
        self.kept = kept


async def asked(path: Path, line: bytes) -> list[Any]:
    reader, writer = await asyncio.open_unix_connection(path)
    writer.write(line)
    writer.write_eof()
    lines = (await reader.read()).splitlines()
    writer.close()
    return [json.loads(each) for each in lines]


async def test_the_socket_is_for_its_own_user_and_goes_with_the_process(tmp_path: Path) -> None:
    path = tmp_path / "admin"
    for _ in range(2):  # also in place of one that was left behind
        async with Administration(Holder()).listening(path):
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not path.exists()
    async with Administration(Holder()).listening(None):
        assert not path.exists()


@pytest.mark.parametrize(
    "line",
    [
        b"\n",
        b"",
        b"{}\n",
        b"\xff\n",
        b'{"scan": {"userId": "", "texts": []}}\n',
        b'{"scan": {"userId": "eve", "texts": [1]}}\n',
        b"x" * (MOST_REQUEST_BYTES + 1) + b"\n",
    ],
    ids=["blank", "empty", "nothing", "bytes", "nobody", "number", "long"],
)
async def test_what_is_no_scan_is_refused(tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "admin"
    async with Administration(Holder("eve")).listening(path):
        assert [*(await asked(path, line))[0]] == ["error"]


async def test_whatever_is_kept_in_any_container_is_found(tmp_path: Path) -> None:
    def closure(value: str) -> Any:
        return lambda: value

    async def waiting(value: str) -> None:
        await asyncio.get_running_loop().create_future()
        raise AssertionError(value)

    task = asyncio.create_task(waiting("by eve"))
    await asyncio.sleep(0)
    kept = [{"a": [f"{TEXT}!"]}, ("USER#eve",), closure("eve"), bytearray(b'"eve"'), {b"eve"}, task, "never"]
    path = tmp_path / "admin"
    async with Administration(Holder(*kept)).listening(path):
        line = json.dumps({"scan": {"userId": "eve", "texts": [TEXT]}}).encode()
        *found, last = await asked(path, line + b"\n")
    task.cancel()
    told = {(each["what"][0], each["count"]) for each in found}
    assert told == {("text", 1), ("id", 5)}
    assert last["objects"] > len(kept)


async def test_a_scan_of_a_gateway_finds_what_is_buffered_and_not_what_is_asked(
    serve: Serve, tmp_path: Path
) -> None:
    path = tmp_path / "admin"
    async with serve(admin_socket=path) as local:
        room = local.room()
        async with local.person("bob", room) as bob:
            await bob.next("subscribed")
            await local.send("alice", room, TEXT)
            await bob.next("message")
            looked = await asyncio.to_thread(look, path, "alice", TEXT)
            holders = {each.key for each in looked if isinstance(each, Finding)}
            assert any(f"({room})" in each and "BufferedEvent" in each for each in holders), holders
            *_, last = looked
            assert isinstance(last, Looked)
            memory = [GatewayMemory(path, "carol")]
            assert await asyncio.to_thread(findings, memory, traces_of("carol", ["another text"])) == []


def look(path: Path, user: str, text: str) -> list[Finding | Looked]:
    return [*GatewayMemory(path, user).look(traces_of(user, [text]))]


def test_a_gateway_that_is_not_there_gives_no_result(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        list(scan([GatewayMemory(tmp_path / "none", "eve")], traces_of("eve")))
