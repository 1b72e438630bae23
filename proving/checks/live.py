"""What a chat promises whoever listens: everything once, and nothing lost where a connection begins or breaks."""

import asyncio

from proving.check import check, require
from proving.world import Message, World, ids

CLIENTS = "docs/clients.md"
PUBLISHING = "docs/publishing.md"


@check(
    "chat.live.once",
    "Whoever listens hears each message once, as it is stored, whoever sent it.",
    CLIENTS,
    needs="subscribe add_member",
    messages=9,
    connections=1,
)
async def once(world: World) -> None:
    room = await world.room()
    async with world.listening(world.member) as listener:
        live = await world.live(listener, world.member, room)
        sent = [await world.send(each, room, "heard once") for each in (world.owner, world.member) * 3]
        await world.heard(live, lambda found: set(ids(sent)) <= set(ids(found)))
        found = [each for each in world.messages_of(live) if each["text"] == "heard once"]
    require(sorted(ids(found)) == sorted(ids(sent)), f"sent {len(sent)}, heard {len(found)}")
    stored = [each for each in await world.history(world.member, room) if each["id"] in ids(sent)]
    by_id = {each["id"]: each for each in found}
    require(
        [by_id.get(each["id"]) for each in stored] == stored, f"heard {found[:3]}…, stored is {stored[:3]}…"
    )


@check(
    "chat.live.catch-up",
    "Whoever subscribes and then reads has everything, whatever is sent meanwhile.",
    CLIENTS,
    needs="subscribe add_member",
    messages=6,
    connections=1,
)
async def catch_up(world: World) -> None:
    room = await world.room()

    async def speak() -> list[Message]:
        return [await world.send(world.owner, room, f"meanwhile {number}") for number in range(6)]

    speaking = asyncio.create_task(speak())
    try:
        async with world.listening(world.member) as listener:
            live = await world.subscribe(listener, world.member, room)
            read = ids(await world.history(world.member, room))
            sent = await speaking
            there = await world.heard(live, lambda found: set(ids(sent)) <= {*read, *ids(found)})
            require(there, f"of {len(sent)} some were neither read nor heard")
    finally:
        speaking.cancel()
        await asyncio.gather(speaking, return_exceptions=True)


@check(
    "chat.live.reconnect",
    "Whoever was away reads on after the last message that they have, and lacks nothing.",
    CLIENTS,
    needs="subscribe after",
    messages=10,
    connections=2,
)
async def reconnect(world: World) -> None:
    room = await world.room()
    async with world.listening(world.owner) as listener:
        live = await world.live(listener, world.owner, room)
        held = world.messages_of(live)[-1]
    missed = [await world.send(world.owner, room, f"in the tunnel {n}") for n in range(3)]
    async with world.listening(world.owner) as listener:
        again = await world.live(listener, world.owner, room)
        there = await world.after(world.owner, room, held, limit=2)
        heard = ids(world.messages_of(again))
    require(set(ids(missed)) <= {*ids(there), *heard}, f"of 3 that were missed {len(there)} came back")
    require(ids(there)[:3] == ids(missed), "what was missed is not in its order, or not once")


@check(
    "chat.live.selection",
    "A sender who selects little takes nothing from whoever listens: the send is refused, or heard in full.",
    PUBLISHING,
    needs="subscribe",
    messages=5,
    connections=1,
)
async def selection(world: World) -> None:
    room = await world.room()
    send = world.mapping.operations["send"]
    whole = world.mapping.selected
    require(whole in send.document, "the document of send does not say <message>")
    little = send.document.replace(whole, world.mapping.message["id"].partition(".")[0])
    async with world.listening(world.owner) as listener:
        live = await world.live(listener, world.owner, room)
        answer = await world.try_send(world.owner, room, "little selected", document=little)
        last = await world.send(world.owner, room, "the last one")
        require(await world.brings(live, last), "a whole message did not come")
        if answer.refusal is not None:
            return
        heard = [each for each in world.messages_of(live) if each["text"] == "little selected"]
        require(len(heard) == 1, "it was acknowledged, and those who listen did not get its text")


@check(
    "chat.live.stale-epoch",
    "Whoever subscribes under an epoch that is over, or names none, is refused, and told by name.",
    CLIENTS,
    needs="subscribe position",
    connections=1,
)
async def stale_epoch(world: World) -> None:
    world.need_variable("subscribe", "epoch")
    room = await world.room()
    async with world.listening(world.owner) as listener:
        for epoch in (10_000, None):
            made = await world.try_subscribe(listener, world.owner, room, epoch=epoch)
            refusal = listener.heard.refused.get(made.id)
            world.expect_refused(refusal, "stale_epoch", f"subscribed under epoch {epoch}")
