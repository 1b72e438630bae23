"""Asks the verbs of the chat as a function does, and answers what would be on the wire."""

from collections.abc import Callable
from typing import Any

from chat.add_member import add_member
from chat.ban_member import ban_member
from chat.changes import changes
from chat.create_room import create_room
from chat.deployment import Deployment
from chat.edit_message import edit_message
from chat.errors import ChatError
from chat.heartbeat import heartbeat
from chat.join_room import join_room
from chat.leave_room import leave_room
from chat.mark_delivered import mark_delivered
from chat.mark_read import mark_read
from chat.members import members
from chat.messages import messages
from chat.models import Caller
from chat.mute_member import mute_member
from chat.my_rooms import my_rooms
from chat.receipts import receipts
from chat.remove_member import remove_member
from chat.remove_message import remove_message
from chat.room import room
from chat.send_message import send_message
from chat.set_role import set_role
from chat.sync import sync
from chat.tally import Tally
from chat.unban_member import unban_member
from chat.update_room import update_room
from tests.guarantees.rooms_talk import No
from tests.guarantees.world import CURSOR_KEYS

Wire = dict[str, Any]

VERBS: dict[str, Callable[..., Any]] = {
    "addMember": add_member,
    "banMember": ban_member,
    "createRoom": create_room,
    "editMessage": edit_message,
    "heartbeat": heartbeat,
    "joinRoom": join_room,
    "leaveRoom": leave_room,
    "markDelivered": mark_delivered,
    "markRead": mark_read,
    "muteMember": mute_member,
    "removeMember": remove_member,
    "removeMessage": remove_message,
    "room": room,
    "sendMessage": send_message,
    "setRole": set_role,
    "unbanMember": unban_member,
    "updateRoom": update_room,
}
PAGES: dict[str, Callable[..., Any]] = {
    "changes": changes,
    "members": members,
    "messages": messages,
    "myRooms": my_rooms,
    "receipts": receipts,
    "sync": sync,
}


def caller_of(user: str) -> Caller:
    return Caller(user, frozenset({"admin"} if user.startswith("root") else ()))


def ask(deployment: Deployment, user: str, verb: str, **arguments: Any) -> Any:
    """The verb's answer on the wire, or the `No`."""
    given = (caller_of(user), arguments, Tally())
    try:
        if verb in PAGES:
            answer = PAGES[verb](deployment, CURSOR_KEYS, *given)
        else:
            answer = VERBS[verb](deployment, *given)
    except ChatError as refusal:
        reason = refusal.values.get("reason")
        return No(refusal.code, None if reason is None else str(reason))
    return answer if isinstance(answer, dict) else answer.to_wire()


def pages(deployment: Deployment, user: str, verb: str, **arguments: Any) -> list[Wire]:
    """The items of all pages."""
    items: list[Wire] = []
    token = None
    for _ in range(500):
        page = ask(deployment, user, verb, **arguments, nextToken=token)
        items += page["items"]
        token = page["nextToken"]
        if token is None:
            return items
        if not page["items"]:
            deployment.sleep(1)  # a client that is told to read on, and got nothing, waits
    raise AssertionError(f"{verb} does not end")
