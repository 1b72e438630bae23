"""A message as somebody asks for it to be sent, before anything is read or written."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chat.deployment import Deployment
from chat.rules.errors import InvalidInput
from chat.rules.models import Caller
from chat.rules.rooms import Room, is_id
from chat.rules.text import clean_text, fingerprint


@dataclass(frozen=True, slots=True)
class Draft:
    """A send as it was asked for and found well-formed. `named` says whether the client gave the
    clientMessageId."""

    room: Room
    sender: str
    text: str
    client_message_id: str
    named: bool
    fingerprint: str
    message_id: str


def check_draft(deployment: Deployment, caller: Caller, arguments: Mapping[str, Any]) -> Draft:
    """The draft in `arguments`. Raises `InvalidInput`; reads and writes nothing."""
    room = Room.parse(arguments.get("roomId"))
    message_id = deployment.new_id(deployment.now())
    named = arguments.get("clientMessageId") is not None
    client_message_id = arguments["clientMessageId"] if named else message_id
    if not is_id(client_message_id):
        raise InvalidInput("send.clientMessageId", argument="clientMessageId")
    raw = arguments.get("text")
    text = clean_text(raw, deployment.text_limits)
    return Draft(
        room,
        caller.user_id,
        text,
        client_message_id,
        named,
        fingerprint(str(raw), client_message_id),
        message_id,
    )
