"""The gateway's frames as an AsyncAPI document: those of clients from their models and from `gateway/verbs.py`, those of the
gateway with what its documents select.

https://www.asyncapi.com/docs/reference/specification/v3.0.0: what is *received* is what the gateway receives.
"""

from collections.abc import Mapping
from typing import Any

from gateway.client_frames import OF_THE_PROTOCOL
from gateway.frame_fields import Frame
from gateway.verbs import FRAMES, VERBS
from reference import server_frames
from reference.shapes import Schema, Shapes
from schema.source import ours

VERSION = "chat.v1"
CREDENTIALS = "The token of the API: in the header `Authorization`, in a subprotocol entry `bearer.<token>`, or in the first frame, `auth`."
SINCE = {"type": "string", "description": "Where the client was: the last `at`, or a bare `seq`."}
DEVICE = {"type": "string", "description": "On which of the person's devices the client runs."}
ADDRESSES: Mapping[str, tuple[str, str, dict[str, Schema]]] = {
    "any": ("/ws", "Rooms that frames name.", {"deviceId": DEVICE}),
    "room": ("/ws/rooms/{roomId}", "This room at once.", {"since": SINCE, "deviceId": DEVICE}),
}
"""Channels: address, what it is for, and what it may be asked with."""


def asyncapi() -> dict[str, Any]:
    shapes = Shapes(ours("sender"))
    of_clients = _client_messages(shapes)
    of_gateway = _server_messages(shapes)
    messages = of_clients | of_gateway
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "The gateway",
            "version": VERSION,
            "description": "Rooms over plain WebSocket: JSON objects in text frames, with a `type`. Unknown fields are ignored, on both"
            " sides; an unknown type is an error. The rules around them are in docs/gateway.md.",
        },
        "defaultContentType": "application/json",
        "servers": {"local": {"host": "127.0.0.1:4100", "protocol": "ws", "security": [_security()]}},
        "channels": {name: _channel(name, messages) for name in ADDRESSES},
        "operations": _operations(of_clients, of_gateway),
        "components": {
            "messages": messages,
            "schemas": dict(sorted(shapes.named.items())),
            "securitySchemes": {
                "token": {
                    "type": "httpApiKey",
                    "name": "Authorization",
                    "in": "header",
                    "description": CREDENTIALS,
                }
            },
        },
    }


def _security() -> dict[str, str]:
    return {"$ref": "#/components/securitySchemes/token"}


def _client_messages(shapes: Shapes) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for model in OF_THE_PROTOCOL:
        schema = _frame_schema(model)
        kinds = schema["properties"]["type"]
        for kind in kinds.get("enum", [kinds.get("const")]):
            own = {**schema, "properties": {**schema["properties"], "type": {"const": kind}}}
            found[f"client.{kind}"] = _message(kind, " ".join((model.__doc__ or "").split()), own)
    for kind, verb in VERBS.items():
        summary = f"Asks `{shapes.field_name(verb.document)}`; the answer is `{verb.answer}` of its `ack`."
        found[f"client.{kind}"] = _message(kind, summary, _frame_schema(FRAMES[kind]))
    return found


def _server_messages(shapes: Shapes) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for kind, frame in server_frames.FRAMES.items():
        schema = frame.schema(kind, shapes)
        if kind == "mine":  # one of two
            schema |= {"required": ["type"], "oneOf": [{"required": ["live"]}, {"required": ["event"]}]}
        found[f"server.{kind}"] = _message(kind, frame.summary, schema)
    for kind, verb in VERBS.items():
        about = {"type": {"const": "ack"}, "ref": server_frames.TEXT}
        about |= {"room": server_frames.ABOUT} if verb.is_of_room else {}
        fields = {**about, verb.answer: shapes.answer(verb.document)}
        schema = {"type": "object", "properties": fields, "required": list(fields)}
        found[f"server.ack.{kind}"] = _message("ack", f"The answer to `{kind}`.", schema)
    return found


def _message(kind: str, summary: str, schema: Schema) -> dict[str, Any]:
    return {"name": kind, "summary": summary, "payload": schema}


def _frame_schema(model: type[Frame]) -> Schema:
    """As pydantic has it, without what it adds of its own."""
    schema = model.model_json_schema()
    properties = {name: _plain(each) for name, each in schema["properties"].items()}
    kind = properties.pop("type")
    kind.pop("default", None)
    required = ["type", *(each for each in schema.get("required", ()) if each != "type")]
    return {"type": "object", "properties": {"type": kind, **properties}, "required": required}


def _plain(schema: Schema) -> Schema:
    return {
        key: value
        for key, value in schema.items()
        if key != "title" and not (key == "default" and value is None)
    }


def _channel(name: str, messages: Mapping[str, Any]) -> dict[str, Any]:
    address, description, query = ADDRESSES[name]
    about = {"description": "The room's id; `#` of a guild's is written `%23`."}
    return {
        "address": address,
        "description": description,
        **({"parameters": {"roomId": about}} if "{roomId}" in address else {}),
        "messages": {each: {"$ref": f"#/components/messages/{each}"} for each in messages},
        "bindings": {"ws": {"method": "GET", "query": {"type": "object", "properties": query}}},
    }


def _operations(of_clients: Mapping[str, Any], of_gateway: Mapping[str, Any]) -> dict[str, Any]:
    """For each frame one, at the address that takes any; at the other address the same frames flow."""

    def at(channel: str, names: Mapping[str, Any] | list[str]) -> dict[str, Any]:
        prefix = f"#/channels/{channel}"
        return {
            "channel": {"$ref": prefix},
            "messages": [{"$ref": f"{prefix}/messages/{name}"} for name in names],
        }

    operations: dict[str, Any] = {}
    for name, message in of_clients.items():
        kind = message["name"]
        reply = [f"server.ack.{kind}", "server.refused"] if kind in VERBS else []
        operations[f"receive.{kind}"] = {
            "action": "receive",
            "summary": message["summary"],
            **at("any", [name]),
            **({"reply": at("any", reply)} if reply else {}),
        }
    for name, message in of_gateway.items():
        if not name.startswith("server.ack."):
            operations[f"send.{message['name']}"] = {
                "action": "send",
                "summary": message["summary"],
                **at("any", [name]),
            }
    operations["room.receive"] = {"action": "receive", **at("room", of_clients)}
    operations["room.send"] = {"action": "send", **at("room", of_gateway)}
    return operations
