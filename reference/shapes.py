"""What the gateway passes on of the API's answers, as JSON Schema: exactly the fields that its documents select."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from graphql import (
    EnumTypeDefinitionNode,
    FieldNode,
    ListTypeNode,
    NonNullTypeNode,
    ObjectTypeDefinitionNode,
    OperationDefinitionNode,
    SelectionSetNode,
    TypeNode,
    parse,
    print_ast,
)

from gateway.documents import Document
from schema.source import OPERATIONS, Source

Schema = dict[str, Any]
Node = TypeVar("Node")
MAY_BE_ABSENT = frozenset({"Message.notice"})
"""What the gateway does not ask history for."""
SCALARS: Mapping[str, Schema] = {
    "ID": {"type": "string"},
    "Int": {"type": "integer"},
    "Float": {"type": "number"},
    "String": {"type": "string"},
    "Boolean": {"type": "boolean"},
    "AWSDateTime": {"type": "string", "format": "date-time"},
    "AWSJSON": {"type": "string", "contentMediaType": "application/json"},
}


@dataclass(slots=True)
class Shapes:
    """`named`: the objects that were met so far, by the names under which a document has them. A type of which different
    fields are selected has a name more for each selection, with the field that it is in."""

    source: Source
    named: dict[str, Schema] = field(default_factory=dict)

    def answer(self, document: Document) -> Schema:
        """What the only field of an operation answers."""
        root, asked = self._field(document)
        return self._typed(self.source.fields[f"{root}.{asked.name.value}"].type, asked)

    def event(self, document: Document) -> Schema:
        """The same, where there is no frame without it."""
        answer = self.answer(document)
        return next((each for each in answer.get("anyOf", ()) if "$ref" in each), answer)

    def field_name(self, document: Document) -> str:
        """Which field of the API it asks."""
        return self._field(document)[1].name.value

    def _field(self, document: Document) -> tuple[str, FieldNode]:
        (operation,) = parse(str(document)).definitions
        node = _of(OperationDefinitionNode, operation)
        (asked,) = node.selection_set.selections
        roots = {word: root for root, word in OPERATIONS.items()}
        return roots[node.operation.value], _of(FieldNode, asked)

    def _typed(self, node: TypeNode, asked: FieldNode) -> Schema:
        if isinstance(node, NonNullTypeNode):
            return self._not_null(node.type, asked)
        shape = self._not_null(node, asked)
        return {"anyOf": [shape, {"type": "null"}]} if "$ref" in shape else shape | _or_null(shape)

    def _not_null(self, node: TypeNode, asked: FieldNode) -> Schema:
        if isinstance(node, ListTypeNode):
            return {"type": "array", "items": self._typed(node.type, asked)}
        name = print_ast(node)
        if name in SCALARS:
            return dict(SCALARS[name])
        found = self.source.types[name]
        if isinstance(found, EnumTypeDefinitionNode):
            return {"type": "string", "enum": [each.name.value for each in found.values or ()]}
        selected = _of(SelectionSetNode, asked.selection_set)
        return self._object(_of(ObjectTypeDefinitionNode, found), selected, asked.name.value)

    def _object(self, node: ObjectTypeDefinitionNode, selected: SelectionSetNode, within: str) -> Schema:
        types = {each.name.value: each.type for each in node.fields or ()}
        asked = [each for each in selected.selections if isinstance(each, FieldNode)]
        properties = {each.name.value: self._typed(types[each.name.value], each) for each in asked}
        name = node.name.value
        required = [each for each in properties if f"{name}.{each}" not in MAY_BE_ABSENT]
        shape = {"type": "object", "properties": properties, "required": required}
        return {"$ref": f"#/components/schemas/{self._name(name, within, shape)}"}

    def _name(self, type_name: str, within: str, shape: Schema) -> str:
        """Of a shape that is known already, or of a new one."""
        for name, known in self.named.items():
            if name.split(".")[0] == type_name and known == shape:
                return name
        name = f"{type_name}.{within}" if type_name in self.named else type_name
        if name in self.named:
            raise ValueError(f"{name} is asked for in two ways")
        self.named[name] = shape
        return name


def _or_null(shape: Schema) -> Schema:
    """What makes null one of the values, too."""
    kinds = {"type": [shape["type"], "null"]}
    return kinds | ({"enum": [*shape["enum"], None]} if "enum" in shape else {})


def _of(kind: type[Node], node: object) -> Node:
    if not isinstance(node, kind):
        raise TypeError(f"{node} is no {kind.__name__}")
    return node
