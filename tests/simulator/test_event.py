"""AppSync's events as models: those of `events/` and those that the simulator makes are complete."""

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from simulator.event import AuthorizerEvent, BadEvent, ResolverEvent, read_event
from simulator.settings import WIRING

FILES = sorted((Path(__file__).parents[2] / "events").glob("*.json"))
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


def test_what_the_authorizer_says_of_a_caller_is_flat(tmp_path: Path) -> None:
    event = {
        "identity": {"resolverContext": {"userId": "alice", "roles": ["admin"]}},
        "info": {"parentTypeName": "Query", "fieldName": "messages"},
    }
    (tmp_path / "event.json").write_text(json.dumps(event))
    with pytest.raises(BadEvent, match=r"identity\.resolverContext\.roles is not a text"):
        read_event(tmp_path / "event.json", KNOWN)
