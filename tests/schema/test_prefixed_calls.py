"""Under a prefix, inside another team's schema, the functions do the same, and logs speak of fields under
their own names."""

import importlib
import json
import logging
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import pytest

from chat.rules.errors import ChatError
from chat.rules.schema_names import prefixed_field
from schema.merge import Theirs, merge
from schema.request import Request
from schema.source import ours
from simulator.auth.modes import Mode
from simulator.authorizer import Grant
from simulator.context import Call
from simulator.execution import Api, GraphqlRequest
from simulator.functions import Functions, Handler, LambdaContext
from simulator.limits import Limits
from simulator.settings import WIRING
from tests.guarantees.support.fixtures import new_room

WIRED = json.loads(WIRING.read_text(encoding="utf-8"))["fields"]
BAD = {"roomId": "#", "watching": "#", "userId": "\n", "limit": "many", "since": True}
"""Arguments that every field with arguments refuses before it reads anything."""

THEIRS = """
schema { query: Query mutation: Mutation }
type Query { me: Message }
type Mutation { sendMessage(text: String): Message }
type Message { body: String }
"""
FIELDS = "id roomId senderId text ts seq epoch clientMessageId"
SEND = f"""
mutation Send($room: ID!, $text: String!) {{
  sent: chatSendMessage(roomId: $room, text: $text) {{ ... on ChatMessage {{ {FIELDS} }} roomType __typename }}
}}
"""


def handler(name: str) -> Handler:
    loaded: Handler = importlib.import_module(f"resolvers.{WIRED[name]['module']}").handler
    return loaded


@pytest.mark.parametrize("prefix", ["", "Chat"])
@pytest.mark.parametrize("name", WIRED)
def test_logs_and_audit_events_name_the_field_as_the_schema_does(
    functions_environ: None, caplog: pytest.LogCaptureFixture, name: str, prefix: str
) -> None:
    root, _, field = name.partition(".")
    event = {
        "arguments": BAD,
        "identity": {"resolverContext": {"userId": "alice"}},
        "info": {"parentTypeName": root, "fieldName": prefixed_field(field, prefix)},
    }
    caplog.clear()
    refused: AbstractContextManager[object] = (
        nullcontext() if name in ("Query.me", "Mutation.exportMyData") else pytest.raises(ChatError)
    )  # which have no arguments
    with caplog.at_level(logging.INFO), refused:
        handler(name)(event, LambdaContext("f", 512, "arn", "log", 0.0))
    records = [vars(record) for record in caplog.records]
    assert [each["field"] for each in records if each["msg"] == "Answered"] == [name]
    assert {each["action"] for each in records if each.get("kind") == "audit"} <= {name}


@pytest.fixture
def theirs(functions_environ: None) -> Iterator[Api]:
    """Their API with all fields of ours in it, under the prefix Chat."""
    sdl = merge(Theirs.of(THEIRS), Request.of(prefix="Chat", modes=["lambda", "iam"], default="cognito"))
    functions = Functions(
        {
            f"{root}.{prefixed_field(field, 'Chat')}": handler(f"{root}.{field}")
            for root, _, field in (name.partition(".") for name in ours().fields)
        }
    )
    yield Api(sdl, functions, Limits(), modes=(Mode.COGNITO, Mode.LAMBDA, Mode.IAM))
    functions.close()


def asked(user: str, query: str, **variables: Any) -> tuple[GraphqlRequest, Call]:
    return GraphqlRequest(query, variables), Call({}, Grant.by_authorizer({"userId": user}), variables)


async def test_a_message_is_sent_published_and_read(theirs: Api, client: Any) -> None:
    room = new_room(client, "ann", "bob")
    read = (
        "query Read($room: ID!) { chatMessages(roomId: $room) { items { text __typename } head { epoch } } }"
    )
    before = await theirs.execute(*asked("bob", read, room=room))
    epoch = before["data"]["chatMessages"]["head"]["epoch"]
    received: list[Any] = []
    watch = "subscription W($room: ID!, $epoch: Int) { chatOnMessage(roomId: $room, epoch: $epoch) { text __typename } }"
    selection = await theirs.subscribe(*asked("bob", watch, room=room, epoch=epoch))
    theirs.subscriptions.add(selection, lambda payload: received.append(json.loads(payload)))
    sent = await theirs.execute(*asked("ann", SEND, room=room, text="hello"))
    assert "errors" not in sent
    assert (sent["data"]["sent"]["text"], sent["data"]["sent"]["__typename"]) == ("hello", "ChatMessage")
    assert received == [{"data": {"chatOnMessage": {"text": "hello", "__typename": "ChatMessage"}}}]
    after = await theirs.execute(*asked("bob", read, room=room))
    assert after["data"]["chatMessages"]["items"] == [{"text": "hello", "__typename": "ChatMessage"}]


async def test_a_caller_of_our_modes_reads_what_is_ours_alone(theirs: Api, client: Any) -> None:
    """Their own fields are unmarked, so they are for the default mode."""
    room = new_room(client, "ann")
    query = f'{{ me {{ body }} chatRoom(roomId: "{room}") {{ roomId }} }}'
    answer = await theirs.execute(*asked("ann", query))
    assert answer["data"] == {"me": None, "chatRoom": {"roomId": room}}
    assert [error["errorType"] for error in answer["errors"]] == ["Unauthorized"]


@pytest.mark.parametrize(
    ("selection", "values"),
    [
        ("... on ChatMessage { id }", "missing=roomId,senderId,text,ts,seq,epoch,clientMessageId"),
        (f"{FIELDS} ... on ChatMessage {{ roomId: clientMessageId }}", "aliased=clientMessageId"),
        (f"{FIELDS} ...ChatMessage", "fragments=ChatMessage"),
    ],
)
async def test_a_selection_is_judged_as_without_a_prefix(
    theirs: Api, client: Any, selection: str, values: str
) -> None:
    """`roomId: clientMessageId` would be a conflict of two fields to AppSync if `roomId` were there, too."""
    room = new_room(client, "ann")
    selection = (
        selection.replace(FIELDS, FIELDS.replace("roomId", "")) if "roomId:" in selection else selection
    )
    query = f'mutation {{ chatSendMessage(roomId: "{room}", text: "t") {{ {selection} }} }}'
    fragment = f" fragment ChatMessage on ChatMessage {{ {FIELDS} }}" if "...ChatMessage" in query else ""
    answer = await theirs.execute(*asked("ann", query + fragment))
    (error,) = answer["errors"]
    assert error["errorType"] == "InvalidInput"
    assert values in error["message"]


async def test_what_is_computed_where_it_is_selected_is_computed(theirs: Api, client: Any) -> None:
    room = new_room(client, "ann", "bob")
    query = "query R($room: ID!) { chatRoom(roomId: $room) { ... on ChatRoom { memberCount } } }"
    answer = await theirs.execute(*asked("ann", query, room=room))
    assert answer["data"]["chatRoom"] == {"memberCount": 2}
