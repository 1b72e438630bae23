"""How live events reach subscribers, in either way to publish.

Where AppSync publishes what senders select, a mutation's answer is published with it. Where the stream's reader publishes,
the answer goes to its sender alone, and what is stored goes through `publishMessage`. Where there is no store that a test
could read (`feeding`, `ReadFunctions`) the answer stands for the stored event.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from chat.rules.published import PUBLISH_DOCUMENT, PUBLISH_MESSAGE
from schema import generate
from schema.source import STREAMED, ours
from simulator.auth.access_keys import PUBLISHER, AccessKey, AccessKeys
from simulator.auth.identities import iam_identity
from simulator.auth.modes import Mode, Modes
from simulator.authorizer import Grant
from simulator.context import Call
from simulator.execution import Api, GraphqlRequest
from simulator.functions import Functions
from simulator.keys import SigningKey
from simulator.limits import Limits
from simulator.readings import Readings
from simulator.server import Address, ServerConfig, running
from simulator.settings import REGION
from tests.guarantees.support.local_publisher import Publisher
from tests.guarantees.support.revisions import stored_events

HEARD = frozenset(ours().links[STREAMED])
"""The mutations whose answers `onMessage` hears, one way or the other."""

READER = Grant(iam_identity(AccessKey(PUBLISHER, "", "", "AROAREADER"), ["127.0.0.1"]), Mode.IAM)


def api_of(publish: str, functions: Functions, readings: Readings | None = None) -> Api:
    """The API of a deployment that publishes like this."""
    modes: Modes = (Mode.LAMBDA, Mode.IAM) if publish == "stream" else (Mode.LAMBDA,)
    return Api(generate(publish=publish), functions, Limits(), readings, modes)


def feeding(publish: str, mutation: str) -> str:
    """The mutation that AppSync publishes for a change that `mutation` made."""
    return PUBLISH_MESSAGE if publish == "stream" and mutation in HEARD else mutation


async def publish_event(api: Api, message: Mapping[str, Any]) -> None:
    """What the reader does with an event's message. Raises `AssertionError` where it is refused."""
    variables = {"message": json.dumps(dict(message))}
    answer = await api.execute(GraphqlRequest(PUBLISH_DOCUMENT, variables), Call({}, READER, variables))
    assert "errors" not in answer, answer


class Reader:
    """Publishes to `api` what a room's stored events tell, each once, in the order of `rev`. `client`: of DynamoDB."""

    def __init__(self, api: Api, client: Any) -> None:
        self._api, self._client = api, client
        self._published: set[str] = set()

    async def publish(
        self, room_id: str, before: Callable[[Mapping[str, Any]], None] = lambda _: None
    ) -> None:
        """`before` gets each message just before it is published."""
        for event in stored_events(self._client, room_id):
            if event.id not in self._published:
                self._published.add(event.id)
                for message in event.messages():
                    before(message)
                    await publish_event(self._api, message)


class ReadFunctions(Functions):
    """Functions whose changes a reader publishes, one after the other, to the API that `publisher` knows."""

    def __init__(self, functions: Functions) -> None:
        super().__init__({}, workers=1)
        self._inner = functions
        self._last: asyncio.Task[None] | None = None
        self.publisher: Publisher | None = None

    def __contains__(self, name: str) -> bool:
        return name in self._inner

    async def invoke(self, name: str, event: Mapping[str, Any]) -> Any:
        answer = await self._inner.invoke(name, event)
        if name.partition(".")[2] in HEARD and answer is not None:
            self._last = asyncio.create_task(self._publish(answer, self._last))
        return answer

    async def _publish(self, message: Mapping[str, Any], before: "asyncio.Task[None] | None") -> None:
        if before:
            await asyncio.wait([before])
        assert self.publisher
        await asyncio.to_thread(self.publisher.publish, message)

    async def finish(self) -> None:
        """What is on its way is published."""
        if self._last:
            await asyncio.wait([self._last])


@asynccontextmanager
async def running_as(
    publish: str, config: ServerConfig, folder: Path, key: SigningKey
) -> AsyncIterator[Address]:
    """The server of `config`, whose people come by our own authorizer, in a deployment that publishes like this. `folder`: for
    access keys."""
    if publish == "sender":
        async with running(replace(config, schema=generate())) as address:
            yield address
        return
    keys, functions = AccessKeys(folder, key), ReadFunctions(config.functions)
    access = replace(config.access, modes=(Mode.LAMBDA, Mode.IAM), access_keys=keys, region=REGION)
    own = replace(config, schema=generate(publish=publish), functions=functions, access=access)
    async with running(own) as address:
        functions.publisher = Publisher(f"{address.host}:{address.port}", keys)
        yield address
        await functions.finish()
