"""What a chat promises whoever reads: everything, once, whatever the pages are."""

import asyncio

from proving.check import check, require
from proving.world import Message, Room, World, ids

CLIENTS = "docs/clients.md"
SCHEMA = "resolvers/schema.graphql"


async def _burst(world: World, room: Room, count: int) -> list[Message]:
    """Messages that are sent at once, so that some have one instant; in the order in which they are stored."""
    sent = await asyncio.gather(*(world.send(world.owner, room, f"burst {n}") for n in range(count)))
    return [each for each in await world.history(world.owner, room) if each["id"] in ids(list(sent))]


@check(
    "chat.read.pages",
    "Pages of any size, put together, are the whole: nothing left out, nothing twice.",
    SCHEMA,
    rooms=1,
    messages=8,
)
async def pages(world: World) -> None:
    room = await world.new_room()
    whole = await _burst(world, room, 8)
    require(len(whole) == 8, f"8 were acknowledged, and one page of 50 has {len(whole)}")
    for limit in (1, 3, 8):
        found = await world.history(world.owner, room, limit)
        require(
            found == whole, f"by pages of {limit} there are {len(found)}, not the {len(whole)} in their order"
        )


@check(
    "chat.read.after",
    "Whoever reads on after a message gets exactly what came later, oldest first.",
    CLIENTS,
    needs="after",
    rooms=1,
    messages=8,
)
async def after(world: World) -> None:
    room = await world.new_room()
    whole = await _burst(world, room, 8)
    for place, last in enumerate(whole):
        found = await world.after(world.owner, room, last, limit=3)
        require(
            found == whole[place + 1 :], f"after number {place + 1} of 8 come {len(found)}, not {7 - place}"
        )


@check(
    "chat.read.cursor",
    "A cursor of another room, or one that was made up, is refused.",
    SCHEMA,
    rooms=1,
    messages=2,
)
async def cursor(world: World) -> None:
    room, other = await world.room(), await world.new_room()
    for number in range(2):
        await world.send(world.owner, other, f"page {number}")
    first = await world.done(world.owner, "history", room=other.id, limit=1)
    token = world.value(first, "history", "next")
    require(isinstance(token, str) and token, "a page of 1 of 2 messages has no cursor")
    for wrong in (token, token + "A", token[:-2], "made up"):
        await world.refused(world.owner, "history", "invalid", room=room.id, limit=1, cursor=wrong)


@check("chat.read.limit", "A page of none, of less than none or of a million is refused.", SCHEMA)
async def limit(world: World) -> None:
    room = await world.room()
    for wrong in (0, -1, 1_000_000):
        await world.refused(world.owner, "history", "invalid", room=room.id, limit=wrong)
