"""What founding a room writes."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chat.deployment import Deployment
from chat.rules.generations import LEAP
from chat.rules.models import Role
from chat.rules.rooms import Room
from chat.steps.new_room import MAX_FIRST_MEMBERS, Founding, add_room, founding, is_occupied, room_writes
from chat.storage.event_items import event_of
from chat.storage.items import values
from chat.storage.places import invitation_place, roster_place
from chat.storage.store import Store

LOBBY = Room.parse("lobby")
NOON = 1_769_860_800_000
BY_ANN = Founding("e-1", NOON, 1, "ann")


def items(members: Mapping[str, Role]) -> list[Mapping[str, Any]]:
    return [write.set for write in room_writes(LOBBY, members, {"retentionDays": 30}, BY_ANN)]


def test_a_room_begins_empty_with_its_owners_counted() -> None:
    head, _, *memberships = items({"ann": "owner", "bob": "moderator", "cid": "owner"})
    assert head == {
        "type": "Room", "rev": 1, "seq": 0, "ts": 0, "epoch": 1, "owners": 2, "retentionDays": 30,
    }  # fmt: skip
    assert memberships[2:4] == [
        {"type": kind, "role": "moderator", "status": "active", "joinedSeq": 0}
        for kind in ("Membership", "Member")
    ]


def test_whom_somebody_else_puts_there_is_noted_as_added() -> None:
    members: Mapping[str, Role] = {"ann": "owner", "bob": "member"}
    _, _, mine, listed, others, other_listed = room_writes(LOBBY, members, {}, BY_ANN, ["bob"])
    assert mine.set == {"type": "Membership", "role": "owner", "status": "active", "joinedSeq": 0}
    member = {"role": "member", "status": "active", "joinedSeq": 0}
    assert others.set == {"type": "Membership", **member, "added": 1}
    assert (other_listed.place, other_listed.set) == (
        roster_place(LOBBY, "bob"),
        {"type": "Member", **member},
    )
    assert listed.place == roster_place(LOBBY, "ann")


def test_whom_somebody_else_only_invites_is_listed_among_the_invited() -> None:
    members: Mapping[str, Role] = {"ann": "owner", "bob": "member"}
    _, event, mine, listed, others, invited = room_writes(LOBBY, members, {}, BY_ANN, ["bob"], invited=True)
    assert (mine.set["status"], listed.place) == ("active", roster_place(LOBBY, "ann"))
    assert others.set == {
        "type": "Membership", "role": "member", "status": "invited", "joinedSeq": 0, "added": 1,
    }  # fmt: skip
    assert invited.place == invitation_place(LOBBY, "bob")
    assert invited.set == {"type": "Invitation", "role": "member", "status": "invited"}
    assert [notice["kind"] for notice in json.loads(event.set["notices"])] == [
        "MEMBER_ADDED",
        "MEMBER_INVITED",
    ]


def test_limits_that_a_room_begins_with_are_the_deployments_word() -> None:
    (head, *_) = room_writes(
        LOBBY, {"ann": "owner"}, {"roomBurst": 9_000, "personBurst": 90, "name": "A"}, BY_ANN
    )
    assert head.set["adminRules"] == "personBurst,roomBurst"
    (head, *_) = room_writes(LOBBY, {"ann": "owner"}, {"retentionDays": 7}, BY_ANN)
    assert "adminRules" not in head.set


def test_every_item_has_to_be_new() -> None:
    """The event lies under the revision that the head is made with, so nothing but the head guards it."""
    writes = room_writes(LOBBY, {"ann": "owner"}, {}, BY_ANN)
    new = "attribute_not_exists(PK)"
    assert [write.condition for write in writes] == [new, "", new, new]
    assert {write.whole for write in writes} == {True}


def test_a_room_is_founded_with_as_many_as_a_transaction_holds() -> None:
    assert MAX_FIRST_MEMBERS == 49
    everybody: dict[str, Role] = {f"user-{number}": "member" for number in range(50)}
    for wrong in ({}, everybody):
        with pytest.raises(ValueError, match="1 to 49"):
            room_writes(LOBBY, wrong, {}, BY_ANN)
    everybody.popitem()
    assert len(room_writes(LOBBY, everybody, {}, BY_ANN)) == 100
    assert len(room_writes(LOBBY, {"ann": "owner"}, {}, BY_ANN)) == 4


def test_a_rooms_first_event_names_its_members() -> None:
    members: Mapping[str, Role] = {"ann": "owner", "bob": "member"}
    _, write, *_ = room_writes(LOBBY, members, {}, BY_ANN, ["bob"])
    event = event_of(write.place.key | values(write.set))
    assert event is not None
    assert (event.id, event.kind, event.rev, event.seq, event.epoch, event.ts) == (
        "e-1",
        "ROOM_CREATED",
        1,
        0,
        1,
        NOON,
    )
    assert event.actor_id == "ann"
    named = [(notice["kind"], notice["userId"], notice["role"], notice["rev"]) for notice in event.notices]
    assert named == [("MEMBER_ADDED", "ann", "OWNER", 1), ("MEMBER_ADDED", "bob", "MEMBER", 1)]


def test_a_room_that_is_made_in_a_later_generation_begins_with_the_revision_of_that() -> None:
    _, write, *_ = room_writes(LOBBY, {"ann": "owner"}, {}, Founding("e-1", NOON, 3, None))
    event = event_of(write.place.key | values(write.set))
    assert event is not None
    assert (event.rev, event.generation, event.generation_rev) == (2 * LEAP + 1, 3, 2 * LEAP + 1)
    assert (event.epoch, event.actor_id) == (2 * LEAP + 1, None)


def test_a_founding_is_of_now_and_of_the_tables_generation() -> None:
    deployment = Deployment(Store(None, {}, generation=4), now=lambda: NOON, new_id=lambda ms: f"id-{ms}")
    assert founding(deployment, "ann") == Founding(f"id-{NOON}", NOON, 4, "ann")


class Client:
    """A client of DynamoDB that holds an item in the room's partition; `requests`: the queries that came."""

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []

    def transact_write_items(self, **request: Any) -> None:
        reasons = [
            {"Code": "ConditionalCheckFailed"},
            *[{"Code": "None"}] * (len(request["TransactItems"]) - 1),
        ]
        answer: Any = {"Error": {"Code": "TransactionCanceledException"}, "CancellationReasons": reasons}
        raise ClientError(answer, "TransactWriteItems")

    def query(self, **request: Any) -> dict[str, Any]:
        self.requests.append(request)
        return {"Items": [{"PK": {"S": LOBBY.partition_key}, "SK": {"S": "MSG#1"}}]}


def test_a_room_that_is_new_is_made() -> None:
    class Empty:
        """A client of DynamoDB that has nothing yet."""

        def transact_write_items(self, **request: Any) -> None:
            assert len(request["TransactItems"]) == 4

    assert add_room(Store(Empty(), {"core": "core"}), LOBBY, {"ann": "owner"}, {})


def test_a_room_that_exists_is_not_made_again() -> None:
    assert not add_room(Store(Client(), {"core": "core"}), LOBBY, {"ann": "owner"}, {})


def test_what_was_just_written_where_a_room_would_lie_is_seen() -> None:
    client = Client()
    assert is_occupied(Store(client, {"core": "core"}), LOBBY)
    assert [request["ConsistentRead"] for request in client.requests] == [True]
    assert client.requests[0]["Limit"] > 0, "DynamoDB refuses to look for none"
