"""`resolvers/schema.graphql`: its types, its root fields, and which mutations feed which subscription.

The file has everything of both ways to publish. `publishMessage` is there where a deployment publishes by the stream
alone, and feeds `onMessage` then in place of the mutations that the file links to it. `publishMine` is there in both, as AppSync
takes no subscription that nothing is linked to; by the stream it is for IAM alone, and by the sender, where an API may have no IAM,
it has the modes of people, and its function refuses everybody.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Literal

from graphql import (
    FieldDefinitionNode,
    ListValueNode,
    ObjectTypeDefinitionNode,
    StringValueNode,
    TypeDefinitionNode,
    parse,
)

from chat.rules.published import PUBLISH_MESSAGE, PUBLISH_MINE

SCHEMA = Path(__file__).resolve().parent.parent / "resolvers" / "schema.graphql"
OPERATIONS = {"Query": "query", "Mutation": "mutation", "Subscription": "subscription"}
"""The root types, and which operation each is for."""

Publish = Literal["sender", "stream"]
"""Subscribers get what the caller of a mutation selects, or what the stream's reader publishes."""
INTERNAL, INTERNAL_MINE = f"Mutation.{PUBLISH_MESSAGE}", f"Mutation.{PUBLISH_MINE}"
"""The mutations that the readers of streams call, and people do not."""
STREAMED, MINE = "Subscription.onMessage", "Subscription.onMine"
"""What they feed."""
FED_BY = {STREAMED: INTERNAL, MINE: INTERNAL_MINE}


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
            links={
                name: mutations
                for name, field in fields.items()
                if (mutations := linked_by(field, "aws_subscribe"))
            },
        )

    def published_by(self, publish: Publish) -> "Source":
        """What of it a deployment has that publishes like this."""
        if publish == "stream":
            return replace(self, links={**self.links, STREAMED: (PUBLISH_MESSAGE,)})
        fields = {name: node for name, node in self.fields.items() if name != INTERNAL}
        return replace(self, fields={**fields, INTERNAL_MINE: replace(fields[INTERNAL_MINE], directives=())})

    def internal(self) -> set[str]:
        """Those of the mutations that nobody but a reader of streams may call, by the mode that they say themselves."""
        return {name for name in FED_BY.values() if name in self.fields and self.fields[name].directives}


@cache
def ours(publish: Publish = "sender") -> Source:
    """What the file says for this way to publish, read at the first call."""
    return Source.of(SCHEMA.read_text(encoding="utf-8")).published_by(publish)


def linked_by(field: FieldDefinitionNode, name: str) -> tuple[str, ...]:
    """The fields that a field's directive of this name links it to: of `@aws_subscribe` mutations."""
    return tuple(
        value.value
        for directive in field.directives or ()
        if directive.name.value == name
        for argument in directive.arguments or ()
        if isinstance(argument.value, ListValueNode)
        for value in argument.value.values
        if isinstance(value, StringValueNode)
    )
