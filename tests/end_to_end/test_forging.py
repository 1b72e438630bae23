"""Nobody is heard in a room that they are not in, whatever they select, in either way to publish, over the real wire."""

import json
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from chat.rules.models import Message
from simulator.keys import SigningKey, new_signing_key
from simulator.keys import claims as own_claims
from tests.end_to_end.forging import ALL, KINDS, Attempt
from tests.end_to_end.served import Listener, Served, served
from tests.guarantees.support.fixtures import FAST, new_room, stored

pytestmark = pytest.mark.timeout(120)
WAYS = ("sender", "stream")
HEAR = {
    "onMessage": f"subscription ($room: ID!) {{ onMessage(roomId: $room, epoch: 1) {{ {ALL} notice {{ kind }} }} }}",
    "onReceipt": "subscription ($room: ID!) { onReceipt(roomId: $room, epoch: 1) { roomId userId } }",
    "onTyping": "subscription ($room: ID!) { onTyping(roomId: $room, epoch: 1) { roomId userId } }",
}
SEND = f"mutation ($room: ID!, $text: String!, $name: ID) {{ sendMessage(roomId: $room, text: $text, clientMessageId: $name) {{ {ALL} }} }}"


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("state")


@dataclass
class Scene:
    """A room of mallory's, and one of ann's that mallory is not in, with ann listening to both."""

    api: Served
    client: Any
    mine: str
    theirs: str
    listener: Listener
    key: SigningKey

    def credentials(self, by: str) -> str | dict[str, Any]:
        if by.startswith("iam:"):
            return self.api.key(by.removeprefix("iam:"))
        if by == "foreign":
            return new_signing_key().sign(self._claims("publisher"), kid=self.key.public_jwk["kid"])
        if by == "claims":
            more = {
                "userArn": "arn:aws:sts::000000000000:assumed-role/chat-publisher/local",
                "accountId": "000000000000",
                "identity": {"userArn": "arn:aws:sts::000000000000:assumed-role/chat-publisher/local"},
                "username": "publisher",
            }
            return self.key.sign(self._claims("mallory") | more)
        if by == "admin":
            return self.key.sign(self._claims("mallory", roles=["admin", "gateway", "publisher"]))
        return self.key.sign(self._claims(self.theirs if by == "room" else by))

    def _claims(self, user: str, **more: Any) -> dict[str, Any]:
        return own_claims(user, now=int(time.time()), ttl=600, **more)

    def published(self, text: str) -> dict[str, Any]:
        """A message of the other room, as the reader would give it."""
        message = Message(
            id=str(uuid.uuid4()),
            room_id=self.theirs,
            room_type="general",
            sender_id="ann",
            text=text,
            ts=1,
            seq=9,
            epoch=1,
        )
        return message.to_wire()

    async def attempt(self, attempt: Attempt) -> dict[str, Any]:
        values = {
            "mine": self.mine,
            "theirs": self.theirs,
            "message": await self._honest() if "message" in attempt.variables else None,
            "text": "forged",
            "publish": json.dumps(self.published("forged")),
            "yes": True,
            "no": False,
        }
        given = {name: values[name] for name in attempt.variables}
        if attempt.operation:
            return await self.api.ask_for(
                self.credentials(attempt.by), attempt.query, attempt.operation, given
            )
        return await self.api.ask(self.credentials(attempt.by), attempt.query, **given)

    async def _honest(self) -> str:
        """A message of mallory's under the other room's name, by its id. To send its text again is a repeat."""
        answer = await self.api.ask(
            self.credentials("mallory"), SEND, room=self.mine, text="forged", name=self.theirs
        )
        sent: str = answer["data"]["sendMessage"]["id"]
        return sent

    async def until_heard(self, room: str) -> None:
        """Waits for an honest message in a room: whatever was published there before has come, too."""
        text = f"honest {uuid.uuid4()}"
        if self.api.settings.publish == "sender":
            answer = await self.api.ask(self.credentials("ann"), SEND, room=room, text=text)
        else:
            answer = await self.api.publish(self.published(text) | {"roomId": room})
        assert "errors" not in answer, answer
        await self.listener.until(
            lambda: [each for _, each in self.listener.heard if each.get("text") == text]
        )

    def heard_in(self, room: str) -> list[Any]:
        """What came to the subscriptions of a room, but for what is honest."""
        return [
            event
            for id_, event in self.listener.heard
            if id_.startswith(f"{room} ") and not str(event.get("text")).startswith("honest")
        ]


@asynccontextmanager
async def scene(api: Served, client: Any, key: SigningKey) -> AsyncIterator[Scene]:
    theirs = new_room(client, members={"ann": "owner"})
    mine = new_room(client, members={"ann": "owner", "mallory": "moderator", theirs: "member"}, settings=FAST)
    async with api.listening(api.token("ann")) as listener:
        for room in (mine, theirs):
            for name, query in HEAR.items():
                assert (await listener.start(f"{room} {name}", query, room=room))["type"] == "start_ack"
        yield Scene(api, client, mine, theirs, listener, key)


@pytest.mark.parametrize("publish", WAYS)
@pytest.mark.parametrize("kind", KINDS)
async def test_what_is_forged_is_never_heard_in_another_room(
    client: Any, state: Path, key: SigningKey, kind: str, publish: str
) -> None:
    async with served(state, key, publish=publish) as api:
        for name, attempt in KINDS[kind].items():
            async with scene(api, client, key) as room:
                answer = await room.attempt(attempt)
                await room.until_heard(room.theirs)
                assert room.heard_in(room.theirs) == [], (name, answer)
                await room.until_heard(room.mine)
                told = {
                    each["id"]: (each["senderId"], each.get("text")) for each in stored(client, room.mine)
                }
                for event in room.heard_in(room.mine):
                    assert event["roomId"] == room.mine, name
                    if "senderId" in event and event["notice"] is None:
                        assert (event["senderId"], event["text"]) == told[event["id"]], name


async def test_who_is_not_the_reader_is_refused_by_name(client: Any, state: Path, key: SigningKey) -> None:
    """By AppSync where the mode is not IAM, by the function where it is, whatever the role may call."""
    async with served(state, key, publish="stream") as api, scene(api, client, key) as room:
        for name, attempt in KINDS["calling"].items():
            answer = await room.attempt(attempt)
            if attempt.by == "foreign":
                assert answer["status"] == 401
                continue
            by_function = attempt.by.startswith("iam:")
            (refusal,) = answer["errors"]
            assert refusal["errorType"] == ("IdentityRefused" if by_function else "Unauthorized"), name
            assert ("reason=role" in refusal["message"]) == by_function


async def test_without_the_guard_each_of_these_would_be_heard(
    client: Any, state: Path, key: SigningKey
) -> None:
    """Functions that publish by the stream behind a schema that links their mutations: the deployment that the smoke test
    refuses. It also shows that the attempts above are some."""
    async with served(state, key, publish="stream", linked="sender") as api:
        for attempts in KINDS.values():
            for attempt in (each for each in attempts.values() if each.works):
                async with scene(api, client, key) as room:
                    answer = await room.attempt(attempt)
                    assert "errors" not in answer, answer
                    await room.listener.until(partial(room.heard_in, room.theirs))
                    assert [each["roomId"] for each in room.heard_in(room.theirs)] == [room.theirs]


@pytest.mark.parametrize("auth", ["cognito,oidc,lambda,iam", "iam,oidc,cognito"])
async def test_nobody_of_any_mode_publishes_and_the_reader_does(
    client: Any, tmp_path: Path, key: SigningKey, auth: str
) -> None:
    message = Message(
        id="m1", room_id="lobby", room_type="general", sender_id="alice", ts=1, epoch=1
    ).to_wire()
    query = KINDS["calling"]["a person"].query
    async with served(tmp_path, key, publish="stream", auth=auth) as api:
        for mode in auth.split(","):
            admins = {"roles": "admin"} if mode != "iam" else {}
            for user, options in (("alice", {}), ("admin", admins)):
                token = api.token(user, mode, **options)
                answer = await api.ask(
                    json.loads(token) if mode == "iam" else token, query, publish=json.dumps(message)
                )
                (refusal,) = answer["errors"]
                assert refusal["errorType"] == ("IdentityRefused" if mode == "iam" else "Unauthorized")
        assert (await api.publish(message))["data"]["publishMessage"] == message


@pytest.mark.parametrize("publish", WAYS)
async def test_the_realtime_channel_takes_no_mutation(
    client: Any, state: Path, key: SigningKey, publish: str
) -> None:
    async with served(state, key, publish=publish) as api, scene(api, client, key) as room:
        for attempt in (KINDS["sending"]["an alias"], KINDS["calling"]["a person"]):
            data = json.dumps({"query": attempt.query, "variables": {}})
            authorization = room.listener.sign("/graphql", data)
            payload = {"data": data, "extensions": {"authorization": authorization}}
            await room.listener.socket.send_json({"type": "start", "id": "m", "payload": payload})
        await room.listener.until(
            lambda: len([each for each in room.listener.frames if each["type"] == "error"]) == 2
        )
        await room.until_heard(room.theirs)
        assert room.heard_in(room.theirs) == []
