"""The frames that ask one field of the API, with the person's own token: for each a row that says which field, what the frame
has, and under which name the answer comes back.

A frame's fields are named as the field's arguments are, but for `room`, and so are the variables of its document. What a
value may be the API judges; here it is of the right type. Instants and the order AppSync itself would refuse, in words of its
own and by no name.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal, cast

from pydantic import Field, create_model

from chat.rules.rooms import Room
from gateway import documents
from gateway.documents import Document
from gateway.frame_fields import Frame, Instant, Number, Order, Ref, RoomId


@dataclass(frozen=True, slots=True)
class Argument:
    """A field of a frame: its type, what a client is told whose value is of another, and whether it may be absent or null.
    What people write is not shown in logs."""

    kind: Any
    reason: str
    is_required: bool = True
    is_shown: bool = True

    @property
    def or_absent(self) -> "Argument":
        return Argument(self.kind | None, self.reason, is_required=False, is_shown=self.is_shown)

    @property
    def definition(self) -> tuple[Any, Any]:
        """For pydantic."""
        default: Any = ... if self.is_required else None
        return self.kind, Field(default, repr=self.is_shown)


STRING = Argument(str, "must be a string")
TEXT = Argument(str, "must be a string", is_shown=False)
STRINGS = Argument(list[str], "must be a list of strings")
FLAG = Argument(bool, "must be true or false")
INSTANT = Argument(Instant, "must be a string")
ORDER = Argument(Order, "must be a string")
NUMBER = Argument(Number, "must be a whole number")


class Ask(Frame):
    """A frame of this table. `ref` comes back with the answer."""

    verb: ClassVar["Verb"]

    if TYPE_CHECKING:
        type: str
        ref: str

    @property
    def about(self) -> dict[str, str]:
        """What its answer has in any case."""
        room: Room | None = getattr(self, "room", None)
        return {"ref": self.ref} | ({"room": room.id} if room else {})

    @property
    def variables(self) -> dict[str, Any]:
        """Of its document. What is absent is null."""
        room: Room | None = getattr(self, "room", None)
        return {name: getattr(self, name) for name in self.verb.arguments} | (
            {"room": room.id} if room else {}
        )


@dataclass(frozen=True, slots=True)
class Verb:
    """`answer`: the name under which the `ack` has what the field answers. `is_of_room`: whether it is about a room."""

    document: Document
    answer: str
    arguments: Mapping[str, Argument]
    is_of_room: bool = True

    def model(self, name: str) -> type[Ask]:
        """The frame of this name."""
        fields: dict[str, Any] = {argument: each.definition for argument, each in self.arguments.items()}
        fields["ref"] = (Ref, ...)
        if self.is_of_room:
            fields["room"] = (RoomId, ...)
        fields["type"] = (Literal[name], name)
        made = cast("type[Ask]", create_model(name, __base__=Ask, **fields))
        made.verb = self
        return made


VERBS: Mapping[str, Verb] = {
    "send": Verb(
        documents.SEND,
        "message",
        {
            "attachments": STRINGS.or_absent,
            "clientMessageId": STRING.or_absent,
            "mentions": STRINGS.or_absent,
            "mentionsAll": FLAG.or_absent,
            "replyTo": STRING.or_absent,
            "text": TEXT,
        },
    ),
    "edit": Verb(
        documents.EDIT,
        "message",
        {
            "id": STRING,
            "mentions": STRINGS.or_absent,
            "mentionsAll": FLAG.or_absent,
            "text": TEXT,
            "ts": INSTANT.or_absent,
        },
    ),
    "remove": Verb(documents.REMOVE, "message", {"id": STRING, "ts": INSTANT.or_absent}),
    "history": Verb(
        documents.HISTORY,
        "page",
        {
            "after": INSTANT.or_absent,
            "before": INSTANT.or_absent,
            "order": ORDER.or_absent,
            "limit": NUMBER.or_absent,
            "nextToken": STRING.or_absent,
        },
    ),
    "react": Verb(documents.REACT, "reaction", {"id": STRING, "emoji": STRING, "on": FLAG.or_absent}),
    "people": Verb(documents.PEOPLE, "people", {"ids": STRINGS}),
    "around": Verb(documents.AROUND, "page", {"id": STRING, "limit": NUMBER.or_absent}),
    "messages": Verb(documents.MESSAGES_BY_ID, "messages", {"ids": STRINGS}),
    "pin": Verb(documents.PIN, "notice", {"id": STRING}),
    "unpin": Verb(documents.UNPIN, "notice", {"id": STRING}),
    "pins": Verb(documents.PINS, "pins", {}),
    "draft": Verb(
        documents.DRAFT,
        "draft",
        {"text": TEXT.or_absent, "replyTo": STRING.or_absent, "rev": NUMBER.or_absent},
    ),
    "drafts": Verb(
        documents.DRAFTS,
        "page",
        {"limit": NUMBER.or_absent, "nextToken": STRING.or_absent},
        is_of_room=False,
    ),
    "direct": Verb(documents.DIRECT, "direct", {"userId": STRING}, is_of_room=False),
}
"""By the type of the frame."""

FRAMES: Mapping[str, type[Ask]] = {name: verb.model(name) for name, verb in VERBS.items()}
