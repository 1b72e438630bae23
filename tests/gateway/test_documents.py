"""What the gateway asks fits the schema, under its own names and under those of a larger API."""

from copy import deepcopy

import pytest
from graphql import GraphQLObjectType, GraphQLScalarType, GraphQLSchema, parse, validate

from chat.rules.schema_names import prefixed_field, prefixed_type
from gateway import documents
from gateway.documents import Document
from simulator.schema import appsync_schema
from simulator.settings import SCHEMA

NOT_YET: frozenset[str] = frozenset()
"""Fields that the schema is about to have, by the frames that ask for them: an API without them refuses these by name."""

DOCUMENTS = {name: value for name, value in vars(documents).items() if isinstance(value, Document)}


def schema(prefix: str) -> GraphQLSchema:
    """The chat's schema as a part of a larger one: its types and the fields of its operations are renamed."""
    ours = deepcopy(appsync_schema(SCHEMA.read_text(encoding="utf-8")))
    roots = [ours.query_type, ours.mutation_type, ours.subscription_type]
    for name, each in ours.type_map.items():
        if not name.startswith("__") and not isinstance(each, GraphQLScalarType) and each not in roots:
            each.name = prefixed_type(name, prefix)
    query, mutation, subscription = (_renamed(root, prefix) for root in roots)
    return GraphQLSchema(query, mutation, subscription)


def _renamed(root: GraphQLObjectType | None, prefix: str) -> GraphQLObjectType:
    assert root is not None
    fields = {prefixed_field(name, prefix): field for name, field in root.fields.items()}
    return GraphQLObjectType(root.name, fields)


@pytest.mark.parametrize("prefix", ["", "Chat", "X2"])
def test_every_document_fits_the_schema_with_its_prefix_and_none_with_another(prefix: str) -> None:
    api = schema(prefix)
    for name, document in DOCUMENTS.items():
        errors = validate(api, parse(document.with_prefix(prefix)))
        assert bool(errors) == (name.lower() in NOT_YET), name
        assert validate(api, parse(document.with_prefix(f"{prefix or 'Y'}Other"))) != []


def test_a_prefix_changes_the_names_of_types_and_of_the_operations_field() -> None:
    text = documents.HEARTBEAT.with_prefix("Chat")
    assert "($rooms: [ChatRoomPosition!], $deviceId: ID, $status: ChatPresenceStatus, $watching: ID)" in text
    assert "chatHeartbeat(rooms: $rooms" in text
    assert "rooms { roomId left }" in text
    assert "onMessage(roomId" in str(documents.ON_MESSAGE)
