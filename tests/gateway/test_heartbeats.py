"""What clients have is passed on by one call for many people, at its due time; one by one where the API does not take that."""

from collections.abc import Sequence
from typing import Any

import pytest

from gateway import documents
from gateway.appsync import UNAVAILABLE, UpstreamRefused
from gateway.client import HEARTBEAT_ROOMS, Client
from gateway.documents import Document
from gateway.heartbeats import (
    ALONE_SECONDS,
    EARLY_SECONDS,
    MOST_POSITIONS,
    RETRY_SECONDS,
    Heartbeats,
)
from gateway.metrics import Metrics
from gateway.server_frames import Refusal
from tests.gateway.fakes import Bob, FakeChat, FakeFeed

SECONDS = 30.0
REFUSED = {
    "errorType": "RateLimited",
    "message": "Slowly. [code=RateLimited retryAfterMs=20000 scope=person]",
}


def taken(people: Sequence[Any]) -> list[dict[str, Any]]:
    return [{"userId": each["userId"], "errorType": None, "message": None} for each in people]


class Chat:
    """The API as the service sees it: `answer` makes an answer, or is a refusal."""

    def __init__(self) -> None:
        self.calls: list[list[dict[str, Any]]] = []
        self.answer: Any = taken
        self.now = 1_000.0
        self.metrics = Metrics()
        self.alone = FakeChat(*([{}] * 1_000))
        self.heartbeats = Heartbeats(
            self._ask, self.metrics, SECONDS, lambda: self.now, lambda low, high: (low + high) / 2
        )

    async def _ask(self, document: Document, people: Sequence[dict[str, Any]]) -> Any:
        assert document == documents.HEARTBEATS
        self.calls.append(list(people))
        if isinstance(self.answer, Refusal):
            raise UpstreamRefused(self.answer)
        return self.answer(people)

    def clients(self, count: int, rooms: int = 1) -> list[Client]:
        """Each of whom has something in so many rooms."""
        made = []
        for number in range(count):
            client = Bob(self.alone, FakeFeed()).client
            client.user_id = f"p{number}"
            made.append(client)
            says(client, rooms)
        return made

    async def passes(self, clients: Sequence[Client], *leaving: Client) -> None:
        await self.heartbeats.pass_on(clients, leaving)

    def metric(self, name: str, /, **labels: str) -> float | None:
        return self.metrics.registry.get_sample_value(f"chat_gateway_{name}", labels)

    @property
    def said_alone(self) -> list[Any]:
        return [each for document, each in self.alone.asked if document == documents.HEARTBEAT]


def says(client: Client, rooms: int = 1, seq: int = 1) -> None:
    for number in range(rooms):
        client.delivered(f"r{number}", seq)


async def test_many_people_are_one_call() -> None:
    chat = Chat()
    clients = chat.clients(250)
    await chat.passes(clients)
    assert [len(each) for each in chat.calls] == [100, 100, 50]
    assert chat.calls[0][0] == {
        "userId": "p0",
        "deviceId": clients[0].device_id,
        "status": "ONLINE",
        "rooms": [{"roomId": "r0", "seq": 1}],
    }
    assert len({each["userId"] for call in chat.calls for each in call}) == 250
    assert (chat.metric("heartbeats_total", way="together"), chat.said_alone) == (250, [])
    assert chat.metric("heartbeat_calls_total", way="together") == 3
    await chat.passes(clients)
    assert len(chat.calls) == 3  # nothing is to be said


async def test_each_is_due_about_twice_a_minute_and_a_call_takes_along_who_nearly_is() -> None:
    chat = Chat()
    one, other, later = chat.clients(3)
    await chat.passes([one])
    chat.now += EARLY_SECONDS - 1
    await chat.passes([other])
    chat.now += EARLY_SECONDS + 1
    await chat.passes([later])
    for each in (one, other, later):
        says(each, seq=2)
    chat.now = one.due_at - 0.1
    await chat.passes([one, other, later])
    assert len(chat.calls) == 3
    chat.now = one.due_at
    assert 0.9 * SECONDS <= chat.now - 1_000.0 <= 1.1 * SECONDS
    await chat.passes([one, other, later])
    assert [[each["userId"] for each in call] for call in chat.calls[3:]] == [["p0", "p1"]]


async def test_a_call_names_so_many_rooms_and_no_more() -> None:
    chat = Chat()
    await chat.passes(chat.clients(25, HEARTBEAT_ROOMS))
    assert [sum(len(each["rooms"]) for each in call) for call in chat.calls] == [
        MOST_POSITIONS,
        MOST_POSITIONS,
        250,
    ]


async def test_more_rooms_than_one_heartbeat_has_come_in_the_next() -> None:
    chat = Chat()
    (client,) = chat.clients(1, HEARTBEAT_ROOMS + 5)
    for _ in range(2):
        await chat.passes([client])
        chat.now += 2 * SECONDS
    assert [len(call[0]["rooms"]) for call in chat.calls] == [HEARTBEAT_ROOMS, 5]
    assert not client.needs_heartbeat


async def test_one_persons_refusal_is_said_again_for_them_alone() -> None:
    chat = Chat()
    clients = chat.clients(3)
    chat.answer = lambda people: [
        each | (REFUSED if each["userId"] == "p1" else {}) for each in taken(people)
    ]
    await chat.passes(clients)
    assert [each.needs_heartbeat for each in clients] == [False, True, False]
    assert clients[1].due_at == clients[0].due_at  # half a minute, and no later than it is due anyway
    assert chat.metric("refusals_total", name="RateLimited") == 1
    says(clients[1], seq=7)
    chat.now = clients[1].due_at
    chat.answer = taken
    await chat.passes(clients)
    assert chat.calls[1][0]["rooms"] == [{"roomId": "r0", "seq": 7}]


@pytest.mark.parametrize(
    "answer", [UNAVAILABLE, lambda _: None, lambda people: taken(people)[:-1], lambda _: {}]
)
async def test_a_call_that_has_no_answer_is_made_again_before_anybody_counts_as_gone(answer: Any) -> None:
    chat = Chat()
    clients = chat.clients(3)
    chat.answer = answer
    await chat.passes(clients)
    assert all(each.needs_heartbeat for each in clients)
    assert not chat.heartbeats.are_alone
    assert chat.said_alone == []
    assert {each.due_at - chat.now for each in clients} == {1.5 * RETRY_SECONDS}
    chat.now, chat.answer = clients[0].due_at, taken
    await chat.passes(clients)
    assert not any(each.needs_heartbeat for each in clients)


@pytest.mark.parametrize(
    "refusal",
    [
        Refusal(
            "InternalError", "Validation error of type FieldUndefined: Field 'heartbeats' is undefined", {}
        ),
        Refusal("UnauthorizedException", "Not Authorized to access heartbeats on type Mutation", {}),
        Refusal(
            "NotAllowed", "Your role does not do this. [code=NotAllowed reason=role]", {"reason": "role"}
        ),
        Refusal("IdentityRefused", "You are nobody here.", {}),
    ],
)
async def test_an_api_that_does_not_take_it_is_told_one_by_one_and_asked_again_later(
    refusal: Refusal,
) -> None:
    chat = Chat()
    clients = chat.clients(3)
    chat.answer = refusal
    await chat.passes(clients)
    assert chat.heartbeats.are_alone
    assert [each["rooms"] for each in chat.said_alone] == [[{"roomId": "r0", "seq": 1}]] * 3
    assert all("userId" not in each for each in chat.said_alone)
    assert chat.metric("heartbeat_refusals_total", name=refusal.name) == 1
    assert chat.metric("heartbeats_total", way="alone") == 3
    for wait in (SECONDS, ALONE_SECONDS):
        chat.now += wait + 1
        for each in clients:
            says(each, seq=2)
        await chat.passes(clients)
    assert len(chat.calls) == 2


@pytest.mark.parametrize("code", ["InternalError", "InvalidInput"])
async def test_whoever_spoils_a_call_spoils_it_once(code: str) -> None:
    chat = Chat()
    chat.answer = Refusal(code, "No.", {})
    await chat.passes(chat.clients(3))
    assert (len(chat.said_alone), chat.heartbeats.are_alone) == (3, False)


async def test_a_device_that_goes_is_signed_off_once_and_not_again() -> None:
    chat = Chat()
    (client,) = chat.clients(1)
    await chat.passes([], client)
    assert [each["status"] for each in chat.calls[0]] == ["OFFLINE"]
    chat.answer = UNAVAILABLE
    await chat.passes([], client)
    assert not client.needs_heartbeat
