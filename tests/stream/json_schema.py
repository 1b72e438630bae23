"""JSON Schema as far as the contract uses it, and strictly: an attribute that the schema does not name is an error, though a
consumer is to let it pass."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

TYPES: Mapping[str, Any] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
}
KNOWN = {
    *(
        "$schema",
        "$defs",
        "$ref",
        "title",
        "description",
        "format",
        "type",
        "properties",
        "required",
        "items",
    ),
    *("anyOf", "enum", "const", "minLength", "minimum", "pattern"),
}


def errors(schema: Mapping[str, Any], value: Any) -> list[str]:
    """What is wrong with a value, each with where that is."""
    return list(_errors(schema, schema, value, "$"))


def _errors(  # noqa: C901, PLR0912  a branch for each word
    root: Mapping[str, Any], schema: Mapping[str, Any], value: Any, at: str
) -> Iterator[str]:
    assert schema.keys() <= KNOWN, schema.keys() - KNOWN
    if "$ref" in schema:
        yield from _errors(root, root["$defs"][schema["$ref"].removeprefix("#/$defs/")], value, at)
        return
    if "anyOf" in schema:
        outcomes = [list(_errors(root, each, value, at)) for each in schema["anyOf"]]
        if all(outcomes):
            yield from min(outcomes, key=len)
        return
    if "type" in schema and not TYPES[schema["type"]](value):
        yield f"{at}: no {schema['type']}"
        return
    if "const" in schema and value != schema["const"]:
        yield f"{at}: not {schema['const']}"
    if "enum" in schema and value not in schema["enum"]:
        yield f"{at}: none of the words"
    if isinstance(value, str):
        if len(value) < schema.get("minLength", 0) or not re.search(schema.get("pattern", ""), value):
            yield f"{at}: no such text"
    elif isinstance(value, int | float) and value < schema.get("minimum", value):
        yield f"{at}: too small"
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from _errors(root, schema["items"], each, f"{at}[{index}]")
    elif isinstance(value, dict):
        named = schema["properties"]
        yield from (f"{at}.{name}: is not described" for name in value.keys() - named.keys())
        yield from (f"{at}.{name}: is absent" for name in set(schema.get("required", ())) - value.keys())
        for name in value.keys() & named.keys():
            yield from _errors(root, named[name], value[name], f"{at}.{name}")
