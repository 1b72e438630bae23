"""What a chat promises about edits and removals: everybody has them in the end."""

from proving.check import check, require
from proving.world import World, ids

CLIENTS = "docs/clients.md"


@check(
    "chat.change.edit",
    "An edited message keeps its id and its place, and everybody reads its new text.",
    CLIENTS,
    needs="edit",
    messages=2,
)
async def edit(world: World) -> None:
    room = await world.room()
    first = await world.send(world.owner, room, "tae")
    second = await world.send(world.owner, room, "after it")
    await world.done(world.owner, "edit", room=room.id, id=first["id"], text="tea")
    found = [
        each for each in await world.history(world.owner, room) if each["id"] in (first["id"], second["id"])
    ]
    require(ids(found) == [first["id"], second["id"]], "it has another place")
    require(found[0]["text"] == "tea", f"it reads {found[0]['text']!r}")


@check("chat.change.others", "Nobody edits another's message.", CLIENTS, needs="edit add_member", messages=1)
async def others(world: World) -> None:
    room = await world.room()
    sent = await world.send(world.owner, room, "mine")
    await world.refused(world.member, "edit", "forbidden", room=room.id, id=sent["id"], text="yours")


@check(
    "chat.change.remove",
    "A removed message's text is gone for everybody.",
    CLIENTS,
    needs="remove_message",
    messages=1,
)
async def remove(world: World) -> None:
    room = await world.room()
    sent = await world.send(world.owner, room, "to be taken back")
    await world.done(world.owner, "remove_message", room=room.id, id=sent["id"])
    found = [each for each in await world.history(world.owner, room) if each["id"] == sent["id"]]
    require(all(each["text"] != "to be taken back" for each in found), "its text is still read")


@check(
    "chat.change.catch-up",
    "Whoever was away gets edits, removals and new messages, each at least once, as they are now.",
    CLIENTS,
    needs="changes position edit remove_message",
    rooms=1,
    messages=4,
)
async def catch_up(world: World) -> None:
    room = await world.new_room()
    one, two, three = [await world.send(world.owner, room, text) for text in ("one", "two", "three")]
    head = await world.position(world.owner, room)
    await world.done(world.owner, "edit", room=room.id, id=one["id"], text="uno")
    await world.done(world.owner, "remove_message", room=room.id, id=two["id"])
    four = await world.send(world.owner, room, "four")
    found = await world.pages(world.owner, "changes", 2, room=room.id, **head)
    now = {each["id"]: each["text"] for each in found}
    expected = {one["id"]: "uno", two["id"]: None, four["id"]: "four"}
    require(now == expected, f"expected {expected} (and not {three['id']}), got {now}")
