"""What a repeat of a send costs, and what is none."""

from typing import Any

import pytest

from chat.deployment import Deployment
from chat.rules.errors import IdempotencyMismatch, RateLimited
from chat.rules.identifiers import uuid7
from chat.rules.models import Item, Sent
from chat.rules.rate import Rate
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.steps.draft import Draft
from chat.steps.repeat import charge_repeat, stored_message
from chat.storage import keys
from chat.storage.items import values
from chat.storage.store import Store

NOW = 1_800_000_000_000
LOBBY = Room.parse("lobby")
RATE = Rate(1, 2)
"""One a second, two at once."""


class Repeating:
    """A process of whose sends the proof is there already; `at`: its steady clock, in seconds."""

    def __init__(self) -> None:
        self.at = 0.0
        self.deployment = Deployment(Store(None, {}), monotonic=lambda: self.at)
        self.tally = Tally()

    def charge(self, draft: Draft, message_id: str, fingerprint: str = "h") -> None:
        sent = Sent(message_sk=keys.message(NOW, message_id), seq=1, hash=fingerprint)
        charge_repeat(self.deployment, draft, sent, RATE, self.tally)


def draft() -> Draft:
    return Draft(LOBBY, "ann", "hi", "c-1", named=True, fingerprint="h", message_id=uuid7(NOW))


def test_a_call_whose_own_answer_was_lost_is_no_repeat_and_costs_nothing() -> None:
    process, mine = Repeating(), draft()
    for _ in range(5):
        process.charge(mine, mine.message_id)
    assert "Repeats" not in process.tally


@pytest.mark.parametrize("begin", [0.0, 10.0])
def test_a_process_grants_as_many_repeats_as_messages(begin: float) -> None:
    process = Repeating()
    process.at = begin
    for _ in range(2):
        process.charge(draft(), uuid7(NOW))
    process.at = begin + 0.999_999
    with pytest.raises(RateLimited):
        process.charge(draft(), uuid7(NOW))
    process.at = begin + 1
    process.charge(draft(), uuid7(NOW))
    with pytest.raises(RateLimited) as caught:
        process.charge(draft(), uuid7(NOW))
    assert caught.value.values == {"retryAfterMs": 1_000, "scope": "person"}
    assert process.tally["Repeats"] == 3


def test_other_content_is_a_mismatch_and_not_charged() -> None:
    process, mine = Repeating(), draft()
    for message_id in (mine.message_id, uuid7(NOW)):
        with pytest.raises(IdempotencyMismatch):
            process.charge(mine, message_id, "other")
    assert "Repeats" not in process.tally


class Client:
    """A client of DynamoDB that has one item."""

    def __init__(self, item: Item) -> None:
        self.item = item

    def get_item(self, **_: object) -> dict[str, Any]:
        return {"Item": self.item}


@pytest.mark.parametrize(("expires_at", "text"), [(NOW // 1_000, "hello"), (NOW // 1_000 - 1, None)])
def test_a_repeat_gets_the_message_as_it_is_and_after_its_last_second_without_the_text(
    expires_at: int, text: str | None
) -> None:
    mine, message_id = draft(), uuid7(NOW - 5)
    sent = Sent(message_sk=keys.message(NOW - 5, message_id), seq=3, hash="h")
    plain = {"id": message_id, "roomType": "general", "senderId": "ann", "text": "hello", "ts": NOW - 5}
    client = Client(values({**plain, "seq": 3, "expiresAt": expires_at}))
    deployment = Deployment(Store(client, {"core": "core"}), now=lambda: NOW + 999)
    found = stored_message(deployment, mine, sent, None, Tally())
    assert (found.id, found.ts, found.seq, found.text) == (message_id, NOW - 5, 3, text)
