"""AppSync before the joint history, in either way to publish: what people do goes through its execution, and what is published of
it through its fan-out, to subscriptions that were judged when they began. The operations are the real ones, in the history's time;
each is called just before AppSync executes the request, so that no function is waited for.
"""

import asyncio
import json
import threading
import time
from collections.abc import Callable, Mapping
from random import Random
from typing import Any

from chat.deployment import Deployment
from chat.operations.on_message import on_message
from chat.operations.on_mine import Telling, on_mine
from chat.operations.publish_mine import publish_mine
from chat.rules.models import Caller, Message
from chat.rules.published import PUBLISH_DOCUMENT, publish_mine_document
from chat.rules.tally import Tally
from chat.rules.visibility import published
from chat.steps.emission import Emitter
from chat.storage.event_publisher import EventPublisher, InternalMutation
from resolvers.publish_message import handler as publisher
from services.read_stream import reading
from simulator.authorizer import Grant
from simulator.context import Call
from simulator.execution import GraphqlRequest
from simulator.functions import Functions, Handler
from simulator.stream_mapping import tells_event
from tests.guarantees.support.projected import Letters, Stream
from tests.guarantees.support.publishing import HEARD, READER, api_of

COUNTS = "reactions { emoji count userIds }"
FIELDS = (
    f"id roomId roomType guildId senderId text ts seq epoch clientMessageId rev version editedAt removedAt replyTo mentions"
    f" mentionsAll {COUNTS} notice {{ kind userId role nextEpoch rev messageId seq reactions {{ id seq rev {COUNTS} }} }}"
)
ON_MESSAGE = (
    f"subscription ($roomId: ID!, $epoch: Int) {{ onMessage(roomId: $roomId, epoch: $epoch) {{ {FIELDS} }} }}"
)
ON_MINE = (
    "subscription ($userId: ID!, $epoch: Int) { onMine(userId: $userId, epoch: $epoch)"
    " { userId epoch id kind roomId messageId seq rev actorId role ts quietUntil } }"
)
TYPES = {
    "text": "String!",
    "mentions": "[ID!]",
    "mentionsAll": "Boolean",
    "replyTo": "ID",
    "retentionDays": "Int",
}
Wire = dict[str, Any]
Hear = Callable[[Wire], None]


class JointApi:
    """`publish`: what subscribers are given, `sender` or `stream`. `stream`: what the tables tell. `deployment` judges
    subscriptions."""

    def __init__(self, publish: str, stream: Stream, deployment: Deployment, random: Random) -> None:
        self.publish, self._stream, self._deployment, self._random = publish, stream, deployment, random
        self._runner, self._lock, self._read = asyncio.Runner(), threading.Lock(), 0
        self._answer: Message | None = None
        handlers: dict[str, Handler] = {f"Mutation.{name}": self._change for name in HEARD}
        self._functions = Functions(
            {
                **handlers,
                "Mutation.publishMessage": publisher,
                "Mutation.publishMine": lambda event, _: publish_mine(event["arguments"]),
                "Subscription.onMessage": lambda *_: None,  # judged before
                "Subscription.onMine": lambda *_: None,
                "read_stream": reading(self._emitter, Letters),
            },
            workers=2,
        )
        self._api = api_of(publish, self._functions)
        self._mine = InternalMutation(self._post, publish_mine_document(), "event")

    def close(self) -> None:
        self._functions.close()
        self._runner.close()

    @staticmethod
    def hears(operation: Callable[..., Any]) -> bool:
        """Whether subscribers of rooms hear of it."""
        return _field(operation) in HEARD

    def change(
        self, operation: Callable[..., Any], deployment: Deployment, user: str, arguments: Mapping[str, Any]
    ) -> Any:
        """A mutation that `onMessage` hears, which is published with it where senders publish. Raises the refusal."""
        field = _field(operation)
        declared = ", ".join(f"${name}: {TYPES.get(name, 'ID!')}" for name in arguments)
        passed = ", ".join(f"{name}: ${name}" for name in arguments)
        document = f"mutation ({declared}) {{ {field}({passed}) {{ {FIELDS} }} }}"
        self._answer = done = operation(deployment, Caller(user), arguments, Tally())
        answer = self._execute(document, arguments, Grant.by_authorizer({"userId": user}))
        assert "errors" not in answer, answer
        return done

    def listen(self, user: str, room_id: str, epoch: int, hear: Hear) -> Callable[[], None]:
        """Subscribe to a room in this epoch. The answer ends it. Raises the refusal."""
        given = {"roomId": room_id, "epoch": epoch}
        on_message(self._deployment, Caller(user), given)
        return self._subscribe(ON_MESSAGE, "onMessage", user, given, hear)

    def listen_to_mine(self, user: str, whose: str, hear: Hear) -> Callable[[], None]:
        """The same to what happens to a person, in their first epoch."""
        telling = Telling(live=self.publish == "stream", projections=True)
        given = {"userId": whose, "epoch": 1}
        on_mine(self._deployment, Caller(user), given, telling)
        return self._subscribe(ON_MINE, "onMine", user, given, hear)

    def tell(self, text: str) -> None:
        """Publish a `PersonEvent`, as `PeopleTold` does, in any thread."""
        self._mine.publish(text)

    def read_stream(self) -> None:
        """Publish all that the streams tell and was not read yet, in batches of any size; some of it again. Nothing, where
        senders publish."""
        records = [each for each in self._stream.records if tells_event(each)]
        while self.publish == "stream" and self._read < len(records):
            start, size = self._read, self._random.randint(1, 10)
            if start and self._random.random() < 0.1:
                start = self._random.randint(max(0, start - size), start)
            answer = self._functions.call("read_stream", {"Records": records[start : start + size]})
            assert answer["batchItemFailures"] == []
            self._read = min(max(self._read, start + size), len(records))

    def _emitter(self) -> Emitter:
        target = EventPublisher(self._post, PUBLISH_DOCUMENT)
        return Emitter([target], with_text=True, publishes=True, monotonic=time.monotonic)

    def _change(self, event: Any, _: Any) -> Any:
        """What was done, as its function answers it."""
        message, caller = self._answer, event["identity"]["resolverContext"]["userId"]
        assert message
        is_change = event["info"]["fieldName"] in ("editMessage", "removeMessage")
        return (published(message, caller) if is_change and self.publish == "sender" else message).to_wire()

    def _subscribe(
        self, document: str, field: str, user: str, variables: Wire, hear: Hear
    ) -> Callable[[], None]:
        call = Call({}, Grant.by_authorizer({"userId": user}), variables)
        with self._lock:
            selection = self._runner.run(self._api.subscribe(GraphqlRequest(document, variables), call))
        registry = self._api.subscriptions
        handle = registry.add(selection, lambda payload: hear(json.loads(payload)["data"][field]))
        return lambda: registry.remove(handle)

    def _post(self, body: bytes, _traceparent: str | None = None, /) -> tuple[int, bytes]:
        """What the API answers to the deployment's own functions."""
        request = json.loads(body)
        answer = self._execute(request["query"], request["variables"], READER)
        return 200, json.dumps(answer).encode()

    def _execute(self, document: str, variables: Mapping[str, Any], grant: Grant) -> Mapping[str, Any]:
        given = dict(variables)
        with self._lock:
            return self._runner.run(
                self._api.execute(GraphqlRequest(document, given), Call({}, grant, given))
            )


def _field(operation: Callable[..., Any]) -> str:
    """`sendMessage` of `send_message`."""
    first, *others = operation.__name__.split("_")
    return first + "".join(map(str.title, others))
