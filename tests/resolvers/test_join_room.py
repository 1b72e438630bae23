"""Mutation.joinRoom: whoever knows a public room comes in by themself;
nobody else but administrators does."""

import uuid

from chat.steps.newcomer import JOINING
from chat.steps.quota import MAX_ROOMS, ROOMS
from chat.storage import keys
from tests.resolvers.harness import Harness, Refusal
from tests.resolvers.memberships import EVERY_ROLE, as_admin, head, lines, membership, notice

EVENT = "Mutation.joinRoom"
WRITES = ["EVT", "HEAD", "IN", "MEMBER"]
PUBLIC = {"visibility": "public"}


def test_a_visitor_joins_a_public_room_as_a_plain_member(harness: Harness) -> None:
    room = harness.room(EVERY_ROLE, settings=PUBLIC)
    harness.send(room, "before carol")
    answer = harness.run(harness.event(EVENT, roomId=room), writes=[*WRITES, "QUOTA"])
    expected = {"kind": "MEMBER_JOINED", "userId": "carol", "role": "MEMBER", "rev": 3}
    assert answer == notice(answer, room, "carol", 1, **expected)
    new = {"role": "member", "status": "active", "joinedSeq": 1}
    carol = membership(harness, room, "carol")
    assert carol.pop("joinTat") > harness.deployment.now() * 1_000
    assert carol.pop("joinedTs") == harness.item(room, "HEAD")["ts"]
    assert carol == new
    assert lines(harness, room, "MEMBER")["carol"] == {"type": "Member", **new}
    assert head(harness, room) == (3, 1, 2)


def test_who_is_there_stays_as_they_are(harness: Harness) -> None:
    for settings in (PUBLIC, {}):
        room = harness.room(EVERY_ROLE, settings=settings)
        answer = harness.run(harness.event(EVENT, "mona", roomId=room), writes=[])
        expected = {"kind": "MEMBER_JOINED", "userId": "mona", "role": "MODERATOR", "rev": 1}
        assert answer == notice(answer, room, "mona", 1, **expected)


def test_who_left_may_come_again_as_a_plain_member(harness: Harness) -> None:
    room = harness.room(EVERY_ROLE, settings=PUBLIC)
    harness.invoke(harness.event("Mutation.leaveRoom", "mona", roomId=room))
    harness.run(harness.event(EVENT, "mona", roomId=room), writes=WRITES)
    mona = membership(harness, room, "mona")
    assert mona.pop("joinTat") > 0
    assert mona == {"role": "member", "status": "active", "joinedSeq": 0, "ranked": 1}


def test_who_joins_and_leaves_too_often_has_to_wait(harness: Harness) -> None:
    """Each going makes all others subscribe again, and anybody may come to a public room."""
    room = harness.room(EVERY_ROLE, settings=PUBLIC)
    join, leave = (
        harness.event(EVENT, "bob", roomId=room),
        harness.event("Mutation.leaveRoom", "bob", roomId=room),
    )
    harness.invoke(leave)
    for _ in range(JOINING.burst):
        harness.run(join, writes=WRITES)
        harness.invoke(leave)
    refusal = harness.call("Mutation.joinRoom", join)
    assert isinstance(refusal, Refusal)
    assert (refusal.error_type, refusal.values["scope"]) == ("RateLimited", "person")
    assert 0 < int(refusal.values["retryAfterMs"]) <= 60_000
    harness.run(
        harness.event("Mutation.addMember", roomId=room, userId="bob", role=None), writes=[*WRITES, "QUOTA"]
    )
    assert membership(harness, room, "bob")["status"] == "active"


def test_nobody_joins_a_private_room_or_one_that_they_are_banned_from(harness: Harness) -> None:
    room = harness.room(EVERY_ROLE)
    harness.refused(harness.event(EVENT, roomId=room), "NotRoomMember")
    harness.refused(harness.event(EVENT, roomId="no-such-room"), "NotRoomMember")
    public = harness.room(EVERY_ROLE, settings=PUBLIC)
    harness.invoke(harness.event("Mutation.banMember", roomId=public, userId="carol"))
    harness.refused(harness.event(EVENT, roomId=public), "NotRoomMember")
    harness.refused(as_admin(harness.event(EVENT, roomId=public)), "NotAllowed", reason="banned")


def test_an_administrator_joins_any_room_as_a_plain_member(harness: Harness) -> None:
    room = harness.room(EVERY_ROLE)
    harness.run(as_admin(harness.event(EVENT, "root", roomId=room)), writes=WRITES)
    assert membership(harness, room, "root")["role"] == "member"


def test_nobody_comes_to_more_rooms_than_a_thousand_by_themself(harness: Harness) -> None:
    """Those that others put them into are counted apart, and those where they were before are not counted again."""
    room, person = harness.room(settings=PUBLIC), f"busy-{uuid.uuid4()}"
    full = harness.deployment.now() * 1_000 + MAX_ROOMS * ROOMS.step
    harness.change("x", keys.user_partition(person), keys.QUOTA, addedTat=full)
    harness.run(harness.event(EVENT, person, roomId=room), writes=[*WRITES, "QUOTA"])
    harness.change("x", keys.user_partition(person), keys.QUOTA, ownTat=full)
    other = harness.event(EVENT, person, roomId=harness.room(settings=PUBLIC))
    harness.refused(other, "NotAllowed", reason="tooManyRooms", max=MAX_ROOMS)
    harness.invoke(harness.event("Mutation.leaveRoom", person, roomId=room))
    harness.run(harness.event(EVENT, person, roomId=room), writes=WRITES)
    harness.run(as_admin(other), writes=WRITES)


def test_what_is_no_room_id_is_refused(harness: Harness) -> None:
    harness.refused(harness.event(EVENT, roomId="GUILD#"), "InvalidInput", argument="roomId")


def test_where_history_is_visible_from_joining_an_epoch_begins_with_it(harness: Harness) -> None:
    """What was sent before is not heard by whoever came, however late it is published."""
    room = harness.room(EVERY_ROLE, settings={**PUBLIC, "historyFrom": "joining"})
    (sent,) = harness.send(room, "before carol")
    answer = harness.run(harness.event(EVENT, roomId=room), writes=[*WRITES, "QUOTA"])
    expected = {"kind": "MEMBER_JOINED", "userId": "carol", "role": "MEMBER", "nextEpoch": 2, "rev": 3}
    assert answer == notice(answer, room, "carol", 1, **expected)
    assert head(harness, room) == (3, 2, 2)
    carol = membership(harness, room, "carol")
    assert carol["joinedRev"] == 3
    assert (carol["joinedSeq"], carol["joinedTs"], carol["joinedEpoch"]) == (
        1,
        harness.item(room, "HEAD")["ts"],
        2,
    )
    harness.refused(
        harness.event("Subscription.onMessage", "carol", roomId=room, epoch=sent["epoch"]),
        "StaleEpoch",
        epoch=2,
    )
    harness.run(harness.event("Subscription.onMessage", "carol", roomId=room, epoch=2), writes=[])


def test_a_look_at_a_head_from_before_the_joining_lets_nobody_hear_what_was_sent_before(
    harness: Harness,
) -> None:
    """One read may see the membership beside the head that it moved."""
    room = harness.room(settings={"historyFrom": "joining"})
    harness.send(room, "one")
    harness.member(room, "bob", joinedSeq=1, joinedEpoch=2)
    harness.refused(
        harness.event("Subscription.onMessage", "bob", roomId=room, epoch=1), "StaleEpoch", epoch=2
    )
    harness.change(room, f"ROOM#{room}", "HEAD", historyFrom="beginning")  # as an earlier head may say
    assert harness.invoke(harness.event("Query.messages", "bob", roomId=room))["items"] == []
