"""A room whose rule about its history changes, and what each of its people may see of it: the chat behind its API beside an
oracle that knows nothing but the numbers at which people joined."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from simulator.authorizer import Grant
from simulator.context import Call
from simulator.execution import GraphqlRequest
from simulator.refusals import SubscriptionRefused
from tests.guarantees.support.backend import Backend, Denied
from tests.guarantees.support.fixtures import FAST, new_room

MESSAGE = "id roomId senderId text ts seq epoch clientMessageId rev version editedAt removedAt attachments { id name }"
NOTICE = "id roomId senderId ts epoch notice { kind userId nextEpoch rev room { roomId historyFrom } }"
HEAD = "head { seq ts epoch rev }"
MESSAGES = (
    "query ($roomId: ID!, $order: MessageOrder, $limit: Int, $after: AWSDateTime, $before: AWSDateTime, $nextToken: String) {"
    " messages(roomId: $roomId, order: $order, limit: $limit, after: $after, before: $before, nextToken: $nextToken)"
    f" {{ items {{ {MESSAGE} }} nextToken {HEAD} }} }}"
)
CHANGES = (
    "query ($roomId: ID!, $since: Int!, $after: AWSDateTime, $limit: Int, $nextToken: String) {"
    " changes(roomId: $roomId, since: $since, after: $after, limit: $limit, nextToken: $nextToken)"
    f" {{ items {{ {MESSAGE} }} nextToken reset {HEAD} }} }}"
)
SYNC = (
    "query ($since: String, $limit: Int) { sync(since: $since, limit: $limit) {"
    f" rooms {{ roomId {HEAD} room {{ roomId historyFrom me {{ userId joinedSeq }} }} messages {{ {MESSAGE} }}"
    " unread reset left more } token more reset } }"
)
MY_ROOMS = (
    "query ($nextToken: String) { myRooms(nextToken: $nextToken)"
    f" {{ items {{ room {{ roomId historyFrom }} unread lastReadSeq lastMessage {{ {MESSAGE} }} }} nextToken }} }}"
)
WATCH = (
    "subscription ($room: ID!, $epoch: Int) { onMessage(roomId: $room, epoch: $epoch)"
    f" {{ {MESSAGE} notice {{ kind userId nextEpoch rev }} }} }}"
)
Wire = dict[str, Any]


@dataclass
class Expected:
    """A message as the oracle has it."""

    id: str
    seq: int
    sender: str
    ts: str
    text: str | None
    first_text: str
    name: str | None


@dataclass
class VisibleRoom:
    """The room behind `backend`. `joined`: by person, the number of the newest message when they joined last; who is not
    there is not in it. Platform administrators are in `admins`."""

    backend: Backend
    id: str
    joined: dict[str, int]
    admins: frozenset[str] = frozenset()
    hides: bool = False
    messages: list[Expected] = field(default_factory=list)

    @classmethod
    def made(
        cls, client: Any, backend: Backend, owner: str, *, hides: bool = False, **more: Any
    ) -> "VisibleRoom":
        """A public room, with its owner in it."""
        settings: dict[str, Any] = {**FAST, "visibility": "public"} | (
            {"historyFrom": "joining"} if hides else {}
        )
        room_id = new_room(client, members={owner: "owner"}, settings=settings)
        return cls(backend, room_id, {owner: 0}, hides=hides, **more)

    # the oracle

    def first(self, person: str) -> int:
        """The least number that somebody in the room may see."""
        if not self.hides or person in self.admins:
            return 1
        return self.joined[person] + 1

    def visible(self, person: str) -> dict[str, tuple[int, str | None]]:
        """What somebody who may read the room sees of it: number and text by id."""
        first = self.first(person)
        return {each.id: (each.seq, each.text) for each in self.messages if each.seq >= first}

    def unread_after(self, marker: int) -> int:
        """How many messages somebody has not read whose reading is at `marker`: those that were removed do not count."""
        return sum(each.text is not None for each in self.messages if each.seq > marker)

    # what people do

    async def ask(self, person: str, document: str, **variables: Any) -> Any:
        """The answer's one field. Raises `Denied`."""
        given = {name: value for name, value in variables.items() if value is not None}
        call = Call({}, self._grant(person), given)
        answer = await self.backend.api.execute(GraphqlRequest(document, given), call)
        if errors := answer.get("errors"):
            raise Denied.of(errors[0])
        (value,) = answer["data"].values()
        return value

    async def mutate(self, person: str, field_name: str, selection: str, **arguments: Any) -> Any:
        """One mutation, and what is published of it."""
        declared = ", ".join(f"${name}: {_TYPES.get(name, 'ID!')}" for name in arguments)
        passed = ", ".join(f"{name}: ${name}" for name in arguments)
        document = f"mutation ({declared}) {{ {field_name}({passed}) {{ {selection} }} }}"
        answer = await self.ask(person, document, **arguments)
        if self.backend.reader:
            await self.backend.reader.publish(self.id)
        return answer

    async def send(self, person: str, text: str, name: str | None = None, **more: Any) -> Expected:
        more |= {} if name is None else {"clientMessageId": name}
        answer = await self.mutate(person, "sendMessage", MESSAGE, roomId=self.id, text=text, **more)
        sent = Expected(answer["id"], answer["seq"], person, answer["ts"], text, text, name)
        self.messages.append(sent)
        return sent

    async def send_again(self, message: Expected) -> Wire:
        """The same send under the same name."""
        arguments = {"roomId": self.id, "text": message.first_text, "clientMessageId": message.name}
        answer: Wire = await self.mutate(message.sender, "sendMessage", MESSAGE, **arguments)
        return answer

    async def edit(self, message: Expected, text: str) -> Wire:
        arguments = {"roomId": self.id, "id": message.id, "text": text}
        answer: Wire = await self.mutate(message.sender, "editMessage", MESSAGE, **arguments)
        message.text = text
        return answer

    async def remove(self, message: Expected, person: str) -> Wire:
        answer: Wire = await self.mutate(person, "removeMessage", MESSAGE, roomId=self.id, id=message.id)
        message.text = None
        return answer

    async def join(self, person: str) -> Wire:
        answer: Wire = await self.mutate(person, "joinRoom", NOTICE, roomId=self.id)
        self.joined.setdefault(person, len(self.messages))
        return answer

    async def add(self, owner: str, person: str) -> Wire:
        answer: Wire = await self.mutate(owner, "addMember", NOTICE, roomId=self.id, userId=person)
        self.joined.setdefault(person, len(self.messages))
        return answer

    async def take_out(self, owner: str, person: str) -> Wire:
        answer: Wire = await self.mutate(owner, "removeMember", NOTICE, roomId=self.id, userId=person)
        del self.joined[person]
        return answer

    async def leave(self, person: str) -> Wire:
        answer: Wire = await self.mutate(person, "leaveRoom", NOTICE, roomId=self.id)
        del self.joined[person]
        return answer

    async def switch(self, owner: str, *, hides: bool) -> Wire:
        arguments = {"roomId": self.id, "historyFrom": "JOINING" if hides else "BEGINNING"}
        answer: Wire = await self.mutate(owner, "updateRoom", NOTICE, **arguments)
        self.hides = hides
        return answer

    # what people see

    async def read(self, person: str, limit: int = 50, **arguments: Any) -> list[Wire]:
        """Every message that somebody gets who follows the pages to their end."""
        items: list[Wire] = []
        token = None
        while True:
            page = await self.ask(person, MESSAGES, roomId=self.id, limit=limit, nextToken=token, **arguments)
            items += page["items"]
            token = page["nextToken"]
            if token is None:
                return items

    async def head(self, person: str) -> Wire:
        page = await self.ask(person, MESSAGES, roomId=self.id, limit=1)
        head: Wire = page["head"]
        return head

    async def my_room(self, person: str) -> Wire | None:
        """The room among somebody's."""
        token = None
        while True:
            page = await self.ask(person, MY_ROOMS, nextToken=token)
            found = [each for each in page["items"] if each["room"]["roomId"] == self.id]
            token = page["nextToken"]
            if found or token is None:
                return found[0] if found else None

    async def listen(self, person: str, hear: Callable[[Wire], None]) -> Callable[[], None]:
        """Subscribe in the room's epoch. The answer ends it. Raises `Denied`."""
        room = await self.ask(
            person, "query ($roomId: ID!) { room(roomId: $roomId) { head { epoch } } }", roomId=self.id
        )
        return await self.listen_in(person, room["head"]["epoch"], hear)

    async def listen_in(
        self, person: str, epoch: int, hear: Callable[[Wire], None], document: str | None = None
    ) -> Callable[[], None]:
        """The same in this epoch; `document` has the variables `room` and `epoch`."""
        variables = {"room": self.id, "epoch": epoch}
        call = Call({}, self._grant(person), variables)
        try:
            selection = await self.backend.api.subscribe(GraphqlRequest(document or WATCH, variables), call)
        except SubscriptionRefused as refused:
            raise Denied.of(refused.errors[0]) from None
        handle = self.backend.api.subscriptions.add(
            selection, lambda payload: hear(json.loads(payload)["data"]["onMessage"])
        )
        return lambda: self.backend.api.subscriptions.remove(handle)

    def _grant(self, person: str) -> Grant:
        roles = "admin" if person in self.admins else "gateway" if person == "gateway" else ""
        return Grant.by_authorizer({"userId": person, "roles": roles})


def shown(items: Sequence[Mapping[str, Any]]) -> dict[str, tuple[int, str | None]]:
    """Messages of the wire as the oracle has them."""
    return {each["id"]: (each["seq"], each["text"]) for each in items}


_TYPES = {
    "text": "String!",
    "emoji": "String!",
    "mentionsAll": "Boolean",
    "historyFrom": "HistoryFrom",
    "clientMessageId": "ID",
    "seq": "Int!",
    "role": "Role!",
}
