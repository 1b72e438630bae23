"""An AppSync schema: SDL with AppSync's scalars and directives, and which mutation feeds which
subscription."""

from collections.abc import Mapping
from functools import lru_cache

from graphql import (
    DocumentNode,
    FieldDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    ListValueNode,
    ObjectTypeDefinitionNode,
    SchemaDefinitionNode,
    StringValueNode,
    assert_valid_schema,
    build_schema,
    concat_ast,
    extend_schema,
    parse,
)

from schema.appsync import DIRECTIVES
from simulator.scalars import SCALARS


@lru_cache(maxsize=8)
def appsync_schema(sdl: str) -> GraphQLSchema:
    """Builds the SDL as it is deployed; who builds the same again shares what is only read. Raises
    `GraphQLError` or `TypeError` with the place and the reason."""
    base = GraphQLSchema(
        types=list(SCALARS.values()),
        directives=build_schema(DIRECTIVES, assume_valid=True).directives,
    )
    document = parse(sdl)
    if not any(isinstance(node, SchemaDefinitionNode) for node in document.definitions):
        document = concat_ast([document, _default_roots(document)])
    schema = extend_schema(base, document)
    assert_valid_schema(schema)
    return schema


def subscriptions_by_mutation(schema: GraphQLSchema) -> Mapping[str, tuple[str, ...]]:
    """For each mutation the subscription fields that it feeds. Raises `GraphQLError` for a link that AppSync
    refuses."""
    links: dict[str, tuple[str, ...]] = {}
    for name, field in (schema.subscription_type.fields if schema.subscription_type else {}).items():
        for mutation in _linked_mutations(field.ast_node):
            source = schema.mutation_type.fields.get(mutation) if schema.mutation_type else None
            if source is None:
                raise GraphQLError(f"Subscription.{name} names the mutation {mutation}, which is not there.")
            if str(source.type).rstrip("!") != str(field.type).rstrip("!"):
                raise GraphQLError(f"Subscription.{name} is not of the type of Mutation.{mutation}.")
            links[mutation] = (*links.get(mutation, ()), name)
    return links


def _default_roots(document: DocumentNode) -> DocumentNode:
    """Without a `schema` definition the roots are the types with these names."""
    names = {node.name.value for node in document.definitions if isinstance(node, ObjectTypeDefinitionNode)}
    roots = [f"{name.lower()}: {name}" for name in ("Query", "Mutation", "Subscription") if name in names]
    return parse(f"schema {{ {' '.join(roots)} }}")


def _linked_mutations(field: FieldDefinitionNode | None) -> list[str]:
    return [
        value.value
        for directive in (field.directives if field else None) or ()
        if directive.name.value == "aws_subscribe"
        for argument in directive.arguments or ()
        if isinstance(argument.value, ListValueNode)
        for value in argument.value.values
        if isinstance(value, StringValueNode)
    ]
