"""What a client reads in `errors[]` when a field fails, in AppSync's words."""

import re
from collections.abc import Sequence
from typing import Any

from graphql import (
    Executor,
    GraphQLError,
    GraphQLLeafType,
    GraphQLSchema,
    Undefined,
    get_named_type,
    is_enum_type,
)
from graphql.type import is_interface_type, is_object_type

from simulator.functions import FunctionError
from simulator.refusals import NOT_AUTHORIZED, Error
from simulator.validation import error_locations
from simulator.wordings import (
    EXPECTED,
    NULL_ARGUMENT,
    SCALARS,
    UNKNOWN_ENUM_VALUE,
    bad_scalar,
    java_class,
    java_value,
)

_ARGUMENT = re.compile(r"[Aa]rgument '(?:.*\()?(\w+)(?::\))?'.* type '([^']+)'")
_NULL = re.compile(r"Cannot return null for non-nullable field (\w+)\.(\w+)\.")


class TypeMismatch(Exception):
    """A function answered with another shape than the schema's. `expected`, `got`: "LIST", "OBJECT" and so
    on."""

    def __init__(self, expected: str, value: object) -> None:
        self.got = {dict: "OBJECT", list: "LIST", str: "STRING", bool: "BOOLEAN"}.get(type(value), "NUMBER")
        super().__init__(f"type mismatch error, expected type {expected}, got {self.got}")


class CannotSerialize(Exception):
    """A function answered with what is no value of a scalar or an enum. The text is AppSync's."""

    def __init__(self, type_: GraphQLLeafType, value: object) -> None:
        if is_enum_type(type_):
            text = UNKNOWN_ENUM_VALUE.template.format(type=type_.name, value=java_value(value))
        elif type_.name in SCALARS:
            text = bad_scalar(type_.name, "serialize", value)
        else:
            text = EXPECTED.template.format(type=type_.name, got=java_class(value))
        super().__init__(text)


class AppSyncExecutor(Executor[Any]):
    """graphql-core's executor, with AppSync's words for a value that does not fit."""

    @staticmethod
    def complete_leaf_value(return_type: GraphQLLeafType, result: Any) -> Any:
        try:
            value = return_type.coerce_output_value(result)
        except GraphQLError:
            raise CannotSerialize(return_type, result) from None
        if value is Undefined or value is None:
            raise CannotSerialize(return_type, result)
        return value


def denied(parent_type: str, name: str) -> FunctionError:
    return FunctionError("Unauthorized", f"Not Authorized to access {name} on type {parent_type}")


def function_error(error: FunctionError) -> tuple[str, str]:
    """The type and the message as AppSync hands them on: it rewrites the message of one class."""
    forced = error.error_type == "UnauthorizedException"
    return error.error_type, NOT_AUTHORIZED if forced else error.message


def field_error(error: GraphQLError, schema: GraphQLSchema) -> Error:
    """One entry of `errors[]` in an HTTP answer. What no resolver raised has neither type nor place."""
    if isinstance(error.original_error, FunctionError):
        error_type, message = function_error(error.original_error)
        return {
            "path": error.path,
            "data": None,
            "errorType": error_type,
            "errorInfo": None,
            "locations": error_locations(error.nodes),
            "message": message,
        }
    return {"path": error.path, "locations": None, "message": value_message(error, schema)}


def value_message(error: GraphQLError, schema: GraphQLSchema) -> str:
    """Why a value does not fit the schema. Nothing of graphql-core's own words is told."""
    path = _slashes(error.path)
    null = _NULL.match(error.message)
    if null:
        parent = schema.get_type(null[1])
        field = parent.fields.get(null[2]) if is_object_type(parent) or is_interface_type(parent) else None
        name = get_named_type(field.type).name if field else null[2]
        return f"Cannot return null for non-nullable type: '{name}' within parent '{null[1]}' ({path})"
    if isinstance(error.original_error, TypeMismatch):
        return f"Can't resolve value ({path}) : {error.message}"
    if isinstance(error.original_error, CannotSerialize):
        return f"Can't serialize value ({path}) : {error.message}"
    return argument_message(error) or f"Can't resolve value ({path})"


def argument_message(error: GraphQLError) -> str | None:
    """For a variable that may be null where an argument may not; None for any other error."""
    argument = _ARGUMENT.match(error.message)
    return NULL_ARGUMENT.template.format(argument=argument[1], type=argument[2]) if argument else None


def _slashes(path: Sequence[str | int] | None) -> str:
    """`/items[0]/id`."""
    return "".join(f"[{key}]" if isinstance(key, int) else f"/{key}" for key in path or ())
