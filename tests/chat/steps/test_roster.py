"""The writes that change people: each holds only while the person is as they
were seen, and names what it leaves behind."""

from dataclasses import replace
from typing import Any

import pytest

from chat.rules.arguments import check_role, check_user
from chat.rules.errors import InvalidInput, NotAllowed
from chat.rules.models import DAY_MS, Caller, Head, Member, Role
from chat.rules.rooms import Room
from chat.steps.roster import (
    add_writes,
    ban_writes,
    check_active,
    end_invitation_writes,
    invite_writes,
    mute_writes,
    owners_gained,
    read_people,
    remove_writes,
    role_writes,
    unban_writes,
    with_owner_count,
)
from chat.storage.items import values
from chat.storage.places import head_place, membership_place, roster_place
from chat.storage.store import Store
from chat.storage.tables import Write

ROOM = Room.parse("lobby")
BOB = Member(role="moderator", joined_seq=3, muted_until=9)
NOW = 1_800_000_000_000


def key_of(write: Write) -> tuple[str, str]:
    return write.place.partition_key, write.place.sort_key


MINE, LISTED, BANNED = (
    ("USER#bob", "IN#ROOM#lobby"),
    ("ROOM#lobby", "MEMBER#bob"),
    ("ROOM#lobby", "BANNED#bob"),
)


@pytest.mark.parametrize(
    ("writes", "places"),
    [
        (add_writes(ROOM, "bob", BOB, "member", 7), [MINE, LISTED]),
        (remove_writes(ROOM, "bob", BOB, 4, NOW), [MINE, LISTED]),
        (ban_writes(ROOM, "bob", BOB, 4, NOW), [MINE, LISTED, BANNED]),
        (unban_writes(ROOM, "bob", BOB, NOW), [MINE, BANNED]),
        (role_writes(ROOM, "bob", BOB, "owner"), [MINE, LISTED]),
        (mute_writes(ROOM, "bob", BOB, 0), [MINE, LISTED]),
    ],
)
def test_a_change_holds_only_while_the_person_is_as_seen(
    writes: list[Write], places: list[tuple[str, str]]
) -> None:
    assert [key_of(write) for write in writes] == places
    not_held = " AND attribute_not_exists(#held)" if "expiresAt" in writes[0].set else ""
    assert writes[0].condition == f"#role = :role AND #status = :status{not_held}"
    assert writes[0].given == {":role": "moderator", ":status": "active"}
    assert {write.condition for write in writes[1:]} == {""}


@pytest.mark.parametrize(
    "writes", [add_writes(ROOM, "bob", None, "member", 7), ban_writes(ROOM, "bob", None, None, NOW)]
)
def test_a_first_membership_is_written_only_where_there_is_none(writes: list[Write]) -> None:
    assert (writes[0].condition, writes[0].whole) == ("attribute_not_exists(PK)", True)


def test_an_ended_membership_is_kept_for_ninety_days_with_the_epoch_that_ended() -> None:
    mine, listed = remove_writes(ROOM, "bob", BOB, 4, NOW)
    assert mine.set == {"status": "left", "endedEpoch": 4, "expiresAt": (NOW + 90 * DAY_MS) // 1_000}
    assert listed.delete


def test_under_a_legal_hold_an_ended_membership_expires_for_readers_alone() -> None:
    mine, _ = remove_writes(ROOM, "bob", replace(BOB, held=1), 4, NOW)
    assert mine.set == {"status": "left", "endedEpoch": 4, "heldExpiresAt": (NOW + 90 * DAY_MS) // 1_000}
    assert mine.condition == "#role = :role AND #status = :status AND #held = :held"
    assert mine.given == {":role": "moderator", ":status": "active", ":held": 1}


def test_a_ban_does_not_expire_and_keeps_the_rank_of_whoever_was_there() -> None:
    assert ban_writes(ROOM, "bob", BOB, 4, NOW)[0].set == {
        "role": "moderator",
        "status": "banned",
        "endedEpoch": 4,
    }
    gone = Member(role="owner", status="left", ended_epoch=2)
    mine = ban_writes(ROOM, "bob", gone, None, NOW)[0]
    assert mine.set == {"role": "member", "status": "banned", "ranked": 1}
    assert set(mine.remove) == {"endedEpoch", "expiresAt", "heldExpiresAt"}


def test_who_comes_again_brings_their_mute_into_the_roster() -> None:
    mine, listed = add_writes(ROOM, "bob", BOB, "member", 7)
    new = {"role": "member", "status": "active", "joinedSeq": 7}
    ended = {"endedEpoch", "expiresAt", "heldExpiresAt", "leftBySelf", "invitationEnded"}
    assert (mine.set, set(mine.remove)) == (new | {"ranked": 1}, {*ended, "added"})
    assert listed.set == {"type": "Member", **new, "mutedUntil": 9}


def test_whoever_is_unbanned_has_left_and_is_remembered_for_ninety_days_from_now() -> None:
    mine, line = unban_writes(ROOM, "bob", Member(role="owner", status="banned"), NOW)
    ends = (NOW + 90 * DAY_MS) // 1_000
    assert mine.set == {"status": "left", "role": "member", "ranked": 1, "expiresAt": ends}
    assert line.delete


def test_a_line_is_written_whole_and_names_a_mute_only_where_there_is_one() -> None:
    """So that nothing of an older line is left in it."""
    for person in (None, Member(status="left")):
        mine, listed = add_writes(ROOM, "bob", person, "member", 7)
        assert listed.set == {"type": "Member", "role": "member", "status": "active", "joinedSeq": 7}
        assert listed.whole
    for person, epoch in ((None, None), (Member(status="left"), None), (BOB, 4)):
        mine, *_, line = ban_writes(ROOM, "bob", person, epoch, NOW)
        assert (line.set["bannedAt"], line.whole) == (NOW, True)
        assert mine.set["role"] == line.set["role"]


@pytest.mark.parametrize(
    ("before", "after", "gained"),
    [
        ("member", "owner", 1),
        ("owner", "owner", 0),
        ("owner", "member", -1),
        ("owner", None, -1),
        ("moderator", None, 0),
    ],
)
def test_owners_are_counted_and_one_remains(before: Role, after: Role | None, gained: int) -> None:
    two, one = Head(rev=1, seq=0, ts=0, epoch=1, owners=2), Head(rev=1, seq=0, ts=0, epoch=1, owners=1)
    assert owners_gained(two, Member(role=before), after) == gained
    if gained < 0:
        with pytest.raises(NotAllowed) as caught:
            owners_gained(one, Member(role=before), after)
        assert caught.value.values == {"reason": "lastOwner"}


@pytest.mark.parametrize("person", [None, Member(status="left"), Member(status="banned")])
def test_whoever_is_not_there_is_not_found(person: Member | None) -> None:
    with pytest.raises(NotAllowed) as caught:
        check_active(person)
    assert caught.value.values == {"reason": "notThere"}
    assert check_active(BOB) == BOB


def test_people_and_roles_are_read_from_arguments() -> None:
    assert check_user({"userId": "auth0|bob"}) == "auth0|bob"
    roles = [check_role({"role": name}) for name in ("OWNER", "MODERATOR", "MEMBER", None)]
    assert roles == ["owner", "moderator", "member", None]
    for arguments in ({}, {"userId": 1}, {"userId": "a\nb"}):
        with pytest.raises(InvalidInput):
            check_user(arguments)
    for name in ("owner", 1, ["OWNER"]):
        with pytest.raises(InvalidInput):
            check_role({"role": name})


class Client:
    """A client of DynamoDB that has these items, and gives pages of `page`; `requests`: those that came."""

    def __init__(self, items: list[dict[str, Any]], page: int = 1_000) -> None:
        self.items = items
        self.page = page
        self.requests: list[dict[str, Any]] = []

    def batch_get_item(self, **request: Any) -> dict[str, Any]:
        self.requests.append(request["RequestItems"]["core"])
        return {"Responses": {"core": self.items}}

    def query(self, **request: Any) -> dict[str, Any]:
        self.requests.append(request)
        if "Select" in request:
            return {"Count": min(len(self.items), request["Limit"])}
        start = request.get("ExclusiveStartKey", {"SK": {"S": ""}})["SK"]["S"]
        found = [item for item in self.items if item["SK"]["S"] > start][: self.page]
        last = {"LastEvaluatedKey": found[-1]} if found and found[-1] is not self.items[-1] else {}
        return {"Items": found, **last}


def line(user_id: str, role: Role) -> dict[str, Any]:
    return roster_place(ROOM, user_id).key | values({"role": role, "status": "active"})


def test_a_room_and_two_of_its_people_are_seen_in_one_consistent_look() -> None:
    head = head_place(ROOM).key | values({"rev": 5, "seq": 2, "ts": 1, "epoch": 3})
    mine = membership_place(ROOM, "ann").key | values({"role": "owner"})
    client = Client([head, mine])
    seen = read_people(Store(client, {"core": "core"}), ROOM, Caller("ann"), "bob")
    assert seen.view.head == Head(rev=5, seq=2, ts=1, epoch=3)
    assert (seen.view.member, seen.person) == (Member(role="owner"), None)
    keys = [head_place(ROOM).key, membership_place(ROOM, "ann").key, membership_place(ROOM, "bob").key]
    assert client.requests == [{"Keys": keys, "ConsistentRead": True}]


def test_owners_that_were_never_counted_are_counted_on_every_page_consistently() -> None:
    client = Client([line("ann", "owner"), line("bob", "member"), line("cid", "owner")], page=2)
    store = Store(client, {"core": "core"})
    head = Head(rev=5, seq=2, ts=1, epoch=3)
    assert with_owner_count(store, ROOM, head) == Head(rev=5, seq=2, ts=1, epoch=3, owners=2)
    assert [request["ConsistentRead"] for request in client.requests] == [True, True]
    counted = Head(rev=5, seq=2, ts=1, epoch=3, owners=0)
    assert with_owner_count(store, ROOM, counted) is counted
    assert len(client.requests) == 2


def test_the_only_owner_may_stay_one_and_others_may_change_beside_them() -> None:
    one = Head(rev=1, seq=0, ts=0, epoch=1, owners=1)
    assert owners_gained(one, Member(role="owner"), "owner") == 0
    assert owners_gained(one, Member(role="member"), "owner") == 1
    assert owners_gained(one, Member(role="moderator"), None) == 0


def test_who_leaves_by_themself_is_known_for_it() -> None:
    assert remove_writes(ROOM, "bob", BOB, 4, NOW, by_self=True)[0].set["leftBySelf"] == 1
    assert "leftBySelf" not in remove_writes(ROOM, "bob", BOB, 4, NOW)[0].set


def test_who_is_added_again_is_added_by_one_at_a_time() -> None:
    seen = "#role = :role AND #status = :status"
    for again_tat, condition in ((0, "attribute_not_exists(#againTat)"), (5, "#againTat = :again")):
        person = Member(status="left", again_tat=again_tat)
        come = add_writes(ROOM, "bob", person, "member", 7, {"added": 1, "againTat": 9})[0]
        assert come.condition == f"{seen} AND {condition}"
        assert come.given.get(":again", 0) == again_tat
        assert come.given[":status"] == "left"
    assert add_writes(ROOM, "bob", Member(status="left", again_tat=5), "member", 7)[0].condition == seen


def test_the_lines_of_the_roster_follow_the_memberships() -> None:
    stranger = ban_writes(ROOM, "bob", None, None, NOW)[0]
    assert stranger.set == {"type": "Membership", "role": "member", "status": "banned", "joinedSeq": 0}
    assert ban_writes(ROOM, "bob", BOB, 4, NOW)[1].delete
    there = {"type": "Member", "role": "moderator", "status": "active", "joinedSeq": 3}
    assert role_writes(ROOM, "bob", BOB, "owner")[1].set == {**there, "role": "owner"}
    assert mute_writes(ROOM, "bob", BOB, NOW)[1].set == {**there, "mutedUntil": NOW}
    unmuted = mute_writes(ROOM, "bob", BOB, 0)[1]
    assert (unmuted.set, unmuted.remove) == (there, ("mutedUntil",))


INVITED = Member(role="moderator", status="invited", joined_seq=3, again_tat=5)
INVITATION = ("ROOM#lobby", "INVITED#bob")


def test_who_was_never_here_is_invited_only_where_no_membership_is() -> None:
    mine, listed = invite_writes(ROOM, "bob", None, "moderator", 7, {"added": 1, "againTat": 9})
    assert (key_of(mine), key_of(listed)) == (MINE, INVITATION)
    assert (mine.condition, mine.whole, listed.whole) == ("attribute_not_exists(PK)", True, True)
    invited = {"role": "moderator", "status": "invited"}
    assert mine.set == {"type": "Membership", **invited, "joinedSeq": 7, "added": 1, "againTat": 9}
    assert (listed.set, listed.condition) == ({"type": "Invitation", **invited}, "")


def test_who_left_is_invited_as_they_were_seen_and_by_one_at_a_time() -> None:
    seen = "#role = :role AND #status = :status"
    for again_tat, condition in ((0, "attribute_not_exists(#againTat)"), (5, "#againTat = :again")):
        person = Member(status="left", again_tat=again_tat)
        mine, listed = invite_writes(ROOM, "bob", person, "member", 7, {"added": 1})
        assert mine.condition == f"{seen} AND {condition}"
        assert mine.given[":status"] == "left"
        assert mine.set == {"role": "member", "status": "invited", "joinedSeq": 7, "added": 1}
        assert set(mine.remove) == {
            "endedEpoch",
            "expiresAt",
            "heldExpiresAt",
            "leftBySelf",
            "invitationEnded",
        }
        assert (key_of(listed), listed.whole) == (INVITATION, True)


def test_an_invitation_that_ends_is_remembered_for_ninety_days_and_by_whom() -> None:
    kept = {"status": "left", "invitationEnded": 1, "expiresAt": (NOW + 90 * DAY_MS) // 1_000}
    mine, listed = end_invitation_writes(ROOM, "bob", INVITED, NOW)
    assert (key_of(mine), mine.set) == (MINE, kept)
    assert (mine.condition, mine.given) == (
        "#role = :role AND #status = :status AND attribute_not_exists(#held)",
        {":role": "moderator", ":status": "invited"},
    )
    assert (key_of(listed), listed.delete) == (INVITATION, True)
    declined, _ = end_invitation_writes(ROOM, "bob", INVITED, NOW, by_self=True)
    assert declined.set == {**kept, "leftBySelf": 1}


def test_whoever_was_invited_and_comes_or_is_banned_is_listed_as_invited_no_more() -> None:
    for writes in (
        add_writes(ROOM, "bob", INVITED, "moderator", 7),
        ban_writes(ROOM, "bob", INVITED, None, NOW),
    ):
        assert (key_of(writes[-1]), writes[-1].delete) == (INVITATION, True)
        assert writes[0].given[":status"] == "invited"
    assert len(add_writes(ROOM, "bob", Member(status="left"), "member", 7)) == 2
    assert len(ban_writes(ROOM, "bob", Member(status="left"), None, NOW)) == 2
