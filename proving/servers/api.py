"""GraphQL over the sample's store, without a wire: a request in, an answer out, and what is to be published."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from graphql import (
    DocumentNode,
    ExecutionResult,
    FieldNode,
    GraphQLError,
    GraphQLResolveInfo,
    OperationDefinitionNode,
    OperationType,
    build_schema,
    execute,
    parse,
    validate,
)

from proving.servers.store import ChatError, Store

Info = GraphQLResolveInfo[Any]
SCHEMA = build_schema(Path(__file__).with_name("schema.graphql").read_text(encoding="utf-8"))


class BadRequest(Exception):
    """A request that is answered HTTP 400, as `errorType` says."""

    def __init__(self, error_type: str, message: str) -> None:
        super().__init__(message)
        self.error_type = error_type


@dataclass(frozen=True, slots=True)
class Root:
    """The resolvers of one request: graphql-core calls a root's method of a field's name."""

    store: Store
    user: str
    entered: list[str] = field(default_factory=list)
    """What a subscription was let into."""

    def subscribeToNewMessage(self, _: Info, conversationId: str) -> None:
        self.entered.append(self.store.enter(self.user, conversationId).id)

    def allMessageConnection(
        self, _: Info, conversationId: str, first: int = 20, after: str | None = None
    ) -> Any:
        return self.store.newest(self.user, conversationId, first, after)

    def allMessageSince(
        self,
        _: Info,
        conversationId: str,
        since: str,
        first: int = 20,
        after: str | None = None,
    ) -> Any:
        return self.store.since(self.user, conversationId, since, first, after)

    def unread(self, _: Info, conversationId: str) -> int:
        return self.store.count_unread(self.store.enter(self.user, conversationId), self.user)

    def createConversation(self, _: Info, id: str, name: str, createdAt: str | None = None) -> Any:
        made = self.store.create(self.user, id, name)
        return {"id": made.id, "name": made.name, "createdAt": createdAt}

    def deleteConversation(self, _: Info, id: str) -> Any:
        ended = self.store.end(self.user, id)
        return {"id": ended.id, "name": ended.name}

    def createUserConversations(self, _: Info, conversationId: str, userId: str) -> Any:
        self.store.own(self.user, conversationId).members.add(userId)
        return {"conversationId": conversationId, "userId": userId}

    def deleteUserConversations(self, _: Info, conversationId: str, userId: str) -> Any:
        self.store.own(self.user, conversationId).members.discard(userId)
        return {"conversationId": conversationId, "userId": userId}

    async def createMessage(
        self, info: Info, id: str, conversationId: str, content: str, createdAt: str
    ) -> Any:
        self.store.check_selection(_selected(info.field_nodes[0]))
        message = await self.store.send(self.user, conversationId, id, content, createdAt)
        return message.to_wire()

    def markRead(self, _: Info, conversationId: str, id: str) -> Any:
        conversation = self.store.mark_read(self.user, conversationId, id)
        return {"id": conversation.id, "name": conversation.name}


@dataclass(frozen=True, slots=True)
class Subscribed:
    """A start that was let in: of which conversation it hears, and which fields it is given, by their response names."""

    conversation_id: str
    key: str
    fields: Mapping[str, str]

    def payload(self, published: Mapping[str, Any]) -> Any:
        """What AppSync makes of a mutation's answer: what the mutation did not select is null."""
        return {"data": {self.key: {name: published.get(field) for name, field in self.fields.items()}}}


def _selected(node: FieldNode) -> set[str]:
    """The fields that a selection has under their own names."""
    found = node.selection_set.selections if node.selection_set else ()
    return {each.name.value for each in found if isinstance(each, FieldNode) and each.alias is None}


def _document(query: str) -> tuple[DocumentNode, list[GraphQLError]]:
    try:
        document = parse(query, max_tokens=15_000)
    except GraphQLError as error:
        raise BadRequest("MalformedHttpRequestException", error.message) from None
    return document, validate(SCHEMA, document)


def _operation(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    """Raises `BadRequest`."""
    found = [each for each in document.definitions if isinstance(each, OperationDefinitionNode)]
    named = [each for each in found if name is None or (each.name and each.name.value == name)]
    if len(named) != 1:
        raise BadRequest("BadRequestException", "Missing operation name.")
    return named[0]


async def answer(
    store: Store, user: str, query: str, variables: Mapping[str, Any], name: str | None
) -> tuple[Any, list[Mapping[str, Any]]]:
    """The answer, and the messages that it publishes: what the mutations that are linked were answered, as far as they
    selected it. Raises `BadRequest`."""
    document, faults = _document(query)
    operation = _operation(document, name)
    if faults:
        return {"data": None, "errors": [_error(each) for each in faults]}, []
    result = execute(SCHEMA, document, Root(store, user), None, dict(variables), name)
    if not isinstance(result, ExecutionResult):
        result = await result
    told = {"data": result.data} | ({"errors": [_error(e) for e in result.errors]} if result.errors else {})
    keys = [
        each.alias.value if each.alias else each.name.value
        for each in operation.selection_set.selections
        if isinstance(each, FieldNode) and each.name.value == "createMessage"
    ]
    return told, [found for key in keys if (found := (result.data or {}).get(key)) is not None]


def subscribe(
    store: Store, user: str, query: str, variables: Mapping[str, Any]
) -> Subscribed | list[Mapping[str, Any]]:
    """A subscription, or the errors that refuse it. Its resolver runs now and never again."""
    try:
        document, faults = _document(query)
        operation = _operation(document, None)
    except BadRequest as error:
        return [{"errorType": error.error_type, "message": str(error)}]
    if faults:
        return [_error(each) for each in faults]
    node = operation.selection_set.selections[0]
    if operation.operation is not OperationType.SUBSCRIPTION or not isinstance(node, FieldNode):
        message = "not supported through the realtime channel"
        return [{"errorType": "UnsupportedOperation", "message": message}]
    root = Root(store, user)
    result = execute(SCHEMA, document, root, None, dict(variables))
    if not isinstance(result, ExecutionResult):
        raise TypeError("a subscription's resolver does not wait")
    if result.errors:
        return [_error(each) for each in result.errors]
    fields = {
        each.alias.value if each.alias else each.name.value: each.name.value
        for each in (node.selection_set.selections if node.selection_set else ())
        if isinstance(each, FieldNode)
    }
    return Subscribed(root.entered[0], node.alias.value if node.alias else node.name.value, fields)


def _error(error: GraphQLError) -> Mapping[str, Any]:
    """As AppSync writes one: `errorType` is there where a resolver refused."""
    told: dict[str, Any] = {"path": error.path, "message": error.message}
    if isinstance(error.original_error, ChatError):
        told |= {"errorType": type(error.original_error).__name__, "errorInfo": None, "data": None}
    return told
