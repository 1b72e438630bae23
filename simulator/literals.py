"""Which part of an argument's value, as it is written into a document, does not fit its type.

https://github.com/graphql-java/graphql-java/blob/v9.0/src/main/java/graphql/validation/ValidationUtil.java
"""

from collections.abc import Mapping
from dataclasses import dataclass

from graphql import (
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLLeafType,
    ListValueNode,
    NullValueNode,
    ObjectFieldNode,
    ObjectValueNode,
    Undefined,
    ValueNode,
    VariableNode,
    get_named_type,
    is_input_object_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_required_input_field,
)
from graphql.utilities import coerce_input_literal

from simulator.wordings import java_literal

NOT_VALID, MISSING_FIELDS, UNDEFINED_FIELD, NULL, NO_OBJECT = range(5)
"""The texts of `WrongType` in `simulator.wordings.VALIDATION`."""


@dataclass(frozen=True, slots=True)
class Wrong:
    """`which`: the text; `words`: what is filled in."""

    which: int
    words: Mapping[str, object]


def wrong_value(argument: str, value: ValueNode, type_: GraphQLInputType) -> Wrong:
    """What is wrong with a value that is known to be wrong."""
    wrong = _wrong(argument, value, value, type_)
    # graphql-core refuses more than graphql-java does (`@oneOf`).
    return wrong or _say(NOT_VALID, argument, value, type=get_named_type(type_).name)


def _say(which: int, place: str, value: ValueNode, **words: object) -> Wrong:
    return Wrong(which, {"place": place, "value": java_literal(value), **words})


def _wrong(place: str, whole: ValueNode, value: ValueNode, type_: GraphQLInputType) -> Wrong | None:
    """`whole` is the argument's value: the texts about objects tell it, wherever the object lies."""
    if isinstance(value, NullValueNode):
        return _say(NULL, place, value) if is_non_null_type(type_) else None
    if isinstance(value, VariableNode):
        return None
    if is_non_null_type(type_):
        return _wrong(place, whole, value, type_.of_type)
    if is_list_type(type_):
        if not isinstance(value, ListValueNode):
            return _wrong(place, whole, value, type_.of_type)
        items = (_wrong(f"{place}[{at}]", whole, item, type_.of_type) for at, item in enumerate(value.values))
        return next((item for item in items if item is not None), None)
    if is_input_object_type(type_):
        return _wrong_object(place, whole, value, type_)
    if is_leaf_type(type_) and not _is_valid(value, type_):
        return _say(NOT_VALID, place, value, type=type_.name)
    return None


def _wrong_object(
    place: str, whole: ValueNode, value: ValueNode, type_: GraphQLInputObjectType
) -> Wrong | None:
    if not isinstance(value, ObjectValueNode):
        return _say(NO_OBJECT, place, whole)
    given = {node.name.value for node in value.fields}
    required = [name for name, each in type_.fields.items() if is_required_input_field(each)]
    if missing := [name for name in required if name not in given]:
        return _say(MISSING_FIELDS, place, whole, fields=", ".join(missing))
    return next((wrong for node in value.fields if (wrong := _wrong_field(place, whole, node, type_))), None)


def _wrong_field(
    place: str, whole: ValueNode, node: ObjectFieldNode, type_: GraphQLInputObjectType
) -> Wrong | None:
    name = node.name.value
    definition = type_.fields.get(name)
    if definition is None:
        return _say(UNDEFINED_FIELD, place, whole, type=type_.name, field=name)
    return _wrong(f"{place}.{name}", whole, node.value, definition.type)


def _is_valid(value: ValueNode, type_: GraphQLLeafType) -> bool:
    try:
        return coerce_input_literal(value, type_) is not Undefined
    except GraphQLError:
        return False
