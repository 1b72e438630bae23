"""What the internal mutations take and select is what the schema has: every field, at every depth."""

from typing import get_args

import pytest
from graphql import (
    EnumTypeDefinitionNode,
    FieldNode,
    ObjectTypeDefinitionNode,
    OperationDefinitionNode,
    SelectionSetNode,
    parse,
    print_ast,
    validate,
)

import schema
from chat.operations.publish_message import publish_message
from chat.operations.publish_mine import publish_mine
from chat.rules.errors import InvalidInput
from chat.rules.models import Message
from chat.rules.person_events import PersonEvent, PersonEventKind
from chat.rules.published import (
    PUBLISH_DOCUMENT,
    TYPES,
    publish_document,
    publish_mine_document,
    type_name,
)
from schema.document import types_reached
from schema.source import INTERNAL, INTERNAL_MINE, ours
from simulator.schema import appsync_schema

SOURCE = ours("stream")
REACHED = {name: SOURCE.types[name] for name in types_reached(SOURCE, [INTERNAL, INTERNAL_MINE])}
MESSAGE = Message(id="m1", room_id="lobby", room_type="general", sender_id="alice", ts=1, epoch=1).to_wire()
TOLD = PersonEvent(user_id="bob", id="e1.0", kind="ADDED", ts=1, room_id="lobby", role="member").to_wire(1)
ENUMS = {
    "RoomType": ("roomType",),
    "NoticeKind": ("notice", "kind"),
    "Role": ("notice", "role"),
    "RoomVisibility": ("notice", "room", "visibility"),
    "MemberStatus": ("notice", "room", "me", "status"),
}
"""Where a word of each is in a message."""


def test_the_table_of_types_is_the_schemas() -> None:
    own = {
        name: {each.name.value: print_ast(each.type) for each in node.fields or ()}
        for name, node in REACHED.items()
        if isinstance(node, ObjectTypeDefinitionNode)
    }
    assert dict(TYPES) == own
    enums = {name for name, node in REACHED.items() if isinstance(node, EnumTypeDefinitionNode)}
    assert enums == ENUMS.keys() | {"PersonEventKind"}


@pytest.mark.parametrize("prefix", ["", "Chat"])
def test_the_document_is_for_the_schema_of_its_prefix(prefix: str) -> None:
    built = appsync_schema(schema.generate(publish="stream", prefix=prefix))
    assert validate(built, parse(publish_document(prefix))) == []
    assert validate(built, parse(publish_mine_document(prefix))) == []


@pytest.mark.parametrize(
    ("document", "mutation", "kind"),
    [
        (PUBLISH_DOCUMENT, "publishMessage", "Message"),
        (publish_mine_document(), "publishMine", "PersonEvent"),
    ],
)
def test_the_document_selects_every_field_that_there_is_under_its_own_name(
    document: str, mutation: str, kind: str
) -> None:
    (operation,) = parse(document).definitions
    assert isinstance(operation, OperationDefinitionNode)
    (root,) = operation.selection_set.selections
    assert isinstance(root, FieldNode)
    assert (root.name.value, root.alias) == (mutation, None)
    assert selected(root.selection_set) == all_of(kind)


def selected(selections: SelectionSetNode | None) -> dict[str, object]:
    """The fields of a selection, and theirs."""
    found: dict[str, object] = {}
    for node in selections.selections if selections else ():
        assert isinstance(node, FieldNode)
        assert node.alias is None
        found[node.name.value] = selected(node.selection_set)
    return found


def all_of(name: str) -> dict[str, object]:
    node = REACHED.get(name)
    if not isinstance(node, ObjectTypeDefinitionNode):
        return {}
    return {each.name.value: all_of(type_name(print_ast(each.type))) for each in node.fields or ()}


def test_what_the_code_makes_of_a_message_is_taken() -> None:
    assert publish_message({"message": MESSAGE}) == MESSAGE
    assert MESSAGE.keys() == TYPES["Message"].keys()
    assert publish_mine({"event": TOLD}) == TOLD
    assert TOLD.keys() == TYPES["PersonEvent"].keys()


def test_a_person_is_told_in_the_words_of_the_schema() -> None:
    node = REACHED["PersonEventKind"]
    assert isinstance(node, EnumTypeDefinitionNode)
    words = [each.name.value for each in node.values or ()]
    assert sorted(words) == sorted(get_args(PersonEventKind))
    for word in words:
        assert publish_mine({"event": {**TOLD, "kind": word, "roomId": None}})


@pytest.mark.parametrize("name", ENUMS)
def test_the_words_that_are_taken_are_the_schemas(name: str) -> None:
    node = REACHED[name]
    assert isinstance(node, EnumTypeDefinitionNode)
    for word in (each.name.value for each in node.values or ()):
        if (name, word) != ("RoomType", "guild"):  # which the room's id says
            assert publish_message({"message": with_word(ENUMS[name], word)})
    with pytest.raises(InvalidInput) as refused:
        publish_message({"message": with_word(ENUMS[name], "SOMETHING")})
    assert refused.value.values["argument"] == "/".join(("message", *ENUMS[name]))


def with_word(path: tuple[str, ...], word: str) -> dict[str, object]:
    """A message with a word in its place, and what the schema asks for around it."""
    me: dict[str, object] = {"userId": "bob"}
    room: dict[str, object] = {"roomId": "lobby", "me": me}
    notice: dict[str, object] = {"room": room}
    message: dict[str, object] = {**MESSAGE, "notice": notice}
    (message, notice, room, me)[len(path) - 1][path[-1]] = word
    return message
