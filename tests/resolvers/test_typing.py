"""Mutation.typing: an event that is published and stored nowhere, and ends by itself."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.resolvers.conftest import Stage

EVENT = "Mutation.typing"


def test_it_is_published_with_its_end_and_the_epoch_and_stored_nowhere(stage: "Stage") -> None:
    event = stage.staged(EVENT)
    room = event["arguments"]["roomId"]
    stage.head(room, epoch=3)
    before = datetime.now(UTC)
    answer = stage.act(event, writes=[])
    ends = datetime.fromisoformat(answer.pop("expiresAt"))
    assert timedelta(seconds=5.9) < ends - before < timedelta(seconds=16)
    assert answer == {"roomId": room, "epoch": 3, "userId": "bob"}


def test_in_a_guild_it_goes_by_the_guilds_full_id(stage: "Stage") -> None:
    event = stage.staged(f"{EVENT}.guild")
    answer = stage.act(event, writes=[])
    assert (answer["roomId"], answer["userId"]) == (event["arguments"]["roomId"], "carol")


def test_one_person_says_it_once_in_two_seconds_in_each_room(stage: "Stage") -> None:
    room, other = stage.room(), stage.room()
    assert stage.act(stage.event(EVENT, roomId=room), writes=[])["userId"] == "bob"
    stage.refused(stage.event(EVENT, roomId=room), "RateLimited", retryAfterMs=2_000, scope="person")
    assert stage.act(stage.event(EVENT, roomId=other), writes=[])["userId"] == "bob"
    assert stage.act(stage.event(EVENT, "alice", roomId=room), writes=[])["userId"] == "alice"


def test_who_may_not_write_does_not_type(stage: "Stage") -> None:
    room = stage.room()
    stage.member(room, "bob", mutedUntil=9_999_999_999_000)
    stage.refused(stage.event(EVENT, roomId=room), "Muted", until="2286-11-20T17:46:39.000Z")
    stage.member(room, "bob", mutedUntil=1)
    assert stage.act(stage.event(EVENT, roomId=room), writes=[])["userId"] == "bob"


def test_strangers_those_who_are_out_and_administrators_do_not_type(stage: "Stage") -> None:
    room = stage.room()
    stage.refused(stage.event(f"{EVENT}.not-member", roomId=room), "NotRoomMember")
    admin = stage.event(f"{EVENT}.not-member", roomId=room)
    admin["identity"]["resolverContext"]["roles"] = "admin"
    stage.refused(admin, "NotRoomMember")
    for status in ("left", "banned"):
        stage.member(room, "bob", status=status)
        stage.refused(stage.event(EVENT, roomId=room), "NotRoomMember")


def test_a_room_that_is_not_adopted_yet_says_so(stage: "Stage") -> None:
    room = "not-adopted-typing"
    stage.member(room, "bob", status="active", role="member")
    stage.refused(stage.event(EVENT, roomId=room), "NotAllowed", reason="notMigrated")


@pytest.mark.parametrize(
    ("variant", "values"),
    [
        ("malformed-room", {"argument": "roomId"}),
        ("incomplete-selection", {"argument": "selection", "missing": "epoch,expiresAt"}),
    ],
)
def test_what_is_malformed_is_refused(stage: "Stage", variant: str, values: dict[str, object]) -> None:
    stage.refused(stage.event(f"{EVENT}.{variant}"), "InvalidInput", None, **values)
