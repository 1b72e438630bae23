"""One trace goes from a client's frame through gateway, API and store to the publish."""

import asyncio
import json
import logging
import secrets
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect

from simulator.server import Address
from tests.end_to_end.test_publishing import client, endpoint, running_program
from tests.gateway.conftest import Person, new_gateway, served
from tests.guarantees.support.fixtures import FAST, new_room

__all__ = ["client", "endpoint"]  # of a DynamoDB of their own: see there

pytestmark = [
    pytest.mark.timeout(180),
    pytest.mark.real_engine("moto has no stream that another program could read"),
]
STORED = {"TRACE_MESSAGES": "true"}


def answered(log: Path, trace_id: str) -> list[str]:
    """The fields that were answered in this trace, by the functions' lines."""
    found = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
    return [
        each["field"]
        for each in found
        if each.get("message") == "Answered" and each.get("trace_id") == trace_id
    ]


@pytest.mark.parametrize(
    ("publish", "told", "expected"),
    [
        ("sender", {}, ["Mutation.sendMessage"]),
        ("stream", STORED, ["Mutation.sendMessage", "Mutation.publishMessage"]),
        ("stream", {}, ["Mutation.sendMessage"]),
    ],
)
async def test_a_frames_trace_is_in_every_line_until_the_message_is_published(
    endpoint: str, project: Path, tmp_path: Path, client: Any, caplog: pytest.LogCaptureFixture,
    publish: str, told: Mapping[str, str], expected: list[str],
) -> None:  # fmt: skip
    """Each has a trace of its own: a program tells of the rooms before, too."""
    caplog.set_level(logging.INFO, "gateway")
    trace_id, edit_id = secrets.token_hex(16), secrets.token_hex(16)
    room = new_room(client, members={"alice": "owner", "bob": "member"}, settings=FAST)
    starting = running_program(endpoint, project, tmp_path, publish, "--log=info", **told)
    with starting as program:
        host, _, port = program.host.partition(":")
        token = tmp_path / "gateway.token"
        token.write_text(program.key.mint("gateway", now=int(time.time()), ttl=600, roles=("gateway",)))
        async with served(new_gateway(Address(host, int(port)), token, {})) as own, asyncio.timeout(60):
            address = f"ws://127.0.0.1:{own}/ws/rooms/{room}"
            headers = {"Authorization": program.token("alice")}
            async with connect(address, additional_headers=headers, compression=None) as socket:
                alice = Person(socket)
                await alice.next("subscribed")
                traceparent = f"00-{trace_id}-b7ad6b7169203331-01"
                await alice.sends(type="send", ref="r1", room=room, text="hello", traceparent=traceparent)
                sent = await alice.next("message")
                edited = f"00-{edit_id}-b7ad6b7169203331-01"
                await alice.sends(
                    type="edit", ref="r2", room=room, id=sent["message"]["id"], text="hi", traceparent=edited
                )
                await alice.next("change")
    # The program has ended, so its log is whole.
    assert answered(tmp_path / "log", trace_id) == expected
    assert answered(tmp_path / "log", edit_id) == ["Mutation.editMessage", *expected[1:]]
    asked = [vars(each) for each in caplog.records if each.getMessage() == "asked"]
    assert [(each["field"], each["trace_id"], each["outcome"]) for each in asked] == [
        ("sendMessage", trace_id, "ok"),
        ("editMessage", edit_id, "ok"),
    ]
