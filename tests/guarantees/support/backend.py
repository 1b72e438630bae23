"""The whole API in this process: AppSync's execution and fan-out over the real functions, without a wire."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from simulator.authorizer import Grant
from simulator.context import Call, Headers
from simulator.execution import Api, GraphqlRequest
from simulator.functions import functions_from_wiring
from simulator.readings import Readings
from simulator.refusals import SubscriptionRefused
from simulator.settings import WIRING
from simulator.subscriptions import Selection
from tests.guarantees.catch_up.faulty_client import Request
from tests.guarantees.catch_up.follower_events import (
    Compare,
    Event,
    Failed,
    Head,
    HeadAnswer,
    Message,
    Page,
    ReadChanges,
    ReadMessages,
    Refused,
    Stale,
    Subscribe,
)
from tests.guarantees.support.publishing import HEARD, Reader, api_of

MESSAGE = "id roomId senderId text ts seq epoch clientMessageId rev version editedAt removedAt"
NOTICE = "id roomId senderId ts epoch notice { kind userId nextEpoch rev }"
HEAD = "head { seq ts epoch rev }"
ON_MESSAGE = (
    f"subscription On($roomId: ID!, $epoch: Int) {{ onMessage(roomId: $roomId, epoch: $epoch)"
    f" {{ {MESSAGE} notice {{ kind userId nextEpoch rev }} }} }}"
)
MESSAGES = (
    "query Messages($roomId: ID!, $limit: Int, $nextToken: String) {"
    " messages(roomId: $roomId, order: OLDEST_FIRST, limit: $limit, nextToken: $nextToken)"
    f" {{ items {{ {MESSAGE} }} nextToken {HEAD} }} }}"
)
CHANGES = (
    "query Changes($roomId: ID!, $since: Int!, $after: AWSDateTime, $limit: Int, $nextToken: String) {"
    " changes(roomId: $roomId, since: $since, after: $after, limit: $limit, nextToken: $nextToken)"
    f" {{ items {{ {MESSAGE} }} nextToken reset {HEAD} }} }}"
)
ROOM = f"query Room($roomId: ID!) {{ room(roomId: $roomId) {{ {HEAD} }} }}"


class Denied(Exception):
    """A refusal: its `errorType`, and its message with the machine values at the end."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(name, message)
        self.name = name
        self.message = message

    @classmethod
    def of(cls, error: Mapping[str, Any]) -> "Denied":
        """The refusal in an entry of `errors[]`."""
        return cls(str(error.get("errorType")), error["message"])

    @property
    def values(self) -> dict[str, str]:
        found = re.search(r"\[([^\[\]]+)\]$", self.message)
        return dict(part.split("=", 1) for part in found[1].split(" ")) if found else {}


@dataclass(frozen=True, slots=True)
class Backend:
    """One API, called as AppSync is by users whom its authorizer has let in. `reader`: who publishes, where AppSync does
    not by itself."""

    api: Api
    reader: Reader | None = None

    async def ask(
        self, user: str, document: str, variables: Mapping[str, Any], headers: Headers | None = None
    ) -> Any:
        """The answer's one field. Raises `Denied`."""
        given = {name: value for name, value in variables.items() if value is not None}
        call = Call(headers or {}, Grant.by_authorizer({"userId": user}), given)
        answer = await self.api.execute(GraphqlRequest(document, given), call)
        if errors := answer.get("errors"):
            raise Denied.of(errors[0])
        (value,) = answer["data"].values()
        return value

    async def change(
        self, user: str, field: str, selection: str, headers: Headers | None = None, **arguments: Any
    ) -> Any:
        """One mutation, by its field's name, and what is published of it."""
        answer = await self.mutate(user, field, selection, headers, **arguments)
        if self.reader and field in HEARD:
            await self.reader.publish(answer["roomId"])
        return answer

    async def mutate(
        self, user: str, field: str, selection: str, headers: Headers | None = None, **arguments: Any
    ) -> Any:
        """One mutation alone."""
        given = {name: value for name, value in arguments.items() if value is not None}
        written = ", ".join(f"{name}: ${name}" for name in given)
        declared = ", ".join(f"${name}: {TYPES.get(name, 'ID!')}" for name in given)
        document = f"mutation M({declared}) {{ {field}({written}) {{ {selection} }} }}"
        return await self.ask(user, document, given, headers)

    async def accept(self, user: str, room_id: str, epoch: int | None) -> Selection:
        """The subscription that was asked for, accepted by its resolver and not live yet. Raises `Denied`."""
        variables = {"roomId": room_id, "epoch": epoch}
        call = Call({}, Grant.by_authorizer({"userId": user}), variables)
        try:
            return await self.api.subscribe(GraphqlRequest(ON_MESSAGE, variables), call)
        except SubscriptionRefused as refused:
            raise Denied.of(refused.errors[0]) from None

    def listen(self, selection: Selection, receive: Callable[[Message], None]) -> Callable[[], None]:
        """Make it live. The answer ends it."""
        handle = self.api.subscriptions.add(selection, lambda payload: receive(_frame(payload)))
        return lambda: self.api.subscriptions.remove(handle)

    async def read(self, user: str, room_id: str, request: Request, limit: int) -> Event:
        """The outcome of any request of a client but its subscription."""
        number = request.number
        try:
            match request:
                case ReadMessages(_, token):
                    given = {"roomId": room_id, "limit": limit, "nextToken": token}
                    return _page(number, await self.ask(user, MESSAGES, given))
                case ReadChanges(_, since, after, token):
                    given = {
                        "roomId": room_id,
                        "since": since,
                        "after": after,
                        "limit": limit,
                        "nextToken": token,
                    }
                    return _page(number, await self.ask(user, CHANGES, given))
                case Compare():
                    given = {"roomId": room_id, "limit": 1} if number % 2 else {"roomId": room_id}
                    answer = await self.ask(user, MESSAGES if number % 2 else ROOM, given)
                    head = answer["head"]  # of a public room only members get it
                    return HeadAnswer(number, Head(**head)) if head else Refused(number)
                case Subscribe():
                    raise TypeError("a subscription is judged, and then listened to")
        except Denied as denied:
            return outcome(number, denied)


def outcome(number: int, denied: Denied) -> Event:
    """What a refusal is to a client."""
    if denied.name == "StaleEpoch":
        return Stale(number, int(denied.values["epoch"]))
    if denied.name == "NotRoomMember":
        return Refused(number)
    if denied.name == "ServiceUnavailable":
        return Failed(number)
    raise denied


def _frame(payload: bytes) -> Message:
    """The message, or the notice, in a data frame; of a message the null
    that stands for no notice is left out."""
    message: dict[str, Any] = json.loads(payload)["data"]["onMessage"]
    if message["notice"] is None:
        del message["notice"]
    return message


def _page(number: int, answer: Any) -> Page:
    head = Head(**answer["head"])
    return Page(number, answer["items"], answer["nextToken"], head, answer.get("reset", False))


TYPES = {"text": "String!", "role": "Role!", "until": "AWSDateTime", "name": "String", "seq": "Int!"}


@contextmanager
def backend(
    publish: str = "sender", client: Any = None, readings: Readings | None = None
) -> Iterator[Backend]:
    """An API over this process's environment, which must be the functions'. `client`: of DynamoDB, for the stream's reader."""
    functions = functions_from_wiring(json.loads(WIRING.read_text(encoding="utf-8")))
    try:
        api = api_of(publish, functions, readings)
        yield Backend(api, Reader(api, client) if publish == "stream" else None)
    finally:
        functions.close()
