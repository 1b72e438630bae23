"""What a chat promises whoever sends: each acknowledged message once, as it was, in one order."""

import asyncio
import uuid

from proving.check import check, require
from proving.world import World, ids, texts

CLIENTS = "docs/clients.md"
LIMITS = "docs/limits.md"
HARD = 'Zoë 👩‍💻 «quoted» "quotes" \\ {braces} $x\nsecond line\t日本語 עברית'
SKEWED = ("2090-01-01T00:00:00.000Z", "2001-01-01T00:00:00.000Z")
"""What clients' clocks may say."""


@check(
    "chat.send.stored",
    "What is acknowledged is stored, for everybody in the room, as it was acknowledged.",
    CLIENTS,
    messages=1,
    smoke=True,
)
async def stored(world: World) -> None:
    room = await world.room()
    sent = await world.send(world.owner, room, HARD)
    require(sent["text"] == HARD, f"the text became {sent['text']!r}")
    readers = [world.owner, world.member] if "add_member" in world.mapping.operations else [world.owner]
    for reader in readers:
        found = [each for each in await world.newest(reader, room) if each["id"] == sent["id"]]
        require(found == [sent], f"acknowledged {sent}, stored {found}")


@check(
    "chat.send.sender",
    "A message's sender is whose credentials sent it.",
    CLIENTS,
    needs="add_member",
    messages=2,
)
async def sender(world: World) -> None:
    world.need_field("sender")
    room = await world.room()
    for person in (world.owner, world.member):
        sent = await world.send(person, room, "who is it?")
        require(sent["sender"] == person.user_id, f"{person.user_id} sent, and it says {sent['sender']}")


@check(
    "chat.send.order",
    "What was acknowledged before another was sent stands before it, whatever clients' clocks say.",
    CLIENTS,
    messages=3,
)
async def order(world: World) -> None:
    room = await world.room()
    sent = [await world.send(world.owner, room, f"clock {clock}", clock=clock) for clock in SKEWED]
    sent.append(await world.send(world.owner, room, "the last one"))
    found = [each for each in await world.history(world.owner, room) if each["id"] in ids(sent)]
    require(ids(found) == ids(sent), f"sent {texts(sent)}, and they stand as {texts(found)}")


@check(
    "chat.send.at-once",
    "Of messages that are sent at once none is lost, none is there twice, and all read the same order.",
    CLIENTS,
    messages=12,
)
async def at_once(world: World) -> None:
    room = await world.room()
    people = [world.owner, world.member if "add_member" in world.mapping.operations else world.owner]
    sent = await asyncio.gather(*(world.send(people[n % 2], room, f"at once {n}") for n in range(12)))
    found = [
        each for each in await world.history(world.owner, room) if (each["text"] or "").startswith("at once")
    ]
    require(sorted(ids(found)) == sorted(ids(sent)), f"{len(sent)} acknowledged, {len(found)} stored")
    require(len(set(ids(sent))) == len(sent), "two messages have one id")
    other = [
        each for each in await world.history(people[1], room) if (each["text"] or "").startswith("at once")
    ]
    require(other == found, "two people read two orders")
    if "number" in world.mapping.message:
        numbers = [each["number"] for each in found]
        require(
            numbers == list(range(numbers[0], numbers[0] + len(numbers))), f"the numbers have gaps: {numbers}"
        )


@check(
    "chat.send.repeat",
    "A send that is repeated under its own name is the same message, also at once: stored once.",
    CLIENTS,
    messages=6,
    smoke=True,
)
async def repeat(world: World) -> None:
    world.need_variable("send", "key")
    room = await world.room()
    key = str(uuid.uuid4())
    text = f"only once, {key}"
    first = await world.send(world.owner, room, text, key=key)
    again = await asyncio.gather(*(world.send(world.owner, room, text, key=key) for _ in range(5)))
    found = [each for each in await world.newest(world.owner, room) if each["text"] == text]
    require(len(found) == 1, f"sent six times under one name, stored {len(found)} times")
    require(all(each == first for each in again), f"the first answer was {first}, others {again}")


@check(
    "chat.send.mismatch",
    "Another text under a name that was used is refused, and the stored one stays.",
    CLIENTS,
    messages=2,
)
async def mismatch(world: World) -> None:
    world.need_variable("send", "key")
    room = await world.room()
    key = str(uuid.uuid4())
    first = await world.send(world.owner, room, "this", key=key)
    answer = await world.try_send(world.owner, room, "that", key=key)
    world.expect_refused(answer.refusal, "mismatch", f"another text was taken: {answer}")
    found = [each for each in await world.history(world.owner, room) if each["id"] == first["id"]]
    require(found == [first], f"stored is {found}")


@check(
    "chat.send.text",
    "A text that is empty or of a megabyte is refused, and nothing is stored.",
    LIMITS,
    messages=3,
)
async def text(world: World) -> None:
    room = await world.room()
    before = await world.history(world.owner, room)
    for wrong in ("", " \n\t ", "x" * 1_000_000):
        answer = await world.try_send(world.owner, room, wrong)
        kind = "invalid" if answer.status == 200 else ""  # AppSync itself may find it too long
        world.expect_refused(answer.refusal, kind, f"a text of {len(wrong)} characters was taken")
    require(await world.history(world.owner, room) == before, "something was stored all the same")
