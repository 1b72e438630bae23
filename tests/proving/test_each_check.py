"""Each check is red where its promise is broken: the sound sample with one fault on its wire, or in its mapping.

What the eight wrong designs break is in test_known_bad.py.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import aiohttp
import pytest

from proving.checks import CHECKS
from proving.client import Client
from proving.conformance import MAPPINGS
from proving.endpoint import endpoint
from proving.mapping import Mapping, Operation, load
from proving.run import ask
from proving.servers.designs import NoFence
from proving.servers.serve import people
from proving.servers.store import Store
from proving.servers.wire import serving
from proving.world import Run

from .altered import AlterAnswer, AlteredServer, AlterFrame, answered, field, instead, taken, twice

NOTHING = Operation("{ __typename }", frozenset(), {"message": "none", "items": "none", "next": "none"})
EMPTY: dict[str, Any] = {"messages": [], "nextToken": None}


class Anybody(NoFence):
    """Whoever asks is let in, and hears."""

    def enter(self, user: str, conversation_id: str) -> Any:
        if found := self.conversations.get(conversation_id):
            found.members.add(user)
        return super().enter(user, conversation_id)


class Everywhere(Store):
    """Each conversation's messages are published as those of the first."""

    async def send(self, user: str, conversation_id: str, id_: str, content: str, created_at: str) -> Any:
        sent = await super().send(user, conversation_id, id_, content, created_at)
        return replace(sent, conversation_id=next(iter(self.conversations)))


@dataclass(frozen=True)
class Fault:
    """`reason`: what the failure says of it."""

    reason: str
    answers: AlterAnswer = lambda _, told: told
    frames: AlterFrame = lambda frame: [frame]
    store: type[Store] = Store
    mapped: Callable[[Mapping], Mapping] = lambda mapping: mapping


def mapped(**operations: Operation) -> Callable[[Mapping], Mapping]:
    return lambda mapping: replace(mapping, operations={**mapping.operations, **operations})


def without_error_type(_: Any, told: Any) -> Any:
    return told[0], {**told[1], "errors": [{**each, "errorType": None} for each in told[1].get("errors", [])]}


def names_the_room(asked: Any, told: Any) -> Any:
    for each in told[1].get("errors") or []:
        each["message"] += str(asked.get("variables"))
    return told


def forgets_meanwhile(_: Any, told: Any) -> Any:
    page = (told[1].get("data") or {}).get("allMessageConnection")
    if page:
        page["messages"] = [each for each in page["messages"] if "meanwhile" not in each["content"]]
    return told


def drops_meanwhile(frame: Any) -> Any:
    return [] if frame["type"] == "data" and "meanwhile" in str(frame["payload"]) else [frame]


def first_start_alone() -> AlterFrame:
    seen: list[str] = []

    def alter(frame: Any) -> Any:
        if frame["type"] != "start_ack":
            return [frame]
        seen.append(frame["id"])
        return [frame] if seen.count(frame["id"]) == 1 else []

    return alter


ACCEPTED = {"createMessage": {"id": "1", "content": "x"}}
STALE = Operation(
    "subscription ($room: ID!) { subscribeToNewMessage(conversationId: $room) { id } }",
    frozenset({"room", "epoch"}),
    {"message": "subscribeToNewMessage"},
)
FAULTS: dict[str, Fault] = {
    "appsync.http.no-token": Fault(
        "expected HTTP 401", lambda asked, told: told if asked["token"] else (200, {"data": {}})
    ),
    "appsync.http.bad-token": Fault(
        "expected HTTP 401", lambda _, told: (403, told[1]) if told[0] == 401 else told
    ),
    "appsync.http.body": Fault("was answered HTTP 200", lambda _, told: (200, told[1])),
    "appsync.http.operation-name": Fault("got HTTP 200", lambda _, told: (200, told[1])),
    "appsync.http.unknown-field": Fault(
        "without data", answered("thereIsNoSuchField", {"thereIsNoSuchField": None})
    ),
    "appsync.http.variables": Fault("without data", answered("createMessage(", ACCEPTED)),
    "appsync.http.documents": Fault("got HTTP 200", answered("Named", {"a": "Query"})),
    "appsync.http.refusal": Fault("no errorType", without_error_type),
    "appsync.realtime.ack": Fault("no ka", frames=instead("ka", None)),
    "appsync.realtime.bad-token": Fault(
        "acknowledged", frames=instead("connection_error", "connection_ack", {"connectionTimeoutMs": 1})
    ),
    "appsync.realtime.start": Fault("heard [{", frames=twice),
    "appsync.realtime.filter": Fault("another room", store=Everywhere),
    "appsync.realtime.stop": Fault("no complete", frames=instead("complete", None)),
    "appsync.realtime.refused": Fault("no error frame", frames=instead("error", "start_ack")),
    "appsync.realtime.start-token": Fault("start_ack came", frames=instead("error", "start_ack")),
    "appsync.realtime.ids": Fault("no start_ack", frames=first_start_alone()),
    "chat.send.stored": Fault("the text became", field("createMessage", "content", str.upper)),
    "chat.send.sender": Fault("and it says", field("createMessage", "sender", "somebody")),
    "chat.send.mismatch": Fault("another text was taken", taken("Mismatch", ACCEPTED)),
    "chat.send.text": Fault("characters was taken", taken("BadInput", ACCEPTED)),
    "chat.read.cursor": Fault("was not refused", taken("BadInput", {"allMessageConnection": EMPTY})),
    "chat.read.limit": Fault("was not refused", taken("BadInput", {"allMessageConnection": EMPTY})),
    "chat.live.once": Fault("heard 12", frames=twice),
    "chat.live.catch-up": Fault("neither read nor heard", forgets_meanwhile, drops_meanwhile),
    "chat.live.reconnect": Fault("came back", answered("allMessageSince", {"allMessageSince": EMPTY})),
    "chat.live.stale-epoch": Fault(
        "subscribed under epoch", mapped=mapped(position=NOTHING, subscribe=STALE)
    ),
    "chat.access.read": Fault("was not refused", store=Anybody),
    "chat.access.send": Fault("stranger's message was taken", store=Anybody),
    "chat.access.subscribe": Fault("a stranger heard", store=Anybody),
    "chat.access.unknown": Fault("the other by", names_the_room),
    "chat.access.rank": Fault("was not refused", taken("Forbidden", {"createUserConversations": None})),
    "chat.removed.read": Fault("was not refused", store=Anybody),
    "chat.removed.ban": Fault("was not refused", mapped=mapped(ban=NOTHING)),
    "chat.removed.mute": Fault("muted was taken", mapped=mapped(mute=NOTHING)),
    "chat.room.end": Fault("was not refused", mapped=mapped(end_room=NOTHING)),
    "chat.change.edit": Fault("it reads 'tae'", mapped=mapped(edit=NOTHING)),
    "chat.change.others": Fault("was not refused", mapped=mapped(edit=NOTHING)),
    "chat.change.remove": Fault("still read", mapped=mapped(remove_message=NOTHING)),
    "chat.change.catch-up": Fault(
        "has no list", mapped=mapped(changes=NOTHING, position=NOTHING, edit=NOTHING, remove_message=NOTHING)
    ),
}
BY_DESIGN = {
    "chat.send.order", "chat.send.at-once", "chat.send.repeat", "chat.read.after", "chat.removed.live",
    "chat.live.selection", "chat.unread.mark", "chat.read.pages", "chat.unread.repeat",
}  # fmt: skip


def test_each_check_has_a_fault() -> None:
    assert FAULTS.keys() | BY_DESIGN == CHECKS.keys()


@pytest.mark.parametrize("name", FAULTS)
async def test_a_broken_promise_is_red(name: str) -> None:
    fault, present = FAULTS[name], people()
    tokens = {each.token: each.user_id for each in present}
    server = AlteredServer(fault.store(), tokens, answers=fault.answers, frames=fault.frames)
    mapping = fault.mapped(load(MAPPINGS / "sample.toml"))
    async with serving(server) as url, aiohttp.ClientSession() as http:
        run = Run(Client(endpoint(url, None, ()), mapping.header, http, patience_s=2), mapping, present)
        result = await ask(run, CHECKS[name], 0)
    assert result.status == "fail", result
    assert fault.reason in result.reason
