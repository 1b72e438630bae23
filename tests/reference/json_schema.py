"""As much of JSON Schema as the reference says of frames. A word that is not known here is an error, so that none is passed over."""

import re
from collections.abc import Callable, Mapping
from typing import Any

KINDS: Mapping[str, tuple[type, ...]] = {
    "string": (str,), "integer": (int,), "number": (int, float), "boolean": (bool,), "object": (dict,), "array": (list,),
    "null": (type(None),),
}  # fmt: skip
TOLD = {"description", "default", "format", "contentMediaType", "title"}
"""Words that judge nothing."""


def problems(value: Any, schema: Mapping[str, Any], root: Mapping[str, Any], at: str = "") -> list[str]:
    """What is wrong with a value, by the places. `root`: the document to whose parts `$ref` leads."""
    if "$ref" in schema:
        return problems(value, resolved(schema["$ref"], root), root, at)
    found: list[str] = []
    for word, said in schema.items():
        if word not in TOLD:
            found += [
                each if " " in each else f"{at}: {each}"
                for each in _judge(word, said, value, schema, root, at)
            ]
    return found


def resolved(reference: str, root: Mapping[str, Any]) -> Any:
    """What a `$ref` leads to. Raises `KeyError`."""
    node: Any = root
    for part in reference.removeprefix("#/").split("/"):
        node = node[part.replace("~1", "/").replace("~0", "~")]
    return node


def _is(kind: str, value: Any) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    return isinstance(value, KINDS[kind])


def _judge(word: str, said: Any, value: Any, schema: Mapping[str, Any], root: Any, at: str) -> list[str]:
    if word in ("properties", "required", "additionalProperties", "propertyNames", "maxProperties"):
        return _object(word, said, value, schema, root, at) if isinstance(value, dict) else []
    if word in ("anyOf", "oneOf"):
        fitting = sum(not problems(value, each, root, at) for each in said)
        return [] if fitting == 1 or (fitting and word == "anyOf") else [word]
    if word == "items":
        every = enumerate(value) if isinstance(value, list) else ()
        return [each for index, item in every for each in problems(item, said, root, f"{at}[{index}]")]
    is_number, is_text = _is("number", value), isinstance(value, str)
    judged: dict[str, Callable[[], object]] = {
        "type": lambda: any(_is(kind, value) for kind in ([said] if isinstance(said, str) else said)),
        "const": lambda: value == said,
        "enum": lambda: value in said,
        "pattern": lambda: not is_text or re.search(said.replace("$", r"\Z"), value),
        "maxLength": lambda: not is_text or len(value) <= said,
        "minimum": lambda: not is_number or value >= said,
        "exclusiveMinimum": lambda: not is_number or value > said,
        "exclusiveMaximum": lambda: not is_number or value < said,
    }
    return [] if judged[word]() else [word]


def _object(word: str, said: Any, value: Any, schema: Mapping[str, Any], root: Any, at: str) -> list[str]:
    if word == "required":
        return [f"required {name}" for name in said if name not in value]
    if word == "maxProperties":
        return [] if len(value) <= said else [word]
    if word == "propertyNames":
        return [each for name in value for each in problems(name, said, root, f"{at}.{name}")]
    known = schema.get("properties", {})
    parts = said if word == "properties" else {name: said for name in value if name not in known}
    return [
        each
        for name, part in parts.items()
        if name in value
        for each in problems(value[name], part, root, f"{at}.{name}")
    ]
