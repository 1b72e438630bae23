"""The contract of events: its files are current, and every event that the code makes is what it says."""

import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from chat.rules.event_shape import Unsound, check_event, check_notification_event, check_privacy_event
from chat.rules.events import RoomEvent
from chat.rules.outgoing import TEXTS, Outgoing
from stream.contract import (
    MESSAGE_KINDS,
    PRIVACY_KINDS,
    ROOM_KINDS,
    VERSION,
    Event,
    NotificationEvent,
    PrivacyEvent,
)
from stream.documents import (
    FOLDER,
    SCHEMA,
    documents,
    example_event,
    notification_example,
    privacy_example,
    schema,
)
from tests.stream.json_schema import errors

KINDS = (*MESSAGE_KINDS, *ROOM_KINDS)
DOCUMENT = schema()


def test_the_files_are_those_that_the_models_make(project: Path) -> None:
    folder = FOLDER / f"v{VERSION}"
    found = {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}
    assert found == documents(), "make data"
    assert [path.name for path in FOLDER.iterdir()] == [f"v{VERSION}"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("with_text", [False, True], ids=["without text", "with text"])
@pytest.mark.parametrize("rebuilt", [False, True], ids=["first", "rebuilt"])
def test_an_event_of_each_kind_is_what_the_contract_says(kind: Any, with_text: bool, rebuilt: bool) -> None:
    document = Outgoing.of(example_event(kind), with_text=with_text, rebuilt=rebuilt).document
    assert document
    assert errors(DOCUMENT, json.loads(document)) == []
    Event.model_validate_json(document)


@pytest.mark.parametrize("kind", PRIVACY_KINDS)
def test_an_event_of_no_room_is_what_the_contract_says(kind: Any) -> None:
    document = Outgoing.of_privacy(privacy_example(kind)).document
    assert document
    assert errors(schema(PrivacyEvent), json.loads(document)) == []
    PrivacyEvent.model_validate_json(document)
    assert json.loads(document).keys() == {field.alias for field in PrivacyEvent.model_fields.values()}


def test_a_notification_is_what_the_contract_says() -> None:
    document = Outgoing.of_notification(notification_example()).document
    assert document
    assert errors(schema(NotificationEvent), json.loads(document)) == []
    NotificationEvent.model_validate_json(document)
    assert json.loads(document).keys() == {field.alias for field in NotificationEvent.model_fields.values()}


@pytest.mark.parametrize("name", NotificationEvent.model_fields)
def test_a_notification_that_the_contract_forbids_does_not_go_out(name: str) -> None:
    alias = str(NotificationEvent.model_fields[name].alias)
    wire = {**notification_example().to_wire(), alias: ["x"]}
    assert errors(schema(NotificationEvent), wire)
    if name != "version":
        with pytest.raises((Unsound, TypeError, ValueError)):
            check_notification_event(wire)


@pytest.mark.parametrize("name", ["id", "kind", "ts", "requestKind", "userId", "dueAt"])
def test_one_that_the_contract_forbids_does_not_go_out(name: str) -> None:
    wire = {**privacy_example("chat.privacy.requested").to_wire(), name: 7}
    assert errors(schema(PrivacyEvent), wire)
    with pytest.raises((Unsound, TypeError, ValueError)):
        check_privacy_event(wire)


@pytest.mark.parametrize("kind", MESSAGE_KINDS)
def test_an_event_that_was_too_large_is_what_the_contract_says(kind: Any) -> None:
    wire = example_event(kind).to_wire(with_text=True)
    for name in TEXTS:
        del wire["message"][name]
    assert errors(DOCUMENT, wire) == []


def test_without_texts_there_are_no_names_of_files() -> None:
    document = Outgoing.of(example_event("MESSAGE_SENT"), with_text=False).document
    assert document
    assert "map.png" not in document
    assert "waterfall" not in document


def test_the_schema_is_open_for_what_is_added_and_the_tests_are_not() -> None:
    assert "additionalProperties" not in json.dumps(DOCUMENT)
    wire = example_event("MESSAGE_SENT").to_wire(with_text=True)
    assert errors(DOCUMENT, {**wire, "more": 1}) == ["$.more: is not described"]
    with pytest.raises(ValidationError):
        Event.model_validate_json(json.dumps({**wire, "more": 1}))


Change = Callable[[dict[str, Any]], None]


def put(value: Any, *path: str | int) -> Change:
    def change(wire: dict[str, Any]) -> None:
        place: Any = wire
        for each in path[:-1]:
            place = place[each]
        place[path[-1]] = value

    return change


SPOILT: dict[str, Change] = {
    "rev as text": put("7", "rev"),
    "rev as a fraction": put(7.5, "rev"),
    "rev as a flag": put(True, "rev"),
    "no rev": put(0, "rev"),
    "a kind that there is not": put("OTHER", "kind"),
    "no id": put("", "id"),
    "ts as a number": put(7, "ts"),
    "ts without an offset": put("2026-11-27T00:00:00.000", "ts"),
    "an actor that is a number": put(7, "actorId"),
    "a room's type": put("other", "roomType"),
    "a message's number": put("7", "message", "seq"),
    "a message's sender": put(None, "message", "senderId"),
    "a text that is none": put(7, "message", "text"),
    "a file's size": put("7", "message", "attachments", 0, "size"),
    "a file that is none": put([7], "message", "attachments"),
    "a message that is none": put([], "message"),
}
NOTICES: dict[str, Change] = {
    "a notice's kind": put("OTHER", "notices", 0, "kind"),
    "a notice's role": put("owner", "notices", 0, "role"),
    "a notice's epoch": put("7", "notices", 0, "nextEpoch"),
    "a notice that is none": put([7], "notices"),
}


@pytest.mark.parametrize(
    ("kind", "change"),
    [("MESSAGE_SENT", each) for each in SPOILT.values()]
    + [("MEMBER_BANNED", each) for each in NOTICES.values()],
    ids=[*SPOILT, *NOTICES],
)
def test_what_the_contract_forbids_does_not_go_out(kind: Any, change: Change) -> None:
    """The table of checks in the functions, the models and the schema agree."""
    wire = deepcopy(example_event(kind).to_wire(with_text=True))
    change(wire)
    assert errors(DOCUMENT, wire)
    with pytest.raises(ValidationError):
        Event.model_validate_json(json.dumps(wire))
    with pytest.raises((Unsound, TypeError, ValueError)):
        check_event(wire)


def test_a_record_has_what_the_contract_has() -> None:
    """An attribute of the contract that no event could have would be promised in vain."""
    wire = example_event("MESSAGE_SENT").to_wire(with_text=True)
    assert wire.keys() == {field.alias for field in Event.model_fields.values()}
    assert isinstance(example_event("INTERNAL"), RoomEvent)
    assert (FOLDER / f"v{VERSION}" / SCHEMA).exists()
