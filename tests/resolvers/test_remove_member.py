"""Mutation.removeMember: somebody is out, the epoch has moved, and those who stay are told so in the old one."""

from typing import TYPE_CHECKING

import pytest

from chat.rules.models import DAY_MS
from tests.resolvers.people import CROWD, as_admin, head, lines, membership, notice

if TYPE_CHECKING:
    from tests.resolvers.conftest import Stage

EVENT = "Mutation.removeMember"
WRITES = ["HEAD", "IN", "MEMBER"]


def test_somebody_is_taken_out_and_the_epoch_moves_with_it(stage: "Stage") -> None:
    event = stage.staged(EVENT)
    room = event["arguments"]["roomId"]
    answer = stage.act(event, writes=WRITES)
    told = {"kind": "MEMBER_REMOVED", "userId": "bob", "nextEpoch": 2, "rev": 2}
    assert answer == notice(answer, room, "alice", 1, **told)
    assert head(stage, room) == (2, 2, 1)
    assert membership(stage, room, "bob") == {
        "role": "member",
        "status": "left",
        "joinedSeq": 0,
        "endedEpoch": 1,
    }
    expires = stage.item(room, f"IN#ROOM#{room}", "bob")["expiresAt"]
    assert expires == pytest.approx((stage.deployment.now() + 90 * DAY_MS) / 1_000, abs=60)
    assert set(lines(stage, room, "MEMBER")) == {"alice"}


def test_who_was_taken_out_neither_reads_nor_sends_nor_subscribes(stage: "Stage") -> None:
    event = stage.staged(EVENT)
    room = event["arguments"]["roomId"]
    stage.send(room, "while bob was there", user="bob")
    stage.act(event, writes=WRITES)
    for name in ("Query.messages", "Mutation.sendMessage", "Subscription.onMessage"):
        stage.refused(stage.event(name, "bob", roomId=room), "NotRoomMember")


def test_a_repeat_tells_the_end_of_the_same_epoch_again_and_changes_nothing(stage: "Stage") -> None:
    event = stage.staged(EVENT)
    room = event["arguments"]["roomId"]
    stage.act(event, writes=WRITES)
    stage.head(room, epoch=7, rev=30)
    again = stage.act(event, writes=[])
    told = {"kind": "MEMBER_REMOVED", "userId": "bob", "nextEpoch": 2, "rev": None}
    assert again == notice(again, room, "alice", 1, **told)


def test_in_a_guilds_room_as_in_any_other(stage: "Stage") -> None:
    room = stage.room({"alice": "owner", "bob": "member"}, guild=True)
    answer = stage.act(stage.event(EVENT, roomId=room), writes=WRITES)
    assert (answer["roomId"], answer["guildId"], answer["roomType"]) == (room, room[6:], "guild")
    assert head(stage, room) == (2, 2, 1)


@pytest.mark.parametrize(
    ("actor", "person", "reason"),
    [
        ("mona", "max", "rank"),
        ("mona", "alice", "rank"),
        ("bob", "max", "role"),
        ("alice", "alice", "self"),
        ("mona", "mona", "self"),
        ("alice", "nobody", "notThere"),
    ],
)
def test_rank_decides_whom_somebody_may_take_out(
    stage: "Stage", actor: str, person: str, reason: str
) -> None:
    event = stage.event(EVENT, actor, roomId=stage.room(CROWD), userId=person)
    stage.refused(event, "NotAllowed", reason=reason)


@pytest.mark.parametrize(("actor", "person"), [("mona", "bob"), ("alice", "mona"), ("alice", "anna")])
def test_moderators_take_out_plain_members_and_owners_anybody(
    stage: "Stage", actor: str, person: str
) -> None:
    room = stage.room(CROWD)
    stage.act(stage.event(EVENT, actor, roomId=room, userId=person), writes=WRITES)
    assert head(stage, room) == (2, 2, 1 if person == "anna" else 2)


def test_an_administrator_takes_out_anybody_but_the_last_owner(stage: "Stage") -> None:
    room = stage.room(CROWD)
    for person in ("anna", "mona"):
        stage.act(as_admin(stage.event(EVENT, "root", roomId=room, userId=person)), writes=WRITES)
    last = as_admin(stage.event(EVENT, "root", roomId=room, userId="alice"))
    stage.refused(last, "NotAllowed", reason="lastOwner")


def test_strangers_hear_of_no_room(stage: "Stage") -> None:
    stage.refused(stage.event(EVENT, "mallory", roomId=stage.room()), "NotRoomMember")
    stage.refused(stage.event(EVENT, roomId="no-such-room"), "NotRoomMember")


@pytest.mark.parametrize("person", [None, "", 7, "bob#1", "x" * 129])
def test_what_is_no_user_id_is_refused(stage: "Stage", person: object) -> None:
    event = stage.event(EVENT, roomId=stage.room(), userId=person)
    stage.refused(event, "InvalidInput", argument="userId")


def test_what_is_no_room_id_is_refused(stage: "Stage") -> None:
    stage.refused(stage.event(EVENT, roomId="a b"), "InvalidInput", argument="roomId")


def test_a_selection_that_would_leave_subscribers_without_a_field_is_refused(stage: "Stage") -> None:
    event = stage.staged(EVENT)
    event["info"]["selectionSetList"].remove("notice/nextEpoch")
    stage.refused(event, "InvalidInput", argument="selection", missing="notice/nextEpoch")
