"""Mutation.typing: an event that is published and stored nowhere, and ends by itself."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.resolvers.harness import Harness

EVENT = "Mutation.typing"


def test_it_is_published_with_its_end_and_the_epoch_and_stored_nowhere(harness: Harness) -> None:
    event = harness.prepared(EVENT)
    room = event["arguments"]["roomId"]
    harness.head(room, epoch=3)
    before = datetime.now(UTC)
    answer = harness.run(event, writes=[])
    ends = datetime.fromisoformat(answer.pop("expiresAt"))
    assert timedelta(seconds=5.9) < ends - before < timedelta(seconds=16)
    assert answer == {"roomId": room, "epoch": 3, "userId": "bob"}


def test_in_a_guild_it_goes_by_the_guilds_full_id(harness: Harness) -> None:
    event = harness.prepared(f"{EVENT}.guild")
    answer = harness.run(event, writes=[])
    assert (answer["roomId"], answer["userId"]) == (event["arguments"]["roomId"], "carol")


def test_one_user_sends_it_once_in_two_seconds_in_each_room(harness: Harness) -> None:
    room, other = harness.room(), harness.room()
    assert harness.run(harness.event(EVENT, roomId=room), writes=[])["userId"] == "bob"
    harness.refused(harness.event(EVENT, roomId=room), "RateLimited", retryAfterMs=2_000, scope="person")
    assert harness.run(harness.event(EVENT, roomId=other), writes=[])["userId"] == "bob"
    assert harness.run(harness.event(EVENT, "alice", roomId=room), writes=[])["userId"] == "alice"


def test_who_may_not_write_does_not_type(harness: Harness) -> None:
    room = harness.room()
    harness.member(room, "bob", mutedUntil=9_999_999_999_000)
    harness.refused(harness.event(EVENT, roomId=room), "Muted", until="2286-11-20T17:46:39.000Z")
    harness.member(room, "bob", mutedUntil=1)
    assert harness.run(harness.event(EVENT, roomId=room), writes=[])["userId"] == "bob"


def test_strangers_those_who_are_out_and_administrators_do_not_type(harness: Harness) -> None:
    room = harness.room()
    harness.refused(harness.event(f"{EVENT}.not-member", roomId=room), "NotRoomMember")
    admin = harness.event(f"{EVENT}.not-member", roomId=room)
    admin["identity"]["resolverContext"]["roles"] = "admin"
    harness.refused(admin, "NotRoomMember")
    for status in ("left", "banned"):
        harness.member(room, "bob", status=status)
        harness.refused(harness.event(EVENT, roomId=room), "NotRoomMember")


def test_a_room_that_is_not_adopted_yet_says_so(harness: Harness) -> None:
    room = "not-adopted-typing"
    harness.member(room, "bob", status="active", role="member")
    harness.refused(harness.event(EVENT, roomId=room), "NotAllowed", reason="notMigrated")


@pytest.mark.parametrize(
    ("variant", "values"),
    [
        ("malformed-room", {"argument": "roomId"}),
        ("incomplete-selection", {"argument": "selection", "missing": "epoch,expiresAt"}),
    ],
)
def test_what_is_malformed_is_refused(harness: Harness, variant: str, values: dict[str, object]) -> None:
    harness.refused(harness.event(f"{EVENT}.{variant}"), "InvalidInput", None, **values)
