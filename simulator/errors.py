"""What a client reads in `errors[]` when a field fails, in AppSync's words."""

import re
from collections.abc import Sequence

from graphql import GraphQLError, GraphQLSchema, get_named_type
from graphql.type import is_interface_type, is_object_type

from simulator.documents import error_locations
from simulator.functions import FunctionError
from simulator.refusals import NOT_AUTHORIZED, Error

_NULL = re.compile(r"Cannot return null for non-nullable field (\w+)\.(\w+)\.")


class TypeMismatch(Exception):
    """A function answered with another shape than the schema's. `expected`, `got`: "LIST", "OBJECT" and so
    on."""

    def __init__(self, expected: str, value: object) -> None:
        self.got = {dict: "OBJECT", list: "LIST", str: "STRING", bool: "BOOLEAN"}.get(type(value), "NUMBER")
        super().__init__(f"type mismatch error, expected type {expected}, got {self.got}")


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
    """Why a value does not fit the schema. `Can't serialize value` is widely reported, not verified,
    wording."""
    path = _slashes(error.path)
    null = _NULL.match(error.message)
    if null:
        parent = schema.get_type(null[1])
        field = parent.fields.get(null[2]) if is_object_type(parent) or is_interface_type(parent) else None
        name = get_named_type(field.type).name if field else null[2]
        return f"Cannot return null for non-nullable type: '{name}' within parent '{null[1]}' ({path})"
    if isinstance(error.original_error, TypeMismatch):
        return f"Can't resolve value ({path}) : {error.message}"
    return f"Can't serialize value ({path}) : {error.message}"


def _slashes(path: Sequence[str | int] | None) -> str:
    """`/items[0]/id`."""
    return "".join(f"[{key}]" if isinstance(key, int) else f"/{key}" for key in path or ())
