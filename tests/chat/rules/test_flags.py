"""The document of flags: AppConfig's form, with an owner and an end for each, and what it switches off."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chat.rules.errors import NotAllowed, ServiceUnavailable
from chat.rules.flags import FIELDS, BadFlags, fields_off, parse_document, parse_retrieved, refusal

Change = Callable[[dict[str, Any]], object]


@pytest.fixture
def document(project: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((project / "terraform" / "flags.json").read_text(encoding="utf-8"))
    return found


def test_a_flag_that_is_off_switches_its_fields_off_and_no_others(document: dict[str, Any]) -> None:
    document["values"]["receipts"]["enabled"] = False
    flags = parse_document(json.dumps(document))
    assert fields_off({name: flag.enabled for name, flag in flags.items()}) == {
        "Mutation.markRead",
        "Mutation.markDelivered",
        "Query.receipts",
    }


def test_what_appconfig_adds_to_a_document_does_not_matter(document: dict[str, Any]) -> None:
    document["flags"]["typing"] |= {"_createdAt": "2026-11-28T00:00:00Z"}
    document["values"]["typing"] |= {"_updatedAt": "2026-11-28T00:00:00Z"}
    assert parse_document(json.dumps(document))["typing"].enabled


def test_a_flag_that_is_not_there_is_on() -> None:
    assert fields_off({}) == frozenset()
    assert parse_document('{"version": "1", "flags": {}, "values": {}}') == {}


WRONG: dict[str, Change] = {
    "version must be": lambda given: given.update(version=1),
    "flags must be an object": lambda given: given.pop("flags"),
    "values must be an object": lambda given: given.update(values=[]),
    "there is no flag sendMessage: typing, ": lambda given: given["values"].update(sendMessage={}),
    "typing must stand in flags and in values": lambda given: given["values"].pop("typing"),
    "exports must stand in flags and in values": lambda given: given["flags"].pop("exports"),
    "flags.typing must be an object": lambda given: given["flags"].update(typing=True),
    "flags.typing.attributes must be an object": lambda given: given["flags"]["typing"].pop("attributes"),
    "flags.typing.attributes.end must be": lambda given: given["flags"]["typing"]["attributes"].pop("end"),
    "flags.typing.attributes.owner.constraints must be of type string and required": lambda given: given[
        "flags"
    ]["typing"]["attributes"]["owner"]["constraints"].update(required=False),
    "values.typing must be an object": lambda given: given["values"].update(typing=None),
    "values.typing.enabled must be": lambda given: given["values"]["typing"].update(enabled="false"),
    "values.typing.owner must be": lambda given: given["values"]["typing"].update(owner="  "),
    "values.uploads.owner must be": lambda given: given["values"]["uploads"].pop("owner"),
    "values.typing.end must be": lambda given: given["values"]["typing"].pop("end"),
    "values.uploads.end must be": lambda given: given["values"]["uploads"].update(end="2027-02-30"),
    "values.presence.end must be": lambda given: given["values"]["presence"].update(end="20270101"),
}


@pytest.mark.parametrize("sentence", WRONG)
def test_a_document_that_is_not_in_its_form_is_refused_by_its_place(
    document: dict[str, Any], sentence: str
) -> None:
    WRONG[sentence](document)
    with pytest.raises(BadFlags, match="^" + sentence.replace(".", r"\.")):
        parse_document(json.dumps(document))


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", "[" * 100_000, '{"typing": {}}', '{"typing": {"enabled": 1}}']
)
def test_what_is_no_document_is_refused(text: str) -> None:
    with pytest.raises(BadFlags):
        parse_document(text)
    with pytest.raises(BadFlags):
        parse_retrieved(text)


def test_of_a_deployed_document_the_values_alone_are_given_out() -> None:
    retrieved = {
        "typing": {"enabled": False},
        "presence": {"enabled": True, "owner": "chat", "end": "2027-01-01"},
        "fromALaterVersion": {"enabled": False},
    }
    assert parse_retrieved(json.dumps(retrieved)) == {"typing": False, "presence": True}


def test_a_document_and_what_is_given_out_of_it_say_the_same(document: dict[str, Any]) -> None:
    for at, value in enumerate(document["values"].values()):
        value["enabled"] = at % 2 == 0
    whole = {name: flag.enabled for name, flag in parse_document(json.dumps(document)).items()}
    assert parse_retrieved(json.dumps(document["values"])) == whole


@pytest.mark.parametrize("field", [field for fields in FIELDS.values() for field in fields])
def test_marks_are_to_be_said_again_and_the_rest_is_not(field: str) -> None:
    expected = ServiceUnavailable if field in ("Mutation.markRead", "Mutation.markDelivered") else NotAllowed
    refused = refusal(field).in_language("en")
    assert type(refused) is expected
    assert str(refused) == (
        "This is switched off for the moment; everything else works."
        f" [code={expected.__name__} reason=switchedOff]"
    )
