"""`resolvers/schema.graphql`: its types, its root fields, and which mutations feed which subscription."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from graphql import (
    FieldDefinitionNode,
    ListValueNode,
    ObjectTypeDefinitionNode,
    StringValueNode,
    TypeDefinitionNode,
    parse,
)

SCHEMA = Path(__file__).resolve().parent.parent / "resolvers" / "schema.graphql"
OPERATIONS = {"Query": "query", "Mutation": "mutation", "Subscription": "subscription"}
"""The root types, and which operation each is for."""


@dataclass(frozen=True, slots=True)
class Source:
    """`roots`: the root types. `types`: all others, by name. `fields`: the root fields, `Query.messages` and so
    on, in the order of the file. `links`: the mutations that feed each subscription: `Subscription.onMessage`
    to `sendMessage`, …"""

    roots: Mapping[str, ObjectTypeDefinitionNode]
    types: Mapping[str, TypeDefinitionNode]
    fields: Mapping[str, FieldDefinitionNode]
    links: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, sdl: str) -> "Source":
        nodes = {
            node.name.value: node for node in parse(sdl).definitions if isinstance(node, TypeDefinitionNode)
        }
        roots = {
            name: node
            for name, node in nodes.items()
            if name in OPERATIONS and isinstance(node, ObjectTypeDefinitionNode)
        }
        fields = {
            f"{root}.{field.name.value}": field for root, node in roots.items() for field in node.fields or ()
        }
        return cls(
            roots=roots,
            types={name: node for name, node in nodes.items() if name not in roots},
            fields=fields,
            links={name: mutations for name, field in fields.items() if (mutations := _linked(field))},
        )


@cache
def ours() -> Source:
    """What the file says, read at the first call."""
    return Source.of(SCHEMA.read_text(encoding="utf-8"))


def _linked(field: FieldDefinitionNode) -> tuple[str, ...]:
    """The mutations that a field's `@aws_subscribe` names."""
    return tuple(
        value.value
        for directive in field.directives or ()
        if directive.name.value == "aws_subscribe"
        for argument in directive.arguments or ()
        if isinstance(argument.value, ListValueNode)
        for value in argument.value.values
        if isinstance(value, StringValueNode)
    )
