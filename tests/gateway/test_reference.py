"""What the gateway sends is as its AsyncAPI document says: the real functions answer."""

from typing import Any

from reference.asyncapi import asyncapi
from tests.gateway.conftest import LocalChat, Person, Serve
from tests.reference.json_schema import problems

DOCUMENT = asyncapi()
MESSAGES: dict[str, Any] = DOCUMENT["components"]["messages"]


async def acts(local: LocalChat, room: str, alice: Person) -> None:
    """Alice does everything that the frames let her do, and waits for each answer. Bob is in the room."""
    await alice.sends(type="subscribe", room=room, receipts=True, typing=True)
    await alice.next("subscribed")
    sent = await ask(alice, "send", room=room, text="hello", clientMessageId="c1")
    message_id = sent["message"]["id"]
    await local.send("bob", room, "and to you")
    about: dict[str, Any] = {"room": room, "id": message_id}
    await ask(alice, "edit", **about, text="hello, all")
    await ask(alice, "react", **about, emoji="👍")
    for name in ("pin", "unpin", "around"):
        await ask(alice, name, **about)
    await ask(alice, "pins", room=room)
    await ask(alice, "history", room=room, limit=10)
    await ask(alice, "messages", room=room, ids=[message_id])
    await ask(alice, "people", room=room, ids=["bob"])
    await ask(alice, "draft", room=room, text="later")
    await ask(alice, "drafts")
    await ask(alice, "direct", userId="bob")
    await ask(alice, "remove", **about)
    await alice.sends(type="presence", room=room)
    await alice.next("presence")
    await alice.sends(type="typing", room=room)
    await alice.next("typing")
    await alice.sends(type="read", room=room, seq=2)
    await alice.next("receipt")
    await alice.sends(type="ping", ref="p")
    await alice.next("pong")
    await alice.sends(type="subscribe", room="elsewhere")
    await alice.next("refused")
    await alice.sends(type="auth", token=local.token("alice"))
    await alice.next("authenticated")


async def ask(person: Person, name: str, **fields: Any) -> dict[str, Any]:
    """The frame that answers; its `ref` names it."""
    await person.sends(type=name, ref=name, **fields)
    while True:
        frame = await person.next()
        if frame.get("ref") == name:
            assert frame["type"] == "ack", frame
            return frame


async def test_every_frame_is_as_it_is_written_down(serve: Serve) -> None:
    async with serve() as local:
        room = local.room()
        async with local.person("alice") as alice:
            await acts(local, room, alice)
            async with local.person("bob", room, since=0) as bob:
                await bob.next("subscribed")
                frames = [*alice.frames, *bob.frames]
    told = set()
    for frame in frames:
        name = f"ack.{frame['ref']}" if frame["type"] == "ack" else frame["type"]
        told.add(name)
        message = MESSAGES[f"server.{name}"]["payload"]
        assert problems(frame, message, DOCUMENT) == [], frame
        assert frame.keys() <= message["properties"].keys(), frame
    of_faults_and_ends = {"mine", "reset", "removed", "goingAway"}
    assert told | of_faults_and_ends >= {
        name.removeprefix("server.") for name in MESSAGES if name.startswith("server.")
    }
