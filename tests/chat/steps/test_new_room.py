"""What founding a room writes."""

from collections.abc import Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chat.rules.models import Role
from chat.rules.rooms import Room
from chat.steps.new_room import MAX_FIRST_MEMBERS, add_room, is_occupied, room_writes
from chat.storage.places import invitation_place, roster_place
from chat.storage.store import Store

LOBBY = Room.parse("lobby")


def items(members: Mapping[str, Role]) -> list[Mapping[str, Any]]:
    return [write.set for write in room_writes(LOBBY, members, {"retentionDays": 30})]


def test_a_room_begins_empty_with_its_owners_counted() -> None:
    head, *memberships = items({"ann": "owner", "bob": "moderator", "cid": "owner"})
    assert head == {
        "type": "Room", "rev": 1, "seq": 0, "ts": 0, "epoch": 1, "owners": 2, "retentionDays": 30,
    }  # fmt: skip
    assert memberships[2:4] == [
        {"type": kind, "role": "moderator", "status": "active", "joinedSeq": 0}
        for kind in ("Membership", "Member")
    ]


def test_whom_somebody_else_puts_there_is_noted_as_added() -> None:
    _, mine, listed, others, other_listed = room_writes(LOBBY, {"ann": "owner", "bob": "member"}, {}, ["bob"])
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
    _, mine, listed, others, invited = room_writes(LOBBY, members, {}, ["bob"], invited=True)
    assert (mine.set["status"], listed.place) == ("active", roster_place(LOBBY, "ann"))
    assert others.set == {
        "type": "Membership", "role": "member", "status": "invited", "joinedSeq": 0, "added": 1,
    }  # fmt: skip
    assert invited.place == invitation_place(LOBBY, "bob")
    assert invited.set == {"type": "Invitation", "role": "member", "status": "invited"}


def test_limits_that_a_room_begins_with_are_the_deployments_word() -> None:
    (head, *_) = room_writes(LOBBY, {"ann": "owner"}, {"roomBurst": 9_000, "personBurst": 90, "name": "A"})
    assert head.set["adminRules"] == "personBurst,roomBurst"
    (head, *_) = room_writes(LOBBY, {"ann": "owner"}, {"retentionDays": 7})
    assert "adminRules" not in head.set


def test_every_item_has_to_be_new() -> None:
    writes = room_writes(LOBBY, {"ann": "owner"}, {})
    assert [write.condition for write in writes] == ["attribute_not_exists(PK)"] * 3
    assert {write.whole for write in writes} == {True}


def test_a_room_is_founded_with_as_many_as_a_transaction_holds() -> None:
    assert MAX_FIRST_MEMBERS == 49
    everybody: dict[str, Role] = {f"user-{number}": "member" for number in range(50)}
    for wrong in ({}, everybody):
        with pytest.raises(ValueError, match="1 to 49"):
            room_writes(LOBBY, wrong, {})
    everybody.popitem()
    assert len(room_writes(LOBBY, everybody, {})) == 99
    assert len(room_writes(LOBBY, {"ann": "owner"}, {})) == 3


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
            assert len(request["TransactItems"]) == 3

    assert add_room(Store(Empty(), {"core": "core"}), LOBBY, {"ann": "owner"}, {})


def test_a_room_that_exists_is_not_made_again() -> None:
    assert not add_room(Store(Client(), {"core": "core"}), LOBBY, {"ann": "owner"}, {})


def test_what_was_just_written_where_a_room_would_lie_is_seen() -> None:
    client = Client()
    assert is_occupied(Store(client, {"core": "core"}), LOBBY)
    assert [request["ConsistentRead"] for request in client.requests] == [True]
    assert client.requests[0]["Limit"] > 0, "DynamoDB refuses to look for none"
