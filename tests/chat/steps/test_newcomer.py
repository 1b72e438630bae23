"""Whom others add: who pays for it, how often, and what keeps them."""

from collections.abc import Mapping
from typing import Any

import pytest

from chat.deployment import Deployment
from chat.rules.access import RoomAccess, View
from chat.rules.errors import NotAllowed, RateLimited
from chat.rules.models import Caller, Head, Item, Member
from chat.rules.permissions import Standing
from chat.rules.rooms import Room
from chat.steps.blocks import block_place
from chat.steps.newcomer import AGAIN, Newcomer, charge_addition, read_newcomer
from chat.steps.person_marks import mark_places
from chat.steps.quota import NO_QUOTA, ROOMS, Quota, quota_place
from chat.storage.items import values
from chat.storage.places import Found, Place, head_place, membership_place
from chat.storage.store import Store
from chat.storage.tables import Write

NOW = 1_800_000_000_000
AT = NOW * 1_000
MINUTE_US = 60_000_000
LOBBY, ANN = Room.parse("lobby"), Caller("ann")
HEAD = Head(rev=5, seq=2, ts=1, epoch=3)
LEFT = Member(status="left")
ANNS, BOBS = quota_place("ann"), quota_place("bob")
BLOCK = block_place("bob", "ann")
BLOCKED: Found = {BLOCK: {}}
FULL = ROOMS.taken(0, AT, 1_000)


def charged(
    person: Member | None,
    *,
    callers: Quota = NO_QUOTA,
    persons: Quota = NO_QUOTA,
    found: Found | None = None,
    standing: Standing = "moderator",
    user_id: str = "bob",
) -> tuple[Mapping[str, int], list[Write]]:
    """What ann pays for adding bob, a hundred of whom she may add in an hour."""
    deployment = Deployment(Store(None, {}), now=lambda: NOW, additions_per_hour=100)
    entry = RoomAccess(HEAD, Member(role="moderator"), standing)
    newcomer = Newcomer(View(HEAD, None), person, callers, persons, found or {})
    return charge_addition(deployment, ANN, entry, user_id, newcomer)


def test_a_stranger_is_charged_to_who_adds_them_and_counted_to_the_stranger() -> None:
    added, writes = charged(None)
    assert added == {"added": 1}
    assert [write.place for write in writes] == [ANNS, BOBS, BLOCK]
    mine, theirs, look = writes
    assert (mine.set["addTat"], mine.condition) == (AT + 36_000_000, "attribute_not_exists(#addTat)")
    assert (theirs.set["addedTat"], theirs.condition) == (AT + ROOMS.step, "")
    assert (look.condition, look.set) == ("attribute_not_exists(PK)", {})


def test_whoever_was_here_before_is_charged_to_their_own_rate_of_coming_again() -> None:
    added, writes = charged(LEFT)
    assert added == {"added": 1, "againTat": AT + 6 * MINUTE_US}
    assert [write.place for write in writes] == [BOBS, BLOCK]


def test_somebody_is_added_again_sixty_times_and_then_once_in_six_minutes() -> None:
    assert (AGAIN.step, AGAIN.burst) == (6 * MINUTE_US, 60)
    last = Member(status="left", again_tat=AT + 59 * 6 * MINUTE_US)
    assert charged(last)[0]["againTat"] == AT + 60 * 6 * MINUTE_US
    with pytest.raises(RateLimited) as caught:
        charged(Member(status="left", again_tat=AT + 60 * 6 * MINUTE_US))
    assert caught.value.key == "room.addedTooOften"
    assert caught.value.values == {"retryAfterMs": 360_000, "scope": "person"}


def test_whoever_left_by_themself_takes_twenty_of_these() -> None:
    two = Member(status="left", left_by_self=1, again_tat=AT + 40 * 6 * MINUTE_US)
    assert charged(two)[0]["againTat"] == AT + 60 * 6 * MINUTE_US
    with pytest.raises(RateLimited):
        charged(Member(status="left", left_by_self=1, again_tat=AT + 41 * 6 * MINUTE_US))


def test_administrators_pay_nothing_and_nothing_keeps_them() -> None:
    hundred = Quota(add_tat=AT + 100 * 36_000_000)
    for person in (None, Member(status="left", again_tat=2 * AT)):
        assert charged(
            person, callers=hundred, persons=Quota(added_tat=FULL), found=BLOCKED, standing="admin"
        ) == ({"added": 1}, [])


def test_who_adds_themself_was_not_put_there_by_others() -> None:
    assert charged(None, standing="admin", user_id="ann") == ({}, [])


def test_beyond_a_hundred_strangers_the_caller_waits_whatever_else_keeps_them() -> None:
    hundred = Quota(add_tat=AT + 100 * 36_000_000)
    for found in (None, BLOCKED):
        with pytest.raises(RateLimited) as caught:
            charged(None, callers=hundred, persons=Quota(added_tat=FULL), found=found)
        assert caught.value.key == "room.addingTooFast"
    assert charged(None, callers=Quota(add_tat=AT + 99 * 36_000_000))[1]
    assert charged(LEFT, callers=hundred)[1], "bob is no stranger"


@pytest.mark.parametrize("person", [None, LEFT], ids=["a stranger", "who left"])
def test_who_has_blocked_the_caller_or_is_in_too_many_rooms_cannot_be_added(person: Member | None) -> None:
    for persons, found in ((NO_QUOTA, BLOCKED), (Quota(added_tat=FULL), None)):
        with pytest.raises(NotAllowed) as caught:
            charged(person, persons=persons, found=found)
        assert caught.value.key == "room.cannotBeAdded"
    assert charged(person, found={block_place("ann", "bob"): {}})[1]


class Client:
    """A client of DynamoDB that has these items; `requests`: the batches that came."""

    def __init__(self, *items: Item) -> None:
        self.items = items
        self.requests: list[dict[str, Any]] = []

    def batch_get_item(self, **request: Any) -> dict[str, Any]:
        self.requests.append(request["RequestItems"]["core"])
        return {"Responses": {"core": [*self.items]}}


def looked_at(client: Client, user_id: str) -> tuple[Newcomer, set[tuple[str, str]]]:
    """What is seen, and where it was looked, in one consistent request."""
    seen = read_newcomer(Deployment(Store(client, {"core": "core"})), LOBBY, ANN, user_id)
    (request,) = client.requests
    assert request["ConsistentRead"] is True
    return seen, {(key["PK"]["S"], key["SK"]["S"]) for key in request["Keys"]}


def keys_of(*places: Place) -> set[tuple[str, str]]:
    return {(place.partition_key, place.sort_key) for place in places}


def test_a_newcomer_is_seen_in_one_look_with_both_quotas_and_their_block() -> None:
    head, mine, theirs = head_place(LOBBY), membership_place(LOBBY, "ann"), membership_place(LOBBY, "bob")
    client = Client(
        head.key | values({"rev": 5, "seq": 2, "ts": 1, "epoch": 3}),
        mine.key | values({"role": "owner"}),
        theirs.key | values({"status": "left"}),
        ANNS.key | values({"addTat": 7}),
        BLOCK.key | values({"blockedAt": 1}),
    )
    seen, places = looked_at(client, "bob")
    assert places == keys_of(head, mine, theirs, ANNS, BOBS, BLOCK, *mark_places("ann", "bob"))
    assert (seen.view.head, seen.view.member, seen.person) == (HEAD, Member(role="owner"), LEFT)
    assert (seen.callers, seen.persons) == (Quota(add_tat=7), NO_QUOTA)
    assert BLOCK in seen.found


def test_who_adds_themself_cannot_have_blocked_themself() -> None:
    head, mine = head_place(LOBBY), membership_place(LOBBY, "ann")
    seen, places = looked_at(Client(mine.key | values({"role": "owner"})), "ann")
    assert places == keys_of(head, mine, ANNS, *mark_places("ann"))
    assert (seen.person, seen.callers, seen.persons) == (Member(role="owner"), NO_QUOTA, NO_QUOTA)
