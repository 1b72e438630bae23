"""The gateway's documents are valid, and say of its frames and routes what is so."""

import ast
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from fastapi.openapi.models import OpenAPI

from gateway import client_frames
from gateway.client_frames import BadFrame, RefusedFrame
from gateway.verbs import VERBS
from reference.asyncapi import asyncapi
from reference.openapi import openapi
from reference.server_frames import FRAMES
from simulator.engine import PROJECT
from tests.gateway.test_verbs import ANYTHING, OF_THE_PROTOCOL, good
from tests.reference.json_schema import problems, resolved

FRAMES_OF = asyncapi()
MESSAGES: Mapping[str, Any] = FRAMES_OF["components"]["messages"]
NAMES = [*OF_THE_PROTOCOL, *VERBS]
PAGE = (PROJECT / "docs" / "gateway.md").read_text(encoding="utf-8")


def parts(node: Any) -> Iterator[Any]:
    yield node
    inner = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    for each in inner:
        yield from parts(each)


@pytest.mark.parametrize("document", [FRAMES_OF, openapi()], ids=["asyncapi", "openapi"])
def test_every_reference_leads_somewhere(document: Any) -> None:
    for part in parts(document):
        if isinstance(part, dict) and "$ref" in part:
            assert resolved(part["$ref"], document) is not None


def test_openapi_is_of_its_form() -> None:
    """FastAPI's model of https://spec.openapis.org/oas/v3.1.0."""
    document = openapi()
    assert document["openapi"] == "3.1.0"
    found = OpenAPI.model_validate(document)
    assert set(found.paths or ()) == {"/healthz", "/readyz", "/metrics", "/ws", "/ws/rooms/{roomId}"}
    ids = [way["operationId"] for ways in document["paths"].values() for way in ways.values()]
    assert len(ids) == len(set(ids))


def test_asyncapi_is_of_its_form() -> None:
    """https://www.asyncapi.com/docs/reference/specification/v3.0.0: messages of an operation are those of its channel."""
    assert FRAMES_OF["asyncapi"] == "3.0.0"
    assert {"title", "version"} <= FRAMES_OF["info"].keys()
    keys = re.compile(r"[A-Za-z0-9_.-]+")
    for kind, group in FRAMES_OF["components"].items():
        assert [key for key in group if not keys.fullmatch(key)] == [], kind
    for name, operation in FRAMES_OF["operations"].items():
        assert operation["action"] in ("send", "receive"), name
        for asked in (operation, operation.get("reply", operation)):
            channel = asked["channel"]["$ref"]
            assert re.fullmatch(r"#/channels/\w+", channel)
            assert all(each["$ref"].startswith(f"{channel}/messages/") for each in asked["messages"])
    for channel in FRAMES_OF["channels"].values():
        parameters = set(re.findall(r"{(\w+)}", channel["address"]))
        assert parameters == channel.get("parameters", {}).keys()


def test_every_frame_has_an_operation() -> None:
    sent = {each["name"] for name, each in MESSAGES.items() if name.startswith("server.")} - {"ack"}
    expected = {f"receive.{name}" for name in NAMES} | {f"send.{name}" for name in sent}
    assert FRAMES_OF["operations"].keys() == expected | {"room.receive", "room.send"}


@pytest.mark.parametrize("name", NAMES)
def test_what_the_document_says_of_a_clients_frame_the_gateway_takes(name: str) -> None:
    """And what the gateway takes of a field, the document lets through, but for what the gateway ignores."""
    schema = MESSAGES[f"client.{name}"]["payload"]
    whole = good(name)
    assert problems(whole, schema, FRAMES_OF) == []
    assert whole.keys() == schema["properties"].keys()
    for required in schema["required"]:
        assert problems({key: value for key, value in whole.items() if key != required}, schema, FRAMES_OF)
    for field in (
        set(whole) - {"type", "traceparent", "receipts"} - ({"typing"} if name == "subscribe" else set())
    ):
        for value in ANYTHING:
            frame = {**whole, field: value}
            assert takes(frame) <= (problems(frame, schema, FRAMES_OF) == []), (field, value)


def takes(frame: Mapping[str, Any]) -> bool:
    try:
        client_frames.parse(json.dumps(frame))
    except (BadFrame, RefusedFrame):
        return False
    return True


def test_every_frame_that_the_gateway_encodes_is_there() -> None:
    """By the literals in its code, and by its page."""
    encoded: set[str] = set()
    for path in (PROJECT / "gateway").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == "encode":
                encoded |= {str(each.value) for each in node.args[:1] if isinstance(each, ast.Constant)}
    assert encoded - {"ascii"} <= FRAMES.keys() | {"ack"}
    table = PAGE.split("### From the server")[1].split("###")[0]
    assert set(re.findall(r'`{"type":"(\w+)"', table)) == FRAMES.keys() | {"ack"}


@pytest.mark.parametrize("name", FRAMES)
def test_the_page_names_the_fields_of_each_frame_of_the_gateway(name: str) -> None:
    table = PAGE.split("### From the server")[1].split("###")[0]
    named = {
        field
        for found in re.findall(rf'`{{"type":"{name}"([^`]*)}}`', table)
        for field in re.findall(r'"(\w+)"', found)
    }
    frame = FRAMES[name]
    assert named == {*frame.fields, *frame.optional, *frame.passed_on}
