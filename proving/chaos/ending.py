"""A room when nobody speaks any more: what is stored, and what each person ends with."""

from typing import TYPE_CHECKING, Any

from proving.chaos.callers import Caller, Place, together
from proving.chaos.history import End, Stored
from proving.chaos.listening import catch_up
from proving.check import Cost
from proving.checks.unread import mark_up_to, unread_of
from proving.world import World

if TYPE_CHECKING:
    from proving.chaos.workload import Round


async def end(round_: "Round", place: Place, limit: int) -> None:
    """Reads the room without faults, and through them, by pages of about `limit` messages, what each person ends with."""
    owner = place.room.owner
    direct = World(round_.direct, owner, owner, owner, Cost())
    there = [each for each in round_.callers if each.person.user_id in place.there]
    place.there.clear()  # who listens no longer catches up
    unread = await _unread(round_, place, there)
    await round_.proxy.settled()
    whole = [_as_stored(each) for each in await direct.history(owner, place.room)]
    found = round_.history.ends[place.room.id] = End(whole, unread=unread)
    await together(
        *(_end_of(round_, found, place, caller, limit + number) for number, caller in enumerate(there))
    )


async def _end_of(round_: "Round", found: End, place: Place, caller: Caller, limit: int) -> None:
    person, world, room = caller.person, caller.calls, place.room
    name = person.user_id
    found.pages[name] = _ids(await world.history(person, room, limit))
    if round_.has("after"):
        await catch_up(round_, place, caller, limit)
        found.caught_up[name] = _ids(place.caught_up[name])
    if round_.has("changes") and place.position and person is not place.comer:
        found.changes[name] = _ids(
            await world.pages(person, "changes", limit, room=room.id, **place.position)
        )


def _ids(messages: list[Any]) -> list[str]:
    return [each["id"] for each in messages]


def _as_stored(message: Any) -> Stored:
    return Stored(message["id"], message["text"], message.get("sender"))


async def _unread(round_: "Round", place: Place, there: list[Caller]) -> list[tuple[str, int, int]]:
    """Of the room's first member: three that the owner sends are unread, and one after the second of them was read."""
    member = next((each for each in there if each.person is place.room.member), None)
    if member is None or not (round_.has("unread") and round_.has("mark_read")):
        return []
    owner = next(each for each in there if each.person is place.room.owner)
    person, world, room = member.person, member.calls, place.room

    async def mark(from_the_end: int) -> None:
        found = await world.history(person, room)
        await mark_up_to(world, person, room, found[-from_the_end])

    await mark(1)
    for _ in range(3):
        await round_.send(place, owner, is_partial=False)
    await round_.proxy.settled()
    first = await unread_of(world, person, room)
    await mark(2)
    return [(person.user_id, 3, first), (person.user_id, 1, await unread_of(world, person, room))]
