"""Frames that ask one field of the API: whatever the table has fits its document and the schema, and every bad value of every
field has its answer."""

import json
from typing import Any

import pytest
from graphql import (
    FieldNode,
    GraphQLObjectType,
    OperationDefinitionNode,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    get_named_type,
    parse,
    visit,
)

from gateway import client_frames
from gateway.appsync import UpstreamRefused
from gateway.client_frames import BadFrame, RefusedFrame
from gateway.connection import CloseCode
from gateway.server_frames import Refusal
from gateway.verbs import FLAG, INSTANT, NUMBER, ORDER, STRING, STRINGS, VERBS, Argument
from simulator.schema import appsync_schema
from simulator.settings import SCHEMA
from tests.gateway.fakes import NOT_MEMBER, Bob, FakeChat, FakeFeed
from tests.gateway.test_documents import NOT_YET
from tests.gateway.test_gateway_page import PAGE

API = appsync_schema(SCHEMA.read_text(encoding="utf-8"))
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

GOOD: list[tuple[Any, Any]] = [
    (STRING.kind, "x"), (STRINGS.kind, ["x"]), (FLAG.kind, True), (NUMBER.kind, 7), (INSTANT.kind, "2026-07-01T12:00:00Z"),
    (ORDER.kind, "OLDEST_FIRST"),
]  # fmt: skip
ANYTHING: list[Any] = [
    None, "", "x", "\ud800", 0, 7, -1, 2**31, 10**30, 1.5, True, False, [], ["x"], [1], [None], {}, {"a": 1},
]  # fmt: skip
OF_THE_PROTOCOL: dict[str, dict[str, Any]] = {
    "auth": {"token": "t", "deviceId": "phone"},
    "subscribe": {"room": "lobby", "since": 1, "receipts": True, "typing": True},
    "resume": {"rooms": {"lobby": 1}},
    "unsubscribe": {"room": "lobby"},
    "delivered": {"room": "lobby", "seq": 1},
    "read": {"room": "lobby", "seq": 1},
    "typing": {"room": "lobby"},
    "presence": {"room": "lobby"},
    "here": {"status": "AWAY", "watching": "lobby"},
    "ping": {"ref": "r"},
}


def good_value(argument: Argument) -> Any:
    return next(value for known, value in GOOD if argument.kind in (known, known | None))


def good(name: str) -> dict[str, Any]:
    """A frame with everything that it may have."""
    if name in OF_THE_PROTOCOL:
        return {"type": name, **OF_THE_PROTOCOL[name], "traceparent": TRACE}
    verb = VERBS[name]
    about = {"ref": "r1", "traceparent": TRACE} | ({"room": "lobby"} if verb.is_of_room else {})
    return {"type": name} | {key: good_value(each) for key, each in verb.arguments.items()} | about


EVERY_FIELD = [
    (name, field) for name in [*OF_THE_PROTOCOL, *VERBS] for field in good(name) if field != "type"
]


@pytest.mark.parametrize("name", [name for name in VERBS if name not in NOT_YET])
def test_a_row_is_as_its_document_and_that_as_the_schema(name: str) -> None:
    """A frame's fields are the document's variables, and required where these are."""
    verb = VERBS[name]
    (operation,) = parse(str(verb.document)).definitions
    assert isinstance(operation, OperationDefinitionNode)
    variables = {each.variable.name.value: each.type for each in operation.variable_definitions or ()}
    about = {"room"} if verb.is_of_room else set()
    assert variables.keys() == verb.arguments.keys() | about
    (field,) = operation.selection_set.selections
    root = API.mutation_type if operation.operation.value == "mutation" else API.query_type
    assert root is not None
    definition = root.fields[field.name.value]  # type: ignore[attr-defined]
    given = {each.name.value: each.value.name.value for each in field.arguments}  # type: ignore[attr-defined]
    assert given == {("roomId" if each == "room" else each): each for each in variables}
    assert given.keys() == definition.args.keys()  # a new argument is for clients of the gateway, too
    for argument, each in verb.arguments.items():
        kind = str(definition.args[argument].type)
        assert each.is_required == kind.endswith("!"), argument
        assert ("[" in kind) == (STRINGS.kind in (each.kind, *getattr(each.kind, "__args__", ()))), argument
        assert (get_named_type(definition.args[argument].type).name == "Int") == (
            each.reason == NUMBER.reason
        )


def selected(name: str) -> set[str]:
    """The fields that a frame's document asks for, at any depth, as `type.field`."""
    document, types, found = parse(str(VERBS[name].document)), TypeInfo(API), set[str]()

    class Fields(Visitor):
        def enter_field(self, node: FieldNode, *_: object) -> None:
            parent = types.get_parent_type()
            found.add(f"{parent.name if parent else ''}.{node.name.value}")

    visit(document, TypeInfoVisitor(types, Fields()))
    return found


@pytest.mark.parametrize("name", ["history", "around", "messages", "pins"])
def test_what_one_person_asks_for_has_the_quotes_that_they_may_see(name: str) -> None:
    quote = API.type_map["Quote"]
    assert isinstance(quote, GraphQLObjectType)
    assert {f"Quote.{field}" for field in quote.fields} <= selected(name)


@pytest.mark.parametrize("name", ["history", "around", "direct"])
def test_a_head_says_whether_the_pins_have_changed(name: str) -> None:
    head = API.type_map["RoomHead"]
    assert isinstance(head, GraphQLObjectType)
    assert {f"RoomHead.{field}" for field in head.fields} <= selected(name)


def test_a_direct_room_says_with_whom_it_is() -> None:
    assert "Room.directWith" in selected("direct")


@pytest.mark.parametrize("name", VERBS)
def test_a_row_has_its_line_on_the_page(name: str) -> None:
    verb = VERBS[name]
    (line,) = [each for each in PAGE.splitlines() if each.startswith(f'| `{{"type":"{name}",')]
    for field in (*verb.arguments, "ref", *(["room"] if verb.is_of_room else [])):
        optional = field in verb.arguments and not verb.arguments[field].is_required
        assert f'"{field}"{"?" if optional else ""}' in line
    assert f"`{verb.answer}`" in line


def outcome(frame: dict[str, Any]) -> str | None:
    """What a client is told of the frame: why it closes the connection, or which argument is refused; nothing, if it is good."""
    try:
        parsed = client_frames.parse(json.dumps(frame))
    except BadFrame as bad:
        return str(bad)
    except RefusedFrame as refused:
        return str(refused.refusal.values["argument"])
    return None if parsed.type == frame["type"] else "another"


@pytest.mark.parametrize(("name", "field"), EVERY_FIELD)
def test_any_value_of_any_field_is_taken_or_refused_or_closes_with_a_reason_that_names_it(
    name: str, field: str
) -> None:
    arguments = {"room": "roomId", "rooms": "since"}
    for value in ANYTHING:
        told = outcome(good(name) | {field: value})
        assert (
            told is None or told.startswith(f"{field} must be ") or told == arguments.get(field, field)
        ) or (field, told) == ("rooms", "roomId"), value


@pytest.mark.parametrize(("name", "field"), EVERY_FIELD)
def test_what_is_missing_is_named_and_what_may_be_is_not(name: str, field: str) -> None:
    frame = good(name)
    del frame[field]
    required = field in ("token", "rooms", "seq") or (field == "ref" and name != "ping")
    required |= name in VERBS and field in VERBS[name].arguments and VERBS[name].arguments[field].is_required
    told = outcome(frame)
    if field == "room":
        assert told == "roomId"
    elif required:
        assert told is not None
        assert told.startswith(f"{field} must be ")
    else:
        assert told is None


@pytest.mark.parametrize("name", VERBS)
async def test_the_answer_comes_back_under_its_name_with_the_ref(name: str) -> None:
    chat = FakeChat({"id": "m1"})
    bob = Bob(chat, FakeFeed())
    await bob.sends(**good(name))
    verb, frame = VERBS[name], good(name)
    about = {"ref": "r1"} | ({"room": "lobby"} if verb.is_of_room else {})
    assert bob.written[-1] == {"type": "ack", **about, verb.answer: {"id": "m1"}}
    ((document, variables),) = chat.asked
    assert document == verb.document
    assert variables == {key: frame[key] for key in (*verb.arguments, *(["room"] if verb.is_of_room else []))}
    assert chat.traces == [TRACE]


@pytest.mark.parametrize("name", VERBS)
async def test_a_refusal_keeps_its_name_and_the_ref(name: str) -> None:
    undefined = Refusal("InternalError", "Validation error of type FieldUndefined: …", {})
    bob = Bob(FakeChat(NOT_MEMBER, UpstreamRefused(undefined)), FakeFeed())
    await bob.sends(**good(name))
    await bob.sends(**good(name))
    first, second = bob.written[-2:]
    assert (first["type"], first["errorType"], first["ref"]) == ("refused", "NotRoomMember", "r1")
    assert (second["errorType"], second["values"]) == ("NotAllowed", {"reason": "unsupported"})


@pytest.mark.parametrize(
    "given",
    ["", "00", TRACE.upper(), f"{TRACE}\n", f" {TRACE}", f"ff{TRACE[2:]}", f"00-{'0' * 32}-b7ad6b7169203331-01",
     f"00-0af7651916cd43dd8448eb211c80319c-{'0' * 16}-01", f"{TRACE}-more", 7, None, [TRACE], {"a": TRACE}],
)  # fmt: skip
async def test_a_trace_of_another_form_is_as_if_there_were_none(given: object) -> None:
    chat = FakeChat({})
    bob = Bob(chat, FakeFeed())
    await bob.sends(type="presence", room="lobby", traceparent=given)
    assert (chat.traces, bob.closed) == ([None], [])


@pytest.mark.parametrize("name", ["subscribe", "resume", "read", "typing", "presence"])
async def test_any_frames_trace_goes_with_what_it_asks(name: str) -> None:
    chat = FakeChat({"me": {"userId": "bob"}, "head": {"epoch": 1}})
    bob = Bob(chat, FakeFeed())
    await bob.sends(
        **good(name)
        | ({"since": None} if name == "subscribe" else {})
        | ({"rooms": {"lobby": None}} if name == "resume" else {})
    )
    await bob.joined()
    assert chat.traces == [TRACE]
    await bob.hub.close()


async def test_no_unknown_frame_is_asked_for() -> None:
    chat = FakeChat()
    bob = Bob(chat, FakeFeed())
    await bob.sends(type="dance", ref="r1", room="lobby")
    assert (bob.closed, chat.asked) == ([(CloseCode.BAD_FRAME, "unknown type")], [])


async def test_who_says_that_they_are_there_is_reported_for_as_long_as_they_are() -> None:
    bob = Bob(FakeChat(), FakeFeed())
    await bob.sends(type="here", status="AWAY", watching="lobby")
    for _ in range(2):
        assert bob.client.needs_heartbeat
        said = bob.client.report().to_wire()
        assert (said["status"], said["watching"], said["rooms"]) == ("AWAY", "lobby", [])
        bob.client.heard(100.0, 130.0)
    await bob.sends(type="here", watching="lobby")
    assert bob.client.due_at == 105.0
    assert "watching" not in bob.client.report("OFFLINE").to_wire()
