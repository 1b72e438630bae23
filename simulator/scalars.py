"""AppSync's scalars (https://docs.aws.amazon.com/appsync/latest/devguide/scalars.html) for graphql-core.

Values stay text: AppSync checks them and hands them on as they came. The one exception is `AWSJSON`, which
resolvers get parsed and clients get as text.
"""

import ipaddress
import re
from collections.abc import Callable
from datetime import date, time
from typing import Any
from urllib.parse import urlsplit

from graphql import GraphQLError, GraphQLScalarType, Undefined, ValueNode, value_from_ast_untyped

from simulator import strict_json
from simulator.wordings import bad_scalar

_OFFSET = r"(?:Z|[+-](?:0\d|1[0-8]):[0-5]\d(?::[0-5]\d)?)"
_DATE = r"(-?\d{4}-\d{2}-\d{2})"
_TIME = r"(\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)"
_PATTERNS = {
    "AWSDateTime": re.compile(f"{_DATE}T{_TIME}{_OFFSET}", re.ASCII),
    "AWSDate": re.compile(f"{_DATE}{_OFFSET}?", re.ASCII),
    "AWSTime": re.compile(f"{_TIME}{_OFFSET}?", re.ASCII),
}
_EMAIL = re.compile(r"[^@\s]{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*")
_PHONE = re.compile(r"\+?[0-9](?:[ ()./-]?[0-9(]){2,19}\)?")


def _is_moment(name: str, text: str) -> bool:
    match = _PATTERNS[name].fullmatch(text)
    if match is None:
        return False
    parts = [part for part in match.groups() if part]
    try:
        for part in parts:
            if ":" in part:
                # Python reads at most microseconds.
                time.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", _six_digits(part)))
            else:
                date.fromisoformat(part.lstrip("-"))
    except ValueError:
        return False
    return True


def _six_digits(text: str) -> str:
    seconds, dot, fraction = text.partition(".")
    return f"{seconds}.{fraction:0<6}" if dot else text


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        parts.port  # noqa: B018  raises for one that is none, digits of other scripts among them
        return bool(parts.scheme and parts.hostname) and "//" not in parts.path and not re.search(r"\s", text)
    except ValueError:
        return False


def _is_address(text: str) -> bool:
    """Without a zone (`%eth0`), which means something on one machine only."""
    try:
        ipaddress.ip_interface(text)
    except ValueError:
        return False
    return "%" not in text


def _text_scalar(name: str, is_valid: Callable[[str], bool]) -> GraphQLScalarType:
    def serialize(value: object) -> str:
        if not isinstance(value, str) or not is_valid(value):
            raise GraphQLError(bad_scalar(name, "serialize", value))
        return value

    def parse(value: object) -> str:
        if not isinstance(value, str) or not is_valid(value):
            raise GraphQLError(bad_scalar(name, "parse", value))
        return value

    return GraphQLScalarType(
        name, coerce_output_value=serialize, coerce_input_value=parse, coerce_input_literal=_literal(parse)
    )


def _literal(parse: Callable[[object], Any]) -> Callable[[ValueNode], Any]:
    """Reads a value that is written into the document. Its text stands in `simulator.wordings`."""

    def coerce(node: ValueNode) -> Any:
        try:
            return parse(value_from_ast_untyped(node))
        except GraphQLError:
            return Undefined

    return coerce


def _timestamp(verb: str) -> Callable[[object], int]:
    """Seconds since 1970, also before it."""

    def check(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or abs(value) >= 2**53:
            raise GraphQLError(bad_scalar("AWSTimestamp", verb, value))
        return value

    return check


def _parse_json(value: object) -> Any:
    try:
        if isinstance(value, str):
            return strict_json.loads(value)
    except strict_json.NotJson:
        pass
    raise GraphQLError(bad_scalar("AWSJSON", "parse", value))


def _serialize_json(value: object) -> str:
    return value if isinstance(value, str) else strict_json.dumps(value)


SCALARS: dict[str, GraphQLScalarType] = {
    scalar.name: scalar
    for scalar in (
        _text_scalar("AWSDateTime", lambda text: _is_moment("AWSDateTime", text)),
        _text_scalar("AWSDate", lambda text: _is_moment("AWSDate", text)),
        _text_scalar("AWSTime", lambda text: _is_moment("AWSTime", text)),
        _text_scalar("AWSEmail", lambda text: bool(_EMAIL.fullmatch(text))),
        _text_scalar("AWSURL", _is_url),
        _text_scalar("AWSPhone", lambda text: bool(_PHONE.fullmatch(text))),
        _text_scalar("AWSIPAddress", _is_address),
        GraphQLScalarType(
            "AWSTimestamp",
            coerce_output_value=_timestamp("serialize"),
            coerce_input_value=_timestamp("parse"),
            coerce_input_literal=_literal(_timestamp("parse")),
        ),
        GraphQLScalarType(
            "AWSJSON",
            coerce_output_value=_serialize_json,
            coerce_input_value=_parse_json,
            coerce_input_literal=_literal(_parse_json),
        ),
    )
}
