"""The schema's names in an API that has names of its own: those of types and root fields have a prefix."""

import re
from dataclasses import replace
from typing import Any, TypeVar

from graphql import (
    EnumTypeDefinitionNode,
    FieldDefinitionNode,
    InputObjectTypeDefinitionNode,
    NamedTypeNode,
    Node,
    ObjectTypeDefinitionNode,
    StringValueNode,
    Visitor,
    visit,
)

from chat.rules.schema_names import prefixed_field, prefixed_type
from schema.source import ours

_QUOTED = re.compile(r"`(\w+)`")
_Named = TypeVar(
    "_Named",
    EnumTypeDefinitionNode,
    InputObjectTypeDefinitionNode,
    NamedTypeNode,
    ObjectTypeDefinitionNode,
)
N = TypeVar("N", bound=Node)


def renamed(node: N, prefix: str) -> N:
    """A definition in which every type of ours has the name that it has with the prefix; descriptions speak of
    types and root fields under these names, too."""
    changed: N = visit(node, _Renaming(prefix)) if prefix else node
    return changed


def renamed_field(field: FieldDefinitionNode, prefix: str) -> FieldDefinitionNode:
    """A root field under its name with the prefix."""
    name = replace(field.name, value=prefixed_field(field.name.value, prefix))
    return replace(renamed(field, prefix), name=name)


class _Renaming(Visitor):
    def __init__(self, prefix: str) -> None:
        super().__init__()
        whole = ours("stream")
        self._types = {name: prefixed_type(name, prefix) for name in whole.types}
        fields = (name.partition(".")[2] for name in whole.fields)
        self._words = {name: prefixed_field(name, prefix) for name in fields} | self._types

    def _under_new_name(self, node: _Named) -> _Named:
        name = self._types.get(node.name.value, node.name.value)
        return replace(node, name=replace(node.name, value=name))

    def leave_named_type(self, node: NamedTypeNode, *_: Any) -> NamedTypeNode:
        return self._under_new_name(node)

    def leave_object_type_definition(
        self, node: ObjectTypeDefinitionNode, *_: Any
    ) -> ObjectTypeDefinitionNode:
        return self._under_new_name(node)

    def leave_enum_type_definition(self, node: EnumTypeDefinitionNode, *_: Any) -> EnumTypeDefinitionNode:
        return self._under_new_name(node)

    def leave_input_object_type_definition(
        self, node: InputObjectTypeDefinitionNode, *_: Any
    ) -> InputObjectTypeDefinitionNode:
        return self._under_new_name(node)

    def leave_string_value(self, node: StringValueNode, *_: Any) -> StringValueNode:
        """A description, since no other text has words between backticks."""
        words = _QUOTED.sub(lambda match: f"`{self._words.get(match[1], match[1])}`", node.value)
        return replace(node, value=words)
