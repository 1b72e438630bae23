"""What the store leaves out of what lies in a room, and how it reads on."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from chat.rules.rooms import Room
from chat.storage.items import values
from chat.storage.store import Store

NOW_S = 1_800_000_000
LOBBY = Room.parse("lobby")


class Client:
    """A client of DynamoDB that has one item, and a room's messages in pages of `page` items."""

    def __init__(self, items: Sequence[Mapping[str, Any]] = (), page: int = 1_000) -> None:
        self.items = items
        self.page = page
        self.counts: list[int] = []

    def get_item(self, **_: Any) -> dict[str, Any]:
        return {"Item": self.items[0]} if self.items else {}

    def query(self, **request: Any) -> dict[str, Any]:
        self.counts.append(request["Limit"])
        start = request.get("ExclusiveStartKey", {"SK": {"S": ""}})["SK"]["S"]
        found = [item for item in self.items if item["SK"]["S"] > start]
        count = min(request["Limit"], self.page)
        last = {"LastEvaluatedKey": found[count - 1]} if len(found) > count else {}
        return {"Items": found[:count], **last}


def store(client: Client) -> Store:
    return Store(client, {"core": "core", "guild": "guild"})


def message(number: int, **more: object) -> dict[str, Any]:
    item = {
        "PK": LOBBY.partition_key, "SK": f"MSG#{number:03}", "id": f"m-{number}", "senderId": "ann", "ts": number,
        "seq": number, "expiresAt": NOW_S + 1, "roomId": "lobby", "roomType": "general", "text": "hi",
    }  # fmt: skip
    return values({name: value for name, value in (item | more).items() if value is not None})


def read(client: Client, limit: int = 3) -> tuple[list[str], str | None]:
    found = store(client).slice(
        LOBBY, "MSG#", "MSG#~", forward=True, limit=limit, now_s=NOW_S, consistent=True
    )
    return [sort_key for sort_key, _ in found.messages], found.position


def keys_of(*numbers: int) -> list[str]:
    return [f"MSG#{number:03}" for number in numbers]


@pytest.mark.parametrize(("expires", "there"), [(NOW_S + 1, True), (NOW_S - 1, False)])
def test_what_has_expired_is_not_there_though_it_was_not_deleted_yet(expires: int, there: bool) -> None:
    sent = values({"messageSk": "MSG#001", "seq": 1, "hash": "h", "expiresAt": expires})
    assert (store(Client([sent])).sent(LOBBY, "ann", "c-1", NOW_S) is not None) == there
    stored = message(1, expiresAt=expires)
    assert (store(Client([stored])).message(LOBBY, "MSG#001", NOW_S) is not None) == there


def test_what_is_not_there_is_none() -> None:
    assert store(Client()).sent(LOBBY, "ann", "c-1", NOW_S) is None
    assert store(Client()).message(LOBBY, "MSG#001", NOW_S) is None


def test_one_further_is_read_to_know_whether_there_is_more() -> None:
    client = Client([message(number) for number in range(1, 6)])
    assert read(client) == (keys_of(1, 2, 3), "MSG#003")
    assert client.counts == [4]
    assert read(Client([message(number) for number in range(1, 4)])) == (keys_of(1, 2, 3), None)


def test_expired_messages_and_those_without_a_number_are_left_out() -> None:
    items = [message(1), message(2, expiresAt=NOW_S - 1), message(3, seq=None), message(4)]
    client = Client(items, page=2)
    assert read(client) == (keys_of(1, 4), None)
    assert client.counts == [4, 3]


def test_a_page_that_is_full_by_itself_is_read_on_for_one_further() -> None:
    items = [message(number) for number in range(1, 5)]
    client = Client(items, page=3)
    assert read(client) == (keys_of(1, 2, 3), "MSG#003")
    assert client.counts == [4, 1]


def test_a_long_run_of_expired_messages_ends_after_eight_requests() -> None:
    client = Client([message(number, expiresAt=NOW_S - 1) for number in range(1, 20)], page=1)
    assert read(client) == ([], "MSG#008")
