"""Frames that ask the API, end to end: the real functions answer, and the room hears of it."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from chat.rules.models import Receipts
from chat.rules.rooms import Room
from chat.storage.places import receipts_place
from chat_lambda import compose
from schema import generate
from simulator.functions import Functions
from simulator.keys import SigningKey
from simulator.server import ServerConfig, running
from simulator.settings import WIRING
from tests.gateway.conftest import LocalChat, Person, Serve, new_gateway, served


async def asked(person: Person, kind: str, **fields: Any) -> Any:
    """The answer to a frame; asserts that it was not refused."""
    ref = uuid.uuid4().hex
    await person.sends(type=kind, ref=ref, **fields)
    while True:
        frame = await person.next()
        assert frame["type"] != "refused", frame
        if frame["type"] == "ack" and frame["ref"] == ref:
            (answer,) = [value for name, value in frame.items() if name not in ("type", "ref", "room")]
            return answer


async def test_a_message_is_edited_pinned_found_and_removed(serve: Serve) -> None:
    async with serve() as local:
        room = local.room()
        async with local.person("alice", room) as alice, local.person("bob", room) as bob:
            for each in (alice, bob):
                await each.next("subscribed")
            sent = await asked(alice, "send", room=room, text="helo")
            await bob.next("message")
            edited = await asked(alice, "edit", room=room, id=sent["id"], text="hello")
            assert (edited["text"], edited["version"]) == ("hello", 2)
            assert (await bob.next("change"))["message"]["text"] == "hello"
            pinned = await asked(alice, "pin", room=room, id=sent["id"])
            assert pinned["notice"]["kind"] == "MESSAGE_PINNED"
            notice = (await bob.next("notice"))["message"]["notice"]
            assert (notice["kind"], notice["messageId"], notice["seq"]) == ("MESSAGE_PINNED", sent["id"], 1)
            (pin,) = await asked(bob, "pins", room=room)
            assert (pin["message"]["text"], pin["pinnedBy"]) == ("hello", "alice")
            await asked(alice, "unpin", room=room, id=sent["id"])
            assert (await bob.next("notice"))["message"]["notice"]["kind"] == "MESSAGE_UNPINNED"
            for page in (
                await asked(bob, "history", room=room, limit=10, order="OLDEST_FIRST"),
                await asked(bob, "around", room=room, id=sent["id"], limit=10),
            ):
                assert [each["id"] for each in page["items"]] == [sent["id"]]
            removed = await asked(alice, "remove", room=room, id=sent["id"])
            assert (removed["text"], removed["removedAt"] is None) == (None, False)
            assert (await bob.next("change"))["message"]["removedAt"]
            (message,) = await asked(bob, "messages", room=room, ids=[sent["id"], str(uuid.uuid4())])
            assert message["removedAt"]


async def test_drafts_and_direct_rooms_are_for_the_person(serve: Serve) -> None:
    async with serve() as local:
        room, ann, bob = local.room(), f"p-{uuid.uuid4()}", f"p-{uuid.uuid4()}"
        async with local.person("bob") as person:
            draft = await asked(person, "draft", room=room, text="I was going to")
            assert (draft["text"], draft["saved"]) == ("I was going to", True)
            page = await asked(person, "drafts", limit=100)
            assert room in [each["roomId"] for each in page["items"]]
            await asked(person, "draft", room=room, rev=draft["rev"])
        async with local.person(ann) as person:
            made = await asked(person, "direct", userId=bob)
            assert (await asked(person, "direct", userId=bob))["roomId"] == made["roomId"]
            await person.sends(type="subscribe", room=made["roomId"])
            await person.next("subscribed")


async def test_what_a_role_does_not_do_is_refused_with_the_ref(serve: Serve) -> None:
    async with serve() as local:
        room = local.room()
        (sent,) = await local.send("alice", room, "hello")
        async with local.person("bob") as bob:
            await bob.sends(type="pin", ref="r1", room=room, id=sent["id"])
            refused = await bob.next("refused")
            assert (refused["ref"], refused["room"]) == ("r1", room)
            assert (refused["errorType"], refused["values"]) == ("NotAllowed", {"reason": "role"})


@asynccontextmanager
async def before_an_api_without(
    missing: str, functions: Functions, key: SigningKey, token: Path
) -> AsyncIterator[LocalChat]:
    """The gateway before an API whose schema has only some fields."""
    wired = json.loads(WIRING.read_text(encoding="utf-8"))["fields"]
    fields = [name for name in wired if name != missing and not name.startswith("Mutation.publish")]
    text = generate(fields=fields)
    config = ServerConfig(schema=text, functions=functions, jwks=key.jwks, port=0)
    async with running(config) as api, aiohttp.ClientSession() as http:
        gateway = new_gateway(api, token, {})
        async with served(gateway) as port:
            yield LocalChat(api, gateway, port, key, http)


async def two_confirm(local: LocalChat) -> list[int]:
    """Two people say what they have; how far they are, as the chat has it then."""
    people = [f"p-{uuid.uuid4().hex[:8]}" for _ in range(2)]
    room = local.room_of("alice", *people)
    await local.send("alice", room, "one", "two", "three")
    async with local.person(people[0], room) as first, local.person(people[1], room) as second:
        for number, each in enumerate((first, second), start=1):
            await each.next("subscribed")
            await each.sends(type="delivered", room=room, seq=number)
        async with asyncio.timeout(20):
            while await local.metric("chat_gateway_heartbeats_total") < 2:  # noqa: ASYNC110  nothing else says so
                await asyncio.sleep(0.05)
        presence = await local.ask(
            "alice", "query ($room: ID!) { presence(roomId: $room) { people { userId status } } }", room=room
        )
        online = {each["userId"] for each in presence["people"] if each["status"] == "ONLINE"}
        assert online == set(people)
    tables = compose.deployment().store.tables
    found = [tables.get(receipts_place(Room.parse(room), each)) for each in people]
    return [Receipts.of(item).delivered_seq for item in found if item]


async def test_what_two_people_have_is_one_call(serve: Serve) -> None:
    async with serve() as local:
        assert await two_confirm(local) == [1, 2]
        assert await local.metric('chat_gateway_heartbeats_total{way="together"}') == 2
        assert await local.metric('chat_gateway_heartbeat_calls_total{way="alone"}') == 0
        assert await local.metric("chat_gateway_heartbeats_alone") == 0


async def test_an_api_without_that_field_is_told_one_by_one(
    functions: Functions, key: SigningKey, service_token: Path
) -> None:
    async with before_an_api_without("Mutation.heartbeats", functions, key, service_token) as local:
        assert await two_confirm(local) == [1, 2]
        assert await local.metric('chat_gateway_heartbeats_total{way="alone"}') == 2
        assert await local.metric("chat_gateway_heartbeats_alone") == 1
        async with local.http.get(f"http://127.0.0.1:{local.port}/readyz") as ready:
            assert ready.status == 200  # it says nothing of rooms


async def test_an_api_without_a_verb_refuses_it_by_name(
    functions: Functions, key: SigningKey, service_token: Path
) -> None:
    async with before_an_api_without("Mutation.saveDraft", functions, key, service_token) as local:
        room = local.room()
        async with local.person("bob", room) as bob:
            await bob.next("subscribed")
            await bob.sends(type="draft", ref="r1", room=room, text="hm")
            refused = await bob.next("refused")
            assert (refused["errorType"], refused["values"]) == ("NotAllowed", {"reason": "unsupported"})
            await asked(bob, "send", room=room, text="hello")


async def test_a_person_says_that_they_are_away(serve: Serve) -> None:
    async with serve() as local:
        person = f"p-{uuid.uuid4().hex[:8]}"
        room = local.room_of("alice", person)
        async with local.person(person, room) as socket:
            await socket.next("subscribed")
            await socket.sends(type="here", status="AWAY", watching=room)
            answer: dict[str, Any] = {"watching": 0}
            async with asyncio.timeout(20):
                while not answer["watching"]:
                    await socket.sends(type="presence", room=room)
                    answer = (await socket.next("presence"))["presence"]
                    await asyncio.sleep(0.1)
            (own,) = [each for each in answer["people"] if each["userId"] == person]
            assert (own["status"], answer["watching"]) == ("AWAY", 1)
