"""Flags: what an operator may switch off while the rest goes on, and the document that says what is on.

The document is AWS AppConfig's of the type `AWS.AppConfig.FeatureFlags`, so one file is read on one machine and deployed
in the cloud: https://docs.aws.amazon.com/appconfig/latest/userguide/appconfig-type-reference-feature-flags.html
"""

import json
import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from chat.rules.errors import ChatError, NotAllowed, ServiceUnavailable
from chat.rules.record import record

FIELDS: Mapping[str, tuple[str, ...]] = {
    "typing": ("Mutation.typing",),
    "presence": ("Query.presence",),
    "receipts": ("Mutation.markRead", "Mutation.markDelivered", "Query.receipts"),
    "reactions": ("Mutation.react", "Query.reactions"),
    "uploads": ("Mutation.createUpload",),
    "searchPeople": ("Query.searchPeople",),
    "exports": ("Mutation.exportMyData",),
}
"""By flag, what it switches off. No other field can be: its function is not told of flags (`resolvers/wiring.json`)."""

KEPT = frozenset({"Mutation.markRead", "Mutation.markDelivered"})
"""What clients keep and say again by themselves. Refused for good, the last mark would be lost; the others are refused for
good, since what waits for a repeat holds up the edits and messages behind it."""

VERSION = "1"
ATTRIBUTES = ("owner", "end")
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
OWNER = re.compile(r"[^\x00-\x1f\x7f]{1,100}")


class BadFlags(Exception):
    """A document is not in its form; the text says where and shows no value."""


@record(frozen=True, slots=True)
class Flag:
    """`owner`: who answers for it. `end`: the day by which they have removed or renewed it."""

    enabled: bool
    owner: str
    end: date


def parse_document(text: str) -> dict[str, Flag]:
    """The flags of a whole document, by name. A flag that it does not have is on. Raises `BadFlags`."""
    document = _object(_json(text), "the document")
    if document.get("version") != VERSION:
        raise BadFlags(f'version must be "{VERSION}"')
    described, values = (_object(document.get(part), part) for part in ("flags", "values"))
    if unknown := sorted((described.keys() | values.keys()) - FIELDS.keys()):
        raise BadFlags(f"there is no flag {unknown[0][:64]}: {', '.join(FIELDS)}")
    if alone := sorted(described.keys() ^ values.keys()):
        raise BadFlags(f"{alone[0]} must stand in flags and in values")
    for name in described:
        _check_attributes(name, _object(described[name], f"flags.{name}"))
    return {name: _flag(name, _object(value, f"values.{name}")) for name, value in values.items()}


def parse_retrieved(text: str) -> dict[str, bool]:
    """Which flags are on, as AppConfig gives a deployed document out: the part `values` alone, of a flag that is off only
    `enabled`. Flags that this version does not know are left out. Raises `BadFlags`.

    https://docs.aws.amazon.com/appconfig/latest/userguide/appconfig-integration-retrieving-feature-flags.html
    """
    values = _object(_json(text), "the document")
    return {name: _enabled(name, _object(values[name], name)) for name in values if name in FIELDS}


def fields_off(enabled: Mapping[str, bool]) -> frozenset[str]:
    """The fields that are switched off."""
    return frozenset(field for name, is_on in enabled.items() if not is_on for field in FIELDS[name])


def refusal(field: str) -> ChatError:
    """What a field that is switched off answers."""
    if field in KEPT:
        return ServiceUnavailable(reason="switchedOff")
    return NotAllowed("service.switchedOff", reason="switchedOff")


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise BadFlags("the document must be JSON") from None


def _object(value: object, at: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise BadFlags(f"{at} must be an object")
    return value


def _check_attributes(name: str, described: Mapping[str, Any]) -> None:
    """AppConfig itself holds each deployment to these constraints."""
    attributes = _object(described.get("attributes"), f"flags.{name}.attributes")
    for each in ATTRIBUTES:
        at = f"flags.{name}.attributes.{each}.constraints"
        attribute = _object(attributes.get(each), at.removesuffix(".constraints"))
        constraints = _object(attribute.get("constraints"), at)
        if (constraints.get("type"), constraints.get("required")) != ("string", True):
            raise BadFlags(f"{at} must be of type string and required")


def _flag(name: str, value: Mapping[str, Any]) -> Flag:
    owner, end = value.get("owner"), value.get("end")
    if not isinstance(owner, str) or not OWNER.fullmatch(owner) or not owner.strip():
        raise BadFlags(f"values.{name}.owner must be 1 to 100 characters in one line")
    return Flag(_enabled(f"values.{name}", value), owner, _day(f"values.{name}.end", end))


def _day(at: str, text: object) -> date:
    try:
        if isinstance(text, str) and DAY.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise BadFlags(f"{at} must be a day such as 2027-01-31")


def _enabled(at: str, value: Mapping[str, Any]) -> bool:
    enabled = value.get("enabled")
    if not isinstance(enabled, bool):
        raise BadFlags(f"{at}.enabled must be true or false")
    return enabled
