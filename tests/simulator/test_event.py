"""AppSync's events as models: those of `events/` and those that the simulator makes are complete."""

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from simulator.event import AuthorizerEvent, BadEvent, ResolverEvent, read_event
from simulator.settings import WIRING

FILES = sorted((Path(__file__).parents[2] / "events").glob("*.json"))
FIELD = {"parentTypeName": "Query", "fieldName": "messages"}
MESSAGES: dict[str, Any] = {"identity": {"resolverContext": {"userId": "alice"}}, "info": FIELD}
KNOWN = json.loads(WIRING.read_text(encoding="utf-8"))


def missing_in(event: "ResolverEvent | AuthorizerEvent") -> set[str]:
    """The parts of an event that AppSync always sends, and that were left out."""
    parts: list[tuple[str, BaseModel]] = [("", event)]
    if isinstance(event, ResolverEvent):
        parts += [("request.", event.request), ("info.", event.info)]
    else:
        parts += [("requestContext.", event.request_context)]
    return {
        prefix + name
        for prefix, part in parts
        for name in type(part).model_fields.keys() - part.model_fields_set
    } - {"requestContext.operation_name"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_an_event_file_is_a_whole_event(path: Path) -> None:
    name, event = read_event(path, KNOWN)
    assert path.stem.startswith(name)
    if name not in KNOWN["services"]:
        model = AuthorizerEvent if name == "authorizer" else ResolverEvent
        assert missing_in(model.model_validate(event)) == set()


async def test_what_the_simulator_sends_is_a_whole_event(chat: Any, client: Any) -> None:
    await client.send()
    (asked, called) = (event for _, event in chat.events)
    assert missing_in(AuthorizerEvent.model_validate(asked)) == set()
    assert missing_in(ResolverEvent.model_validate(called)) == set()


def test_what_appsync_may_come_to_send_and_what_a_function_does_without_are_let_through(
    tmp_path: Path,
) -> None:
    event = {
        "identity": {"resolverContext": {"userId": "alice", "tenant": "x"}},
        "info": {"parentTypeName": "Query", "fieldName": "messages", "later": 1},
        "later": {},
    }
    (tmp_path / "event.json").write_text(json.dumps(event))
    assert read_event(tmp_path / "event.json", KNOWN) == ("Query.messages", event)


@pytest.mark.parametrize(
    "identity",
    [
        None,
        {},
        {"resolverContext": {"sub": "alice"}},
        {"claims": {"sub": "a"}, "groups": None},
        {"userArn": "x"},
    ],
    ids=str,
)
def test_an_identity_of_any_mode_is_let_through(tmp_path: Path, identity: object) -> None:
    (tmp_path / "event.json").write_text(json.dumps(MESSAGES | {"identity": identity}))
    assert read_event(tmp_path / "event.json", KNOWN)[0] == "Query.messages"


@pytest.mark.parametrize(
    ("event", "sentence"),
    [
        ({}, "info is missing, which names the field; "),
        ([], "does not hold a JSON object"),
        ("no JSON", "is not JSON: Expecting value"),
        (MESSAGES | {"info": {"parentTypeName": "Query"}}, "info.fieldName is missing"),
        (MESSAGES | {"info": FIELD | {"fieldName": 7}}, "info.fieldName is not a text"),
        (
            MESSAGES | {"info": FIELD | {"fieldName": "mesages"}},
            "info names Query.mesages, which is no field here; is it Query.messages",
        ),
        (
            MESSAGES | {"info": FIELD | {"fieldName": "sendMessage"}},
            "info names Query.sendMessage, which is no field here; is it Mutation.sendMessage?",
        ),
        (MESSAGES | {"info": {"parentTypeName": "", "fieldName": "§"}}, "wiring.json lists them all"),
        (MESSAGES | {"arguments": ["lobby"]}, "arguments is not an object"),
        ({"info": FIELD}, "identity is missing"),
        (MESSAGES | {"identity": "alice"}, "identity is not an object"),
        (MESSAGES | {"identity": {"resolverContext": "alice"}}, "identity.resolverContext is not an object"),
        (
            MESSAGES | {"identity": {"resolverContext": {"userId": "alice", "roles": ["admin"]}}},
            "identity.resolverContext.roles is not a text",
        ),
        ({"authorizationToken": "x"}, "requestContext is missing"),
    ],
)
def test_a_wrong_event_gets_a_sentence_that_names_what_is_wrong(
    tmp_path: Path, event: object, sentence: str
) -> None:
    file = tmp_path / "event.json"
    file.write_text(event if isinstance(event, str) else json.dumps(event))
    with pytest.raises(BadEvent) as refused:
        read_event(file, KNOWN)
    text = str(refused.value)
    assert text.startswith(f"EVENT: {file}")
    assert sentence in text
    assert "\n" not in text
