"""What happens to a person comes to all of their connections by one subscription upstream; where the API tells nobody, by none."""

import asyncio
import json
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from chat.rules.published import publish_mine_document
from gateway.appsync import UNAVAILABLE, UpstreamRefused
from gateway.client import Client
from gateway.metrics import Metrics
from gateway.personal_events import REFUSED_SECONDS, STARTS_AT_ONCE, PersonalEvents
from gateway.realtime import Subscription
from gateway.server_frames import Refusal
from simulator.auth.access_keys import PROJECTOR, AccessKeys
from simulator.functions import Functions
from simulator.keys import SigningKey
from simulator.server import ServerConfig
from tests.gateway.conftest import LocalChat, Person, new_gateway, served
from tests.gateway.fakes import Bob, FakeChat, FakeFeed
from tests.guarantees.support.local_publisher import Publisher
from tests.guarantees.support.publishing import running_as
from tests.resolvers.publishing_ways import deployed

LIVE, SILENT = {"type": "mine", "live": True}, {"type": "mine", "live": False}
BY_THE_SENDER = Refusal("NotAllowed", "No.", {"reason": "publishedBySender"})


class Upstream:
    """AppSync, as personal events see it. `answers` are refusals, or `None` for a subscription that is taken; in the end all
    are taken."""

    def __init__(self, *answers: Refusal | None, renew: float = 1.0) -> None:
        self.answers = list(answers)
        self.started: list[tuple[str, int]] = []
        self.live: list[Subscription] = []
        self.underway = self.most_underway = 0
        self.metrics = Metrics()
        self.mine = PersonalEvents(self._start, self.metrics, lambda _low, _high: renew)

    async def _start(self, subscription: Subscription, variables: Mapping[str, Any]) -> None:
        self.started.append((variables["userId"], variables["epoch"]))
        self.underway += 1
        self.most_underway = max(self.most_underway, self.underway)
        await asyncio.sleep(0)
        self.underway -= 1
        answer = self.answers.pop(0) if self.answers else None
        if answer is not None:
            raise UpstreamRefused(answer)
        subscription.close = lambda: self.live.remove(subscription)  # type: ignore[method-assign]
        self.live.append(subscription)

    def lose(self) -> None:
        """The newest subscription ends."""
        self.live.pop().on_end()

    def metric(self, name: str, /, **labels: str) -> float | None:
        return self.metrics.registry.get_sample_value(f"chat_gateway_personal_{name}", labels)


class Connected:
    """A connection of somebody."""

    def __init__(self, upstream: Upstream, user_id: str) -> None:
        self.bob = Bob(FakeChat(), FakeFeed())
        self.client: Client = self.bob.client
        self.client.user_id = user_id
        upstream.mine.enter(self.client)

    @property
    def told(self) -> list[dict[str, Any]]:
        return [frame for frame in self.bob.written if frame["type"] == "mine"]


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110  nothing else says so
            await asyncio.sleep(0.001)


async def test_a_persons_connections_share_one_subscription() -> None:
    upstream = Upstream()
    first = Connected(upstream, "ann")
    await until(lambda: upstream.mine.live == 1)
    second, other = Connected(upstream, "ann"), Connected(upstream, "eve")
    await until(lambda: upstream.mine.live == 2)
    assert upstream.started == [("ann", 1), ("eve", 1)]
    upstream.live[0].on_event({"id": "e1", "kind": "ADDED"})
    event = {"type": "mine", "event": {"id": "e1", "kind": "ADDED"}}
    assert (first.told, second.told, other.told) == ([LIVE, event], [LIVE, event], [LIVE])
    assert upstream.metric("events_total") == 2
    upstream.mine.leave(first.client)
    upstream.live[0].on_event({"id": "e2", "kind": "REMOVED"})
    assert (len(first.told), len(second.told)) == (2, 3)
    await upstream.mine.close()


async def test_the_epoch_that_a_refusal_names_is_taken_and_others_begin_with_it() -> None:
    upstream = Upstream(Refusal("StaleEpoch", "Old.", {"epoch": 3}))
    Connected(upstream, "ann")
    await until(lambda: upstream.mine.live == 1)
    Connected(upstream, "eve")
    await until(lambda: upstream.mine.live == 2)
    assert upstream.started == [("ann", 1), ("ann", 3), ("eve", 3)]
    await upstream.mine.close()


async def test_an_epoch_that_moves_on_is_found_when_the_subscription_is_renewed() -> None:
    upstream = Upstream(None, None, Refusal("StaleEpoch", "Old.", {"epoch": 2}), renew=0.000_01)
    ann = Connected(upstream, "ann")
    await until(lambda: len(upstream.started) > 5)
    assert upstream.started[:4] == [("ann", 1), ("ann", 1), ("ann", 1), ("ann", 2)]
    assert ann.told == [LIVE, LIVE]  # what came under the new epoch before that, sync says
    assert len(upstream.live) == 1
    await upstream.mine.close()


async def test_what_is_lost_is_told_and_made_again() -> None:
    upstream = Upstream(None, UNAVAILABLE, Refusal("InternalError", "Oh.", {}))
    ann = Connected(upstream, "ann")
    await until(lambda: upstream.mine.live == 1)
    upstream.lose()
    assert ann.told == [LIVE, SILENT]
    await until(lambda: upstream.mine.live == 1)
    assert (ann.told, len(upstream.started)) == ([LIVE, SILENT, LIVE], 4)
    await upstream.mine.close()


@pytest.mark.parametrize(
    "refusal",
    [
        BY_THE_SENDER,
        Refusal("NotAllowed", "No.", {"reason": "noProjections"}),
        Refusal("InternalError", "Validation error of type FieldUndefined: …", {}),
        Refusal("UnauthorizedException", "No.", {}),
    ],
)
async def test_an_api_that_tells_nobody_is_asked_once_quietly_and_later_again(refusal: Refusal) -> None:
    upstream = Upstream(*[refusal] * STARTS_AT_ONCE, renew=50 / REFUSED_SECONDS)
    people = [Connected(upstream, f"p{number}") for number in range(100)]
    await until(lambda: upstream.metric("refusals_total", name=refusal.name) is not None)
    for _ in range(100):  # more turns than it would take to ask again
        await asyncio.sleep(0)
    assert len(upstream.started) == 1
    assert not any(each.told for each in people)
    late = Connected(upstream, "late")
    await asyncio.sleep(0)
    assert len(upstream.started) == 1
    assert late.told == []
    await upstream.mine.close()


async def test_when_it_is_asked_again_everybody_is_listened_for() -> None:
    upstream = Upstream(BY_THE_SENDER, renew=0.000_1)
    ann = Connected(upstream, "ann")
    await until(lambda: bool(ann.told))
    assert ann.told[0] == LIVE
    assert upstream.metric("refusals_total", name="NotAllowed") == 1
    await upstream.mine.close()


async def test_thousands_who_come_at_once_do_not_all_subscribe_at_once() -> None:
    upstream = Upstream()
    for number in range(1_000):
        Connected(upstream, f"p{number}")
    await until(lambda: upstream.mine.live == 1_000)
    assert upstream.most_underway <= STARTS_AT_ONCE
    await upstream.mine.close()


async def test_what_the_chat_tells_a_person_comes_to_their_sockets(
    functions: Functions, key: SigningKey, service_token: Path, tmp_path: Path
) -> None:
    """With the real functions, which publish by the stream."""
    config = ServerConfig(schema="", functions=functions, jwks=key.jwks, port=0)
    ann = f"p-{uuid.uuid4()}"
    with deployed(PUBLISH="stream"):
        async with running_as("stream", config, tmp_path, key) as api, aiohttp.ClientSession() as http:
            gateway = new_gateway(api, service_token, {"personal_events": True})
            projector = Publisher(f"{api.host}:{api.port}", AccessKeys(tmp_path, key), PROJECTOR)
            async with served(gateway) as port:
                local = LocalChat(api, gateway, port, key, http)
                me = await local.ask(ann, "mutation { revokeSubscriptions { epoch } }")
                async with local.person(ann) as desk, local.person(ann, local.room_of(ann)) as phone:
                    for each in (desk, phone):
                        assert await each.next("mine") == LIVE
                    event = {
                        "userId": ann, "epoch": me["epoch"], "id": "e1", "kind": "ADDED", "roomId": "lobby",
                        "ts": "2026-01-01T00:00:00.000Z",
                    }  # fmt: skip
                    variables = {"event": json.dumps(event)}
                    answer = await asyncio.to_thread(projector.post, publish_mine_document(), variables)
                    assert "errors" not in answer
                    for each in (desk, phone):
                        frame = await each.next("mine")
                        assert (frame["event"]["kind"], frame["event"]["roomId"]) == ("ADDED", "lobby")
                assert await local.metric("chat_gateway_personal_events_total") == 2


async def test_nobody_is_listened_for_where_that_is_turned_off(
    functions: Functions, key: SigningKey, service_token: Path, tmp_path: Path, publishing: str
) -> None:
    config = ServerConfig(schema="", functions=functions, jwks=key.jwks, port=0)
    async with running_as(publishing, config, tmp_path, key) as api, aiohttp.ClientSession() as http:
        gateway = new_gateway(api, service_token, {"personal_events": False})
        async with served(gateway) as port:
            local = LocalChat(api, gateway, port, key, http)
            async with local.person("bob", local.room()) as bob:
                await bob.next("subscribed")
                await assert_nothing_more(bob)
            assert await local.metric("chat_gateway_personal_refusals_total") == 0


async def assert_nothing_more(person: Person) -> None:
    await person.sends(type="ping", ref="last")
    assert (await person.next())["type"] == "pong"
