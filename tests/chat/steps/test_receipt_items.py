"""Which rooms are small, and how receipts move while others move them, too."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chat.deployment import Deployment
from chat.rules.models import Receipts
from chat.rules.rooms import Room
from chat.steps.receipt_items import is_small, move_receipts
from chat.storage.items import values
from chat.storage.places import receipts_place
from chat.storage.store import Store

LOBBY = Room.parse("lobby")


class Client:
    """A client of DynamoDB with a room of so many members, and receipts that stand in the way of the first writes;
    `requests`: those that came."""

    def __init__(self, members: int = 0, in_the_way: tuple[Mapping[str, int] | None, ...] = ()) -> None:
        self.members = members
        self.in_the_way = list(in_the_way)
        self.requests: list[dict[str, Any]] = []

    def query(self, **request: Any) -> dict[str, Any]:
        self.requests.append(request)
        return {"Count": min(self.members, request["Limit"])}

    def update_item(self, **request: Any) -> dict[str, Any]:
        self.requests.append(request)
        if not self.in_the_way:
            return {}
        found = self.in_the_way.pop(0)
        answer: Any = {"Error": {"Code": "ConditionalCheckFailedException"}} | (
            {} if found is None else {"Item": values(found)}
        )
        raise ClientError(answer, "UpdateItem")


class Process:
    """A process on this client; `at`: its steady clock, in seconds."""

    def __init__(self, client: Client) -> None:
        self.at = 100.0
        self.deployment = Deployment(
            Store(client, {"core": "core"}), monotonic=lambda: self.at, sleep=lambda _: None
        )

    def is_small(self) -> bool:
        return is_small(self.deployment, LOBBY, deadline=1_000.0)

    def read_up_to(self, seq: int, before: Receipts) -> tuple[Receipts, Receipts]:
        """Move the marker, which only grows."""
        return move_receipts(
            self.deployment,
            receipts_place(LOBBY, "ann"),
            before,
            lambda seen: replace(seen, last_read_seq=max(seen.last_read_seq, seq)),
            deadline=1_000.0,
        )


@pytest.mark.parametrize(("members", "small"), [(0, True), (100, True), (101, False), (5_000, False)])
def test_a_room_of_up_to_a_hundred_is_small_and_no_more_are_counted(members: int, small: bool) -> None:
    client = Client(members)
    process = Process(client)
    assert process.is_small() == process.is_small() == small
    assert [request["Limit"] for request in client.requests] == [101]


def test_a_process_believes_it_for_thirty_seconds() -> None:
    client = Client(100)
    process = Process(client)
    assert process.is_small()
    client.members = 101
    process.at += 30
    assert process.is_small()
    process.at += 0.001
    assert not process.is_small()


def test_what_does_not_move_is_not_written() -> None:
    client = Client()
    seen = Receipts(last_read_seq=3)
    assert Process(client).read_up_to(3, seen) == (seen, seen)
    assert client.requests == []


def test_a_write_that_was_overtaken_starts_again_from_what_stood_in_its_way() -> None:
    client = Client(in_the_way=({"lastReadSeq": 4, "deliveredSeq": 2}, None))
    before, after = Process(client).read_up_to(5, Receipts(last_read_seq=3))
    assert (before, after) == (Receipts(), Receipts(last_read_seq=5))
    given = [request["ExpressionAttributeValues"] for request in client.requests]
    assert [each[":was_lastReadSeq"] for each in given] == [{"N": "3"}, {"N": "4"}, {"N": "0"}]
    assert [each[":set_lastReadSeq"] for each in given] == [{"N": "5"}] * 3


def test_a_marker_that_others_moved_further_stays_where_it_is() -> None:
    client = Client(in_the_way=({"lastReadSeq": 9},))
    further = Receipts(last_read_seq=9)
    assert Process(client).read_up_to(5, Receipts(last_read_seq=3)) == (further, further)
    assert len(client.requests) == 1


def test_only_what_moves_is_written_and_judged() -> None:
    client = Client()
    Process(client).read_up_to(5, Receipts(delivered_seq=7))
    (request,) = client.requests
    assert request["UpdateExpression"] == "SET #type = :set_type, #lastReadSeq = :set_lastReadSeq"
    assert request["ConditionExpression"] == (
        "(attribute_not_exists(#lastReadSeq) OR #lastReadSeq = :was_lastReadSeq)"
    )
    assert request["ExpressionAttributeValues"] == values(
        {":was_lastReadSeq": 0, ":set_type": "Receipts", ":set_lastReadSeq": 5}
    )
    Process(client).read_up_to(5, Receipts(last_read_seq=4))
    assert client.requests[-1]["ConditionExpression"] == "#lastReadSeq = :was_lastReadSeq"
