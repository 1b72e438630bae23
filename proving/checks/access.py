"""What a chat promises about who may do what: strangers nothing, and nobody anything any more who was removed."""

from proving.check import check, require
from proving.world import Room, World, ids

CLIENTS = "docs/clients.md"
LATER = "2100-01-01T00:00:00.000Z"


@check("chat.access.read", "Strangers cannot read a room.", CLIENTS, needs="add_member")
async def read(world: World) -> None:
    room = await world.room()
    await world.refused(world.stranger, "history", "stranger", room=room.id, limit=1)
    stored = await world.history(world.owner, room)
    if "after" in world.mapping.operations and stored:
        after = stored[-1][world.mapping.after_field]
        await world.refused(world.stranger, "after", "stranger", room=room.id, limit=1, after=after)


@check(
    "chat.access.send",
    "Strangers cannot send to a room, and nothing is stored.",
    CLIENTS,
    needs="add_member",
    messages=1,
)
async def send(world: World) -> None:
    room = await world.room()
    before = await world.history(world.owner, room)
    answer = await world.try_send(world.stranger, room, "let me in")
    world.expect_refused(answer.refusal, "stranger", f"a stranger's message was taken: {answer}")
    require(await world.history(world.owner, room) == before, "it was stored all the same")


@check(
    "chat.access.subscribe",
    "Strangers cannot listen to a room.",
    CLIENTS,
    needs="add_member subscribe",
    messages=4,
    connections=2,
)
async def subscribe(world: World) -> None:
    room = await world.room()
    async with world.listening(world.stranger) as listener, world.listening(world.owner) as own:
        made = await world.try_subscribe(listener, world.stranger, room)
        refusal = listener.heard.refused.get(made.id)
        live = await world.live(own, world.owner, room)
        sent = await world.send(world.owner, room, "not for strangers")
        await world.brings(live, sent)
        require(sent["id"] not in ids(world.messages_of(made)), "a stranger heard a message")
        world.expect_refused(refusal, "stranger", "a stranger's start was acknowledged")


@check(
    "chat.access.unknown",
    "A room that is not there is refused as one that is not for the caller.",
    CLIENTS,
    needs="add_member",
)
async def unknown(world: World) -> None:
    room = await world.room()
    one = await world.refused(world.stranger, "history", "stranger", room=room.id, limit=1)
    other = await world.refused(
        world.stranger, "history", "stranger", room=f"nowhere-{world.run.name}", limit=1
    )
    require(one == other, f"the one is refused by {one}, the other by {other}")


@check(
    "chat.access.rank",
    "A plain member can neither take people in nor out.",
    CLIENTS,
    needs="add_member remove_member",
)
async def rank(world: World) -> None:
    room = await world.room()
    await world.refused(world.member, "add_member", "forbidden", room=room.id, user=world.stranger.user_id)
    await world.refused(world.member, "remove_member", "forbidden", room=room.id, user=world.owner.user_id)


@check(
    "chat.removed.read",
    "Who was removed can neither read nor send from that moment on.",
    CLIENTS,
    needs="add_member remove_member",
    rooms=1,
    messages=2,
)
async def removed(world: World) -> None:
    room = await world.new_room()
    await world.send(world.member, room, "still here")
    await world.done(world.owner, "remove_member", room=room.id, user=world.member.user_id)
    await _is_out(world, room)


async def _is_out(world: World, room: Room) -> None:
    await world.refused(world.member, "history", "stranger", room=room.id, limit=1)
    answer = await world.try_send(world.member, room, "let me in again")
    world.expect_refused(answer.refusal, "stranger", f"a message of somebody who is out was taken: {answer}")


@check(
    "chat.removed.live",
    "A subscription of somebody who was removed brings nothing that is sent later.",
    CLIENTS,
    needs="add_member remove_member subscribe",
    rooms=1,
    messages=8,
    connections=2,
)
async def removed_live(world: World) -> None:
    room = await world.new_room()
    async with world.listening(world.member) as listener, world.listening(world.owner) as own:
        leaky = await world.live(listener, world.member, room)
        await world.done(world.owner, "remove_member", room=room.id, user=world.member.user_id)
        live = await world.live(own, world.owner, room)
        sent = await world.send(world.owner, room, "not for whoever is gone")
        require(
            await world.brings(live, sent),
            "the owner did not hear it either",
        )
        again = await world.try_subscribe(
            listener, world.member, room
        )  # answered after whatever was on its way
        require(again.id not in listener.heard.acknowledged, "who was removed could subscribe again")
        require(
            sent["id"] not in ids(world.messages_of(leaky)),
            "who was removed heard a message that was sent later",
        )


@check(
    "chat.removed.ban",
    "Who was banned can neither read nor send.",
    CLIENTS,
    needs="add_member ban",
    rooms=1,
    messages=1,
)
async def ban(world: World) -> None:
    room = await world.new_room()
    await world.done(world.owner, "ban", room=room.id, user=world.member.user_id)
    await _is_out(world, room)


@check(
    "chat.removed.mute",
    "Who is muted can read and cannot send.",
    CLIENTS,
    needs="add_member mute",
    rooms=1,
    messages=2,
)
async def mute(world: World) -> None:
    room = await world.new_room()
    sent = await world.send(world.owner, room, "listen")
    await world.done(world.owner, "mute", room=room.id, user=world.member.user_id, until=LATER)
    answer = await world.try_send(world.member, room, "psst")
    world.expect_refused(answer.refusal, "muted", f"a message of somebody who is muted was taken: {answer}")
    require(ids(await world.history(world.member, room)) == [sent["id"]], "who is muted cannot read")


@check(
    "chat.room.end",
    "A room that has ended can neither be read nor written, by anybody.",
    CLIENTS,
    needs="end_room",
    rooms=1,
    messages=2,
)
async def end(world: World) -> None:
    room = await world.new_room()
    await world.send(world.owner, room, "the last word")
    await world.done(world.owner, "end_room", room=room.id)
    world.run.ended.add(room.id)
    await world.refused(world.owner, "history", "stranger", room=room.id, limit=1)
    answer = await world.try_send(world.owner, room, "hello?")
    require(answer.refusal is not None, f"a message to a room that has ended was taken: {answer}")
