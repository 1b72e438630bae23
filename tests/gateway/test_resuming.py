"""Whoever comes back is given what they missed, on whatever process, and starts afresh only where that
cannot be done."""

import asyncio

import pytest

from chat.operations.send_message import send_message
from chat.operations.update_room import update_room
from tests.gateway.conftest import MESSAGE, NOTICE, Serve, unpublished

OLDEST_FIRST = "query ($room: ID!) { messages(roomId: $room, order: OLDEST_FIRST) { items { id } } }"
EDIT = f"""mutation ($room: ID!, $id: ID!) {{
  editMessage(roomId: $room, id: $id, text: "hello") {{ {MESSAGE} }}
}}"""
REMOVE = f"mutation ($room: ID!, $id: ID!) {{ removeMessage(roomId: $room, id: $id) {{ {MESSAGE} }} }}"
ADD = f'mutation ($room: ID!) {{ addMember(roomId: $room, userId: "carol") {{ {NOTICE} }} }}'


async def test_a_room_that_changed_without_a_message_is_resumed(serve: Serve, another: Serve) -> None:
    async with serve() as local:
        room = local.room()
        async with local.person("bob", room) as bob:
            await bob.next("subscribed")
            await local.send("alice", room, "1")
            at = (await bob.next("message"))["at"]
        unpublished(update_room, "alice", roomId=room, name="The den")
        async with another(local) as other, other.person("bob", room, since=at) as bob:
            assert (await bob.next("subscribed"))["resumed"]
            assert bob.seqs() == []


async def test_a_process_that_is_behind_catches_up_before_it_answers(serve: Serve) -> None:
    async with serve() as local:
        room = local.room()
        async with local.person("bob", room) as bob:
            await bob.next("subscribed")
            lost = unpublished(send_message, "alice", roomId=room, text="nobody receives this live").to_wire()
            async with local.person("alice", room, since=f"{lost['seq']}/{lost['ts']}/2") as alice:
                assert (await alice.next("subscribed"))["at"].startswith("1/")
                assert [frame["type"] for frame in alice.frames] == ["hello", "subscribed"]
            assert (await bob.next("message"))["message"]["id"] == lost["id"]


async def test_nobody_is_given_what_was_edited_away_or_removed_before_they_came(serve: Serve) -> None:
    """Neither somebody who was away, nor somebody who was added since; from the buffer, or from history."""
    async with serve() as local:
        room = local.room()
        await local.send("alice", room, "from history: the secret")
        async with local.person("alice", room) as alice:
            await alice.next("subscribed")
            async with local.person("bob", room) as bob:
                at = (await bob.next("subscribed"))["at"]
            for text in ("edited: the secret", "removed: the secret"):
                await local.send("alice", room, text)
            first, edited, removed = [
                each["id"] for each in (await local.ask("alice", OLDEST_FIRST, room=room))["items"]
            ]
            async with local.person("bob", room, since=0) as bob:
                await bob.next("subscribed")
                assert bob.seqs() == [1, 2, 3], "which read history, and shares it"
            await local.ask("alice", EDIT, room=room, id=edited)
            for message_id in (first, removed):
                await local.ask("alice", REMOVE, room=room, id=message_id)
            for _ in range(3):
                await alice.next("change")
            await local.ask("alice", ADD, room=room)
            for user, since in [("bob", at), ("bob", 0), ("bob", 1), ("carol", 0)]:
                async with local.person(user, room, since=since) as person:
                    assert (await person.next("subscribed"))["resumed"]
                    texts = [frame["message"]["text"] for frame in person.frames if "message" in frame]
                    assert not any("secret" in (text or "") for text in texts), (user, since, texts)


@pytest.mark.parametrize("since", [10**9, f"{10**9}/2026-01-31T12:00:00.000Z/{10**9}"])
async def test_whoever_claims_more_than_there_is_starts_afresh(serve: Serve, since: object) -> None:
    async with serve() as local:
        room = local.room()
        await local.send("alice", room, "1")
        async with local.person("bob", room, since=since) as bob:
            assert (await bob.next("reset"))["at"].startswith("1/")
            assert not (await bob.next("subscribed"))["resumed"]


async def test_much_that_was_missed_comes_as_fast_as_the_client_takes_it(
    serve: Serve, another: Serve
) -> None:
    """Far more than may wait for one client: it is no slow client for that."""
    async with serve() as local:
        room = local.room()
        (first, *_) = await local.send("alice", room, *("x" * 3_900 for _ in range(60)))
        async with another(local, max_buffer_bytes=16_384) as other:
            for _ in range(2):
                since = f"1/{first['ts']}/2"
                async with other.person("bob", room, since=since) as bob:
                    assert (await bob.next("subscribed"))["resumed"]
                    assert bob.seqs() == list(range(2, 61))
            assert await other.metric("chat_gateway_closes_total") == 0


async def test_what_happens_while_somebody_is_given_what_they_missed_comes_after_it(serve: Serve) -> None:
    async with serve() as local:
        room = local.room()
        await local.send("alice", room, "1")
        async with asyncio.TaskGroup() as group:
            sending = group.create_task(local.send("alice", room, *(str(number) for number in range(2, 22))))
            for _ in range(5):
                async with local.person("bob", room, since=0) as bob:
                    while len(bob.seqs()) < 21:
                        await bob.next("message")
                    assert bob.seqs() == list(range(1, 22))
            await sending
