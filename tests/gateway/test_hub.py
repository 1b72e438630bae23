"""Rooms and their clients: nobody receives a room on the strength of a look that is older than the last
revocation."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from chat.rules.rooms import Room
from gateway import client_frames
from gateway.connection import CloseCode
from tests.gateway.fakes import LOBBY, NOT_MEMBER, UNREACHABLE, Bob, FakeChat, FakeFeed, member
from tests.gateway.room_messages import new_message, revocation

NewBob = Callable[..., Bob]


@pytest.fixture
async def bob_before() -> AsyncIterator[NewBob]:
    """Makes a client before a chat with these answers, and ends its hub."""
    made: list[Bob] = []

    def new(*answers: Any, feed: FakeFeed | None = None, path_room: Room | None = None) -> Bob:
        made.append(Bob(FakeChat(*answers), feed or FakeFeed(), path_room))
        return made[-1]

    yield new
    for bob in made:
        await bob.hub.close()


async def test_whoever_is_removed_while_they_join_does_not_receive_the_room(bob_before: NewBob) -> None:
    bob = bob_before(member(1), NOT_MEMBER, feed=FakeFeed([revocation(2)]))
    await bob.sends(type="subscribe", room="lobby", since="0//1")
    assert await bob.joined() == ["refused"]
    assert len(bob.feed.subscribers) == 0


async def test_whoever_is_still_a_member_after_a_revocation_is_looked_up_again_and_misses_nothing(
    bob_before: NewBob,
) -> None:
    meanwhile = [new_message(1), revocation(2, user="ann"), new_message(2)]
    bob = bob_before(member(1), member(2), feed=FakeFeed(meanwhile))
    await bob.sends(type="subscribe", room="lobby", since="0//1")
    assert await bob.joined() == ["message", "notice", "message", "subscribed"]
    assert len(bob.feed.subscribers) == 1


async def test_a_visitor_of_a_public_room_does_not_receive_it(bob_before: NewBob) -> None:
    bob = bob_before({"me": None, "head": None}, path_room=LOBBY)
    await bob.hub.carry_out(bob.client, [client_frames.Subscribe(room=LOBBY)])
    assert await bob.joined() == ["refused"]
    assert bob.closed == [(CloseCode.NOT_ALLOWED, "NotRoomMember")]


async def test_whoever_is_no_member_of_the_room_makes_nobody_subscribe_to_it(bob_before: NewBob) -> None:
    bob = bob_before(NOT_MEMBER)
    await bob.sends(type="subscribe", room="lobby")
    assert await bob.joined() == ["refused"]
    assert bob.feeds == []


async def test_whoever_is_revoked_receives_nothing_more(bob_before: NewBob) -> None:
    bob = bob_before(member(1))
    await bob.sends(type="subscribe", room="lobby")
    await bob.joined()
    assert bob.feed.on_event is not None
    bob.feed.on_event(revocation(2))
    assert bob.types == ["subscribed", "removed"]
    assert len(bob.feed.subscribers) == 0


async def test_whoever_came_back_since_is_not_sent_away_by_an_older_revocation(bob_before: NewBob) -> None:
    bob = bob_before(member(2))
    await bob.sends(type="subscribe", room="lobby")
    await bob.joined()
    assert bob.feed.on_event is not None
    bob.feed.on_event(revocation(2))
    assert bob.types == ["subscribed"]


async def test_when_an_epoch_ended_without_a_notice_whoever_is_no_member_is_sent_away(
    bob_before: NewBob,
) -> None:
    bob = bob_before(member(1), NOT_MEMBER)
    await bob.sends(type="subscribe", room="lobby")
    await bob.joined()
    await bob.feed.end_epoch(2)
    assert bob.types == ["subscribed", "removed"]
    assert len(bob.feed.subscribers) == 0


async def test_whoever_cannot_be_looked_up_receives_nothing_more(bob_before: NewBob) -> None:
    bob = bob_before(member(1), *[UNREACHABLE] * 5)
    await bob.sends(type="subscribe", room="lobby")
    await bob.joined()
    await bob.feed.end_epoch(2)
    assert (bob.written[-1]["type"], bob.written[-1]["errorType"]) == ("refused", "ServiceUnavailable")
    assert len(bob.feed.subscribers) == 0


async def test_whoever_is_looked_up_in_the_end_goes_on_receiving(bob_before: NewBob) -> None:
    bob = bob_before(member(1), UNREACHABLE, member(2))
    await bob.sends(type="subscribe", room="lobby")
    await bob.joined()
    await bob.feed.end_epoch(2)
    assert len(bob.feed.subscribers) == 1
    assert bob.client.access_epoch(LOBBY) == 2


async def test_a_room_that_fails_is_interrupted_and_begins_anew_with_the_next_client(
    bob_before: NewBob,
) -> None:
    bob = bob_before(member(1), member(1))
    await bob.sends(type="subscribe", room="lobby")
    await bob.joined()
    running = bob.hub.rooms["lobby"].running
    bob.feed.fail()
    await asyncio.gather(running, return_exceptions=True)
    await asyncio.sleep(0)
    assert (bob.written[-1]["type"], bob.written[-1]["errorType"]) == ("refused", "ServiceUnavailable")
    await bob.sends(type="subscribe", room="lobby")
    await bob.joined()
    assert bob.types[-1] == "subscribed"
    assert bob.feeds == [LOBBY, LOBBY]
