"""What a chat promises about what is unread."""

from proving.check import Failed, check, require
from proving.graphql_http import at
from proving.limits import PAGES
from proving.people import Person
from proving.world import Message, Room, World

DELIVERY = "docs/delivery.md"


async def unread_of(world: World, person: Person, room: Room) -> int:
    """How many the chat says there are."""
    paths = world.mapping.operations["unread"].paths
    cursor = None
    for _ in range(PAGES):
        answer = await world.done(person, "unread", room=room.id, limit=50, cursor=cursor)
        items = world.value(answer, "unread", "items") if "items" in paths else [answer.data]
        for each in items or []:
            if "items" not in paths or at(each, paths["room"]) == room.id:
                count = at(each, paths["count"])
                require(isinstance(count, int), f"{count!r} are unread")
                return int(count)
        cursor = world.value(answer, "unread", "next") if "next" in paths else None
        if cursor is None:
            break
    raise Failed("the room is not among those that tell what is unread")


async def mark_up_to(world: World, person: Person, room: Room, message: Message) -> None:
    number = message.get("number")
    await world.done(person, "mark_read", room=room.id, id=message["id"], number=number)


async def _expect(world: World, room: Room, count: int, when: str) -> None:
    found = await unread_of(world, world.member, room)
    require(found == count, f"{when} {found} are unread, not {count}")


@check(
    "chat.unread.mark",
    "Unread is what came after the last that was read; a mark that is older takes nothing back.",
    DELIVERY,
    needs="unread mark_read add_member",
    rooms=1,
    messages=4,
)
async def mark(world: World) -> None:
    room = await world.new_room()
    sent = [await world.send(world.owner, room, f"unread {n}") for n in range(3)]
    await _expect(world, room, 3, "after three messages")
    await mark_up_to(world, world.member, room, sent[0])
    await _expect(world, room, 2, "after the first of three was read")
    await mark_up_to(world, world.member, room, sent[2])
    await _expect(world, room, 0, "after all were read")
    await mark_up_to(world, world.member, room, sent[1])
    await _expect(world, room, 0, "after an older mark")
    await world.send(world.owner, room, "one more")
    await _expect(world, room, 1, "after one more message")


@check(
    "chat.unread.repeat",
    "A send that is repeated under its own name is unread once.",
    DELIVERY,
    needs="unread add_member",
    rooms=1,
    messages=3,
)
async def repeat(world: World) -> None:
    world.need_variable("send", "key")
    room = await world.new_room()
    for _ in range(3):
        await world.send(world.owner, room, "once", key=f"unread-{world.run.name}")
    await _expect(world, room, 1, "after one message that was sent three times")
