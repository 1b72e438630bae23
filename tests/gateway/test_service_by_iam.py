"""The gateway calls the API as an IAM role, with people of an OpenID provider before it, in either way to publish."""

from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from websockets.asyncio.client import connect

from gateway.process import Gateway
from gateway.settings import Settings
from simulator.access import told
from simulator.keys import SigningKey
from tests.end_to_end.served import FIELDS, served
from tests.gateway.conftest import Person
from tests.gateway.conftest import served as gateway_served
from tests.guarantees.support.fixtures import FAST, new_room
from tests.guarantees.support.revisions import stored_events

SEND = f'mutation ($room: ID!) {{ sendMessage(roomId: $room, text: "hello") {{ {FIELDS} }} }}'


@pytest.mark.parametrize("publish", ["sender", "stream"])
async def test_a_service_that_signs_hears_for_people_of_another_mode(
    client: Any, tmp_path: Path, key: SigningKey, monkeypatch: pytest.MonkeyPatch, publish: str
) -> None:
    room = new_room(client, members={"alice": "owner", "bob": "member"}, settings=FAST)
    async with served(tmp_path, key, publish=publish, auth="oidc,iam") as api:
        by_role = api.key("gateway")
        for name, value in (
            ("AWS_ACCESS_KEY_ID", by_role["AccessKeyId"]),
            ("AWS_SECRET_ACCESS_KEY", by_role["SecretAccessKey"]),
            ("AWS_SESSION_TOKEN", by_role["SessionToken"]),
        ):
            monkeypatch.setenv(name, value)
        given = {
            "appsync_url": f"http://{api.host}/graphql",
            "appsync_region": "us-east-1",
            "service_auth": "iam",
            "port": 0,
            "identity": told(api.settings, f"http://{api.host}")["IDENTITY"],
            "drain_seconds": 0.5,
        }
        async with gateway_served(Gateway(Settings.model_validate(given))) as port:
            headers = {"Authorization": api.token("bob", "oidc")}
            address = f"ws://127.0.0.1:{port}/ws/rooms/{quote(room)}"
            async with connect(address, additional_headers=headers) as socket:
                bob = Person(socket)
                assert (await bob.next("hello"))["user"] == "bob"
                await bob.next("subscribed")
                sent = await api.ask(api.token("alice", "oidc"), SEND, room=room)
                if publish == "stream":
                    for event in stored_events(client, room):
                        for message in event.messages():
                            assert "errors" not in await api.publish(message)
                heard = (await bob.next("message"))["message"]
    assert heard["id"] == sent["data"]["sendMessage"]["id"]
    assert (heard["text"], heard["seq"]) == ("hello", 1)
