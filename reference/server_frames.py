"""The frames that the gateway sends but for `ack`: which fields they have, and what they mean."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway import documents
from gateway.documents import Document
from reference.shapes import Schema, Shapes

TEXT: Schema = {"type": "string"}
NUMBER: Schema = {"type": "integer", "minimum": 0}
FLAG: Schema = {"type": "boolean"}
ABOUT: Schema = {"type": "string", "description": "The room."}
AT: Schema = {
    "type": "string",
    "description": "Up to where the client knows the room with this frame: keep the last one.",
}


@dataclass(frozen=True, slots=True)
class ServerFrame:
    """`fields` are always there, `optional` ones sometimes. `passed_on`: fields that have what the API answered, by the document
    that asked for it."""

    summary: str
    fields: Mapping[str, Schema] = field(default_factory=dict)
    optional: Mapping[str, Schema] = field(default_factory=dict)
    passed_on: Mapping[str, Document] = field(default_factory=dict)

    def schema(self, kind: str, shapes: Shapes) -> Schema:
        answers = {name: shapes.event(each) for name, each in self.passed_on.items()}
        fields = {"type": {"const": kind}, **self.fields, **answers}
        return {"type": "object", "properties": {**fields, **self.optional}, "required": list(fields)}


def _of_room(summary: str, **passed_on: Document) -> ServerFrame:
    return ServerFrame(summary, {"room": ABOUT, "at": AT}, passed_on=passed_on)


FRAMES: Mapping[str, ServerFrame] = {
    "hello": ServerFrame(
        "The token is good; these are the limits.",
        {
            "version": NUMBER,
            "user": {"type": "string", "description": "The id of the token's person."},
            "maxFrameBytes": NUMBER,
            "framesPerSecond": {"type": "number", "exclusiveMinimum": 0},
            "maxRooms": NUMBER,
            "resumeMessages": NUMBER,
            "deliveredEverySeconds": {"type": "number", "exclusiveMinimum": 0},
        },
    ),
    "authenticated": ServerFrame(
        "The fresh token of an open connection counts.", {"user": TEXT, "expiresInMs": NUMBER}
    ),
    "subscribed": ServerFrame(
        "The room is received from here on. What was missed came before this frame if `resumed`.",
        {"room": ABOUT, "at": AT, "epoch": NUMBER, "resumed": FLAG},
    ),
    "message": _of_room("A new message, in order of `seq`, once.", message=documents.ON_MESSAGE),
    "change": _of_room(
        "A message was edited, removed or reacted to: it replaces the one with this `id`, if its `rev` is larger.",
        message=documents.ON_MESSAGE,
    ),
    "notice": _of_room(
        "Something happened to the room or its people: `message.notice` says what.",
        message=documents.ON_MESSAGE,
    ),
    "mine": ServerFrame(
        "`live`: whether what happens to the person is told. `event`: it happened.",
        optional={"live": FLAG},
        passed_on={"event": documents.ON_MINE},
    ),
    "receipt": ServerFrame(
        "How far somebody has received and read.",
        {"room": ABOUT},
        passed_on={"receipt": documents.ON_RECEIPT},
    ),
    "typing": ServerFrame("Somebody is writing.", {"room": ABOUT}, passed_on={"typing": documents.ON_TYPING}),
    "presence": ServerFrame(
        "Who is there: the answer to `presence`.", {"room": ABOUT}, passed_on={"presence": documents.PRESENCE}
    ),
    "refused": ServerFrame(
        "The chat's refusal, by its name, with a sentence for people and values for machines.",
        {"errorType": TEXT, "message": TEXT, "values": {"type": "object"}},
        {"ref": TEXT, "room": ABOUT},
    ),
    "reset": ServerFrame(
        "Too much was missed: forget the room's messages, and read them afresh, up to `at`.",
        {"room": ABOUT, "at": AT},
    ),
    "removed": ServerFrame("The person is not in the room any more.", {"room": ABOUT}),
    "goingAway": ServerFrame("The process ends: come back after so long.", {"reconnectAfterMs": NUMBER}),
    "pong": ServerFrame("The answer to `ping`.", optional={"ref": TEXT}),
}
"""By their types. `mine` has one of its two fields."""
