"""A message as somebody asks for it to be sent, before anything is read or written."""

from collections.abc import Mapping
from typing import Any

from chat.deployment import Deployment
from chat.rules.errors import InvalidInput
from chat.rules.identifiers import id_at
from chat.rules.models import Caller, Message
from chat.rules.record import record
from chat.rules.rooms import Room, is_id
from chat.rules.text import clean_text, fingerprint


@record(frozen=True, slots=True)
class Draft:
    """A send as it was asked for and found well-formed. `named` says whether the client gave the
    clientMessageId. `trace_id`: of the trace that is to be stored with it."""

    room: Room
    sender: str
    text: str
    client_message_id: str
    named: bool
    fingerprint: str
    message_id: str
    trace_id: str | None = None

    def message(self, ts: int, **stamped: Any) -> Message:
        """The message of this draft at an instant (ms), which its id says too, with what else it is stamped
        with."""
        return Message(
            id=id_at(self.message_id, ts),
            room_id=self.room.id,
            room_type=self.room.type,
            guild_id=self.room.guild_id,
            sender_id=self.sender,
            text=self.text,
            ts=ts,
            client_message_id=self.client_message_id,
            **stamped,
        )


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
