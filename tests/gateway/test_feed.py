"""A room's feed: what it finds out about access it answers as values, and until its owner has acted it
delivers nothing later."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest
from pydantic import AnyHttpUrl

from chat.rules.instants import to_wire
from gateway import documents, server_frames
from gateway.appsync import UpstreamRefused
from gateway.authorization import ServiceToken
from gateway.documents import Document
from gateway.feed import EpochEnded, Feed, Revoked
from gateway.metrics import Metrics
from gateway.realtime import Subscription
from gateway.replay_buffer import MemoryBudget
from gateway.service import Service
from gateway.settings import Settings
from gateway.timeline import Message
from tests.gateway.fakes import LOBBY, NOT_MEMBER
from tests.gateway.room_messages import revocation

NOWHERE = AnyHttpUrl("http://127.0.0.1:9/graphql")
SETTINGS = Settings(
    appsync_url=NOWHERE,
    service_token="env:NONE",
    jwt_issuer="i",
    jwt_audience="a",
    jwt_jwks_url=NOWHERE,
    tick_ms=0,
)


def message(seq: int, epoch: int) -> dict[str, Any]:
    ts = to_wire(1_767_225_600_000 + seq)
    return {"id": f"m{seq}", "seq": seq, "ts": ts, "rev": None, "epoch": epoch, "notice": None}


class Upstream:
    """AppSync and its realtime side, with what is stored; `refusal`: what every request is answered with."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self.epoch = 1
        self.refusal: UpstreamRefused | None = None
        self.subscriptions: list[Subscription] = []
        self.asked, self.is_answering = asyncio.Event(), asyncio.Event()
        """An answer says what was stored when it was asked for; it comes while `is_answering`."""
        self.is_answering.set()

    async def ask(self, document: Document, _variables: object, _authorization: object) -> Any:
        if self.refusal is not None:
            raise self.refusal
        seq = len(self.messages)
        ts = self.messages[-1]["ts"] if self.messages else None
        head = {"seq": seq, "ts": ts, "rev": seq + self.epoch, "epoch": self.epoch}
        if document == documents.ROOM:
            return {"head": head}
        items = self.messages
        if not self.is_answering.is_set():
            self.asked.set()
            await self.is_answering.wait()
        return {"items": items, "head": head, "nextToken": None, "reset": False}

    async def subscribe(self, subscription: Subscription, _document: Document, _variables: object) -> None:
        self.subscriptions.append(subscription)

    def deliver(self, message: Mapping[str, Any]) -> None:
        self.subscriptions[-1].on_event(message)


class Subscriber:
    """What was written to it, and the types of that."""

    def __init__(self) -> None:
        self.frames: list[dict[str, Any]] = []
        self.written = asyncio.Event()

    @property
    def types(self) -> list[str]:
        return [frame["type"] for frame in self.frames]

    def write(self, frame: bytes) -> None:
        self.frames.append(json.loads(server_frames.payload(frame)))
        self.written.set()


class Owner:
    """Whoever runs the feed: keeps what it is answered, and acts on ended epochs when the test says so."""

    def __init__(self, feed: Feed) -> None:
        self.feed = feed
        self.revoked: list[Revoked] = []
        self.ended: asyncio.Queue[EpochEnded] = asyncio.Queue()
        self.has_acted = asyncio.Event()

    def receive(self, message: Message) -> None:
        self.revoked += self.feed.receive(message)

    async def run(self) -> None:
        async for ended in self.feed.run(self.receive):
            self.ended.put_nowait(ended)
            await self.has_acted.wait()


@pytest.fixture
def upstream() -> Upstream:
    return Upstream()


@pytest.fixture
async def service(upstream: Upstream) -> Service:
    appsync: Any = upstream
    return Service(ServiceToken(lambda: "service"), appsync)


@pytest.fixture
async def feed(upstream: Upstream, service: Service) -> Feed:
    both: Any = upstream
    return Feed(LOBBY, service, both, SETTINGS, Metrics(), MemoryBudget(10**6))


@asynccontextmanager
async def running(feed: Feed) -> AsyncIterator[tuple[Owner, Subscriber]]:
    """A feed that is ready, with one subscriber."""
    owner, subscriber = Owner(feed), Subscriber()
    task = asyncio.create_task(owner.run())
    transport: Any = subscriber
    await feed.ready()
    feed.add(transport, [])
    try:
        yield owner, subscriber
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        feed.close()


async def test_nothing_of_a_new_epoch_is_delivered_before_the_owner_has_acted_on_the_end_of_the_old_one(
    feed: Feed, upstream: Upstream
) -> None:
    async with running(feed) as (owner, subscriber), asyncio.timeout(10):
        upstream.epoch, upstream.messages = 2, [message(1, epoch=2)]
        upstream.deliver(message(1, epoch=2))
        assert await owner.ended.get() == EpochEnded(2)
        upstream.deliver(message(1, epoch=2))
        assert (subscriber.types, feed.epoch) == ([], 2)
        owner.has_acted.set()
        await subscriber.written.wait()
        assert subscriber.types == ["message"]


async def test_a_notice_says_who_lost_access_and_since_which_epoch(feed: Feed, upstream: Upstream) -> None:
    async with running(feed) as (owner, subscriber):
        upstream.deliver(message(1, epoch=1))
        assert owner.revoked == []
        upstream.deliver(revocation(2))
        upstream.deliver(revocation(2))
        assert owner.revoked == [Revoked("bob", 2)]
        upstream.deliver(message(2, epoch=2))
        assert subscriber.types == ["message", "notice", "message"], "nobody has to be looked up"
        assert owner.ended.empty()


async def test_what_was_removed_in_an_epoch_that_is_not_cleared_yet_is_forgotten_at_once(
    feed: Feed, upstream: Upstream
) -> None:
    async with running(feed) as (owner, subscriber):
        said = message(1, epoch=1) | {"text": "the secret"}
        upstream.messages = [said]
        upstream.deliver(said)
        upstream.epoch = 2
        upstream.messages = [said | {"text": None, "rev": 5, "epoch": 2}]
        upstream.deliver(upstream.messages[0])
        assert not any(b"secret" in each.frame for each in feed.timeline.buffer.appended_since(1) or [])
        assert feed.epoch == 2, "whoever joins is judged in it"
        assert subscriber.types == ["message"], "those who are there are told when they have been looked up"
        async with asyncio.timeout(10):
            await owner.ended.get()


@pytest.mark.parametrize("says_text", [True, False], ids=["whole", "reduced"])
async def test_a_page_that_was_read_before_a_change_is_read_anew(
    feed: Feed, upstream: Upstream, says_text: bool
) -> None:
    async with running(feed) as (owner, subscriber), asyncio.timeout(10):
        said = message(1, epoch=2) | {"text": "the secret", "version": 0, "clientMessageId": "c1"}
        upstream.epoch, upstream.messages = 2, [said]
        upstream.deliver(message(2, epoch=2))
        assert await owner.ended.get() == EpochEnded(2)  # history was read, and people are looked up
        edited = said | {"text": "the other", "version": 1, "rev": 5}
        upstream.messages = [edited]
        upstream.deliver(
            edited if says_text else dict.fromkeys(said) | {"id": "m1", "seq": 1, "rev": 5, "epoch": 2}
        )
        owner.has_acted.set()
        await subscriber.written.wait()
        (frame,) = subscriber.frames
        assert frame["message"]["text"] == "the other"
        assert not any(b"secret" in each.frame for each in feed.timeline.buffer.appended_since(1) or [])


async def test_what_asks_for_history_while_it_is_read_has_it_read_again(
    feed: Feed, upstream: Upstream
) -> None:
    said = message(1, epoch=1) | {"text": "first", "version": 0, "clientMessageId": "c1"}
    async with running(feed) as (_, subscriber), asyncio.timeout(10):
        upstream.messages = [said]
        upstream.deliver(said)
        assert subscriber.types == ["message"]
        upstream.is_answering.clear()
        upstream.deliver(message(3, epoch=1))  # a gap: history is read once it has been open for long enough
        await upstream.asked.wait()
        upstream.messages = [said | {"text": "second", "version": 1, "rev": 5}]
        upstream.deliver(dict.fromkeys(said) | {"id": "m1", "seq": 1, "rev": 5, "epoch": 1})
        subscriber.written.clear()
        upstream.is_answering.set()
        await subscriber.written.wait()
        assert [frame["message"]["text"] for frame in subscriber.frames] == ["first", "second"]


async def test_a_feed_that_is_ended_while_there_is_work_ends(feed: Feed, upstream: Upstream) -> None:
    async with asyncio.timeout(10), running(feed):
        upstream.deliver(message(3, epoch=1))


async def test_a_service_that_loses_a_room_of_members_lacks_its_role(
    feed: Feed, upstream: Upstream, service: Service
) -> None:
    async with asyncio.timeout(10), running(feed) as (owner, _):
        upstream.refusal = NOT_MEMBER
        upstream.deliver(message(3, epoch=1))  # there is a gap, so history is read
        assert await owner.ended.get() == EpochEnded(1)
        faults = [service.fault]  # the room may have ended, and they are told in a moment
        owner.has_acted.set()  # and they stay
        while service.fault == faults[-1]:  # noqa: ASYNC110  nothing else says so
            await asyncio.sleep(0.01)
        assert [*faults, service.fault] == [None, "role"]


async def test_a_room_that_the_service_may_not_receive_has_no_feed(feed: Feed, upstream: Upstream) -> None:
    upstream.refusal = NOT_MEMBER
    await Owner(feed).run()
    with pytest.raises(UpstreamRefused):
        await feed.ready()
    feed.close()
