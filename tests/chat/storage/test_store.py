"""What the store leaves out of what lies in a room, how it reads on, and what it looks at twice."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chat.rules.access import Access
from chat.rules.gaps import Recency
from chat.rules.models import Head, Member, Message, RoomSettings
from chat.rules.rooms import Room
from chat.storage.aws import StoreFailure
from chat.storage.items import values
from chat.storage.places import head_place, membership_place
from chat.storage.send_attempt import SendAttempt
from chat.storage.store import Refused, Store

NOW_S = 1_800_000_000
RECENT = Recency(NOW_S * 1_000 - 10_000, NOW_S * 1_000 + 3_000)
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


class Revoking:
    """A client that sees a room's head and bob's membership from before a revocation, and the membership as it left
    it where it is asked for what transactions left; `requests`: what was read, consistently or not."""

    def __init__(self, revoked_at: int | None, *, is_in: bool = True) -> None:
        head = {"rev": 2, "seq": 0, "ts": 0, "epoch": 2}
        self.items = (
            [] if revoked_at is None else [self._item(head_place(LOBBY).key, head, partedAt=revoked_at)]
        )
        self.member = membership_place(LOBBY, "bob").key
        if is_in:
            self.items.append(self._item(self.member, {"role": "member"}, status="active"))
        self.requests: list[object] = []

    def batch_get_item(self, **request: Any) -> dict[str, Any]:
        self.requests.append(request["RequestItems"]["core"]["ConsistentRead"])
        return {"Responses": {"core": self.items}}

    def transact_get_items(self, **request: Any) -> dict[str, Any]:
        self.requests.append(request["TransactItems"])
        return {"Responses": [{"Item": self._item(self.member, {"role": "member"}, status="left")}]}

    @staticmethod
    def _item(key: Mapping[str, Any], one: Mapping[str, Any], **more: Any) -> dict[str, Any]:
        return {**key, **values({**one, **more})}


@pytest.mark.parametrize(("ago_ms", "status"), [(9_999, "left"), (10_000, "active")])
def test_just_after_a_revocation_a_membership_is_read_as_transactions_left_it(
    ago_ms: int, status: str
) -> None:
    client = Revoking(NOW_S * 1_000 - ago_ms)
    view = Store(client, {"core": "core"}).fenced_view(LOBBY, "bob", lambda: RECENT)
    assert view.head is not None
    assert view.member is not None
    assert view.member.status == status
    again = [[{"Get": {"TableName": "core", "Key": client.member}}]] if status == "left" else []
    assert client.requests == [True, *again]


@pytest.mark.parametrize(("revoked_at", "is_in"), [(None, True), (NOW_S * 1_000, False)])
def test_where_there_is_no_room_or_no_membership_nothing_is_looked_at_twice(
    revoked_at: int | None, is_in: bool
) -> None:
    client = Revoking(revoked_at, is_in=is_in)
    view = Store(client, {"core": "core"}).fenced_view(LOBBY, "bob", lambda: RECENT)
    assert view.head is None or view.member is None
    assert client.requests == [True]


class Cancelling:
    """A client that cancels every transaction for these reasons, in the order of the writes."""

    def __init__(self, *codes: str) -> None:
        self.reasons = [{"Code": code} for code in codes]

    def transact_write_items(self, **_: Any) -> None:
        answer: Any = {"Error": {"Code": "TransactionCanceledException"}, "CancellationReasons": self.reasons}
        raise ClientError(answer, "TransactWriteItems")


def commit(*codes: str) -> None:
    sent = Message(
        id="m", room_id="lobby", room_type="general", sender_id="ann", text="hi", ts=1, seq=1, epoch=1
    )
    access = Access(Head(rev=1, seq=0, ts=0, epoch=1), Member())
    attempt = SendAttempt(LOBBY, sent, "h", access, RoomSettings(), NOW_S * 1_000, NOW_S + 1)
    Store(Cancelling(*codes), {"core": "core"}).commit(attempt)


def test_a_send_that_no_condition_refused_has_failed_and_is_no_refusal() -> None:
    with pytest.raises(StoreFailure, match="TransactionCanceledException"):
        commit("None", "ValidationError", "None", "None")


def test_a_refused_send_says_which_of_its_writes_refused_and_what_is_there() -> None:
    with pytest.raises(Refused) as caught:
        commit("None", "ConditionalCheckFailed", "ConditionalCheckFailed", "None")
    assert caught.value.found == {"sent": None, "head": None}
    with pytest.raises(Refused) as caught:
        commit("None", "None", "None", "None", "ConditionalCheckFailed")
    assert caught.value.found == {}
