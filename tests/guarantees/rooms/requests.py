"""Calls the verbs of the chat as a function does, and returns what would be on the wire."""

from collections.abc import Callable
from typing import Any

from chat.deployment import Deployment
from chat.operations.add_member import add_member
from chat.operations.around import around
from chat.operations.ban_member import ban_member
from chat.operations.block_user import block_user
from chat.operations.blocks import blocks
from chat.operations.changes import changes
from chat.operations.create_room import create_room
from chat.operations.delete_room import delete_room
from chat.operations.direct import direct
from chat.operations.drafts import drafts
from chat.operations.edit_message import edit_message
from chat.operations.heartbeat import heartbeat
from chat.operations.heartbeats import heartbeats
from chat.operations.join_room import join_room
from chat.operations.leave_room import leave_room
from chat.operations.mark_delivered import mark_delivered
from chat.operations.mark_read import mark_read
from chat.operations.members import members
from chat.operations.messages import messages
from chat.operations.messages_by_id import messages_by_id
from chat.operations.mute_member import mute_member
from chat.operations.my_mentions import my_mentions
from chat.operations.my_rooms import my_rooms
from chat.operations.pin_message import pin_message
from chat.operations.pins import pins
from chat.operations.react import react
from chat.operations.reactions import reactions
from chat.operations.receipts import receipts
from chat.operations.remove_member import remove_member
from chat.operations.remove_message import remove_message
from chat.operations.room import room
from chat.operations.save_draft import save_draft
from chat.operations.send_message import send_message
from chat.operations.set_notifications import set_notifications
from chat.operations.set_role import set_role
from chat.operations.sync import sync
from chat.operations.unban_member import unban_member
from chat.operations.unblock_user import unblock_user
from chat.operations.unpin_message import unpin_message
from chat.operations.update_room import update_room
from chat.rules.cursor import CursorKeys
from chat.rules.errors import ChatError
from chat.rules.models import Caller
from chat.rules.tally import Tally
from tests.guarantees.rooms.message_oracle import Refusal
from tests.guarantees.support.fixtures import CURSOR_KEYS

Wire = dict[str, Any]


def around_messages(
    deployment: Deployment, cursor_keys: CursorKeys, caller: Caller, arguments: Any, tally: Tally
) -> Any:
    """`around` as its handler calls it."""
    return around(deployment, cursor_keys, caller, arguments, tally, messages)


VERBS: dict[str, Callable[..., Any]] = {
    "addMember": add_member,
    "banMember": ban_member,
    "blockUser": block_user,
    "createRoom": create_room,
    "direct": direct,
    "editMessage": edit_message,
    "heartbeat": heartbeat,
    "heartbeats": heartbeats,
    "joinRoom": join_room,
    "leaveRoom": leave_room,
    "deleteRoom": delete_room,
    "markDelivered": mark_delivered,
    "markRead": mark_read,
    "messagesById": messages_by_id,
    "muteMember": mute_member,
    "react": lambda deployment, *given: react(deployment, (), *given),
    "pinMessage": pin_message,
    "pins": pins,
    "removeMember": remove_member,
    "removeMessage": remove_message,
    "room": room,
    "saveDraft": save_draft,
    "sendMessage": send_message,
    "setNotifications": set_notifications,
    "setRole": set_role,
    "unbanMember": unban_member,
    "unblockUser": unblock_user,
    "unpinMessage": unpin_message,
    "updateRoom": update_room,
}
PAGES: dict[str, Callable[..., Any]] = {
    "blocks": blocks,
    "around": around_messages,
    "changes": changes,
    "drafts": drafts,
    "members": members,
    "messages": messages,
    "myMentions": my_mentions,
    "myRooms": my_rooms,
    "reactions": reactions,
    "receipts": receipts,
    "sync": sync,
}


def caller_of(user: str) -> Caller:
    return Caller(user, frozenset({"admin"} if user.startswith("root") else ()))


def call(deployment: Deployment, user: str, verb: str, **arguments: Any) -> Any:
    """The verb's answer on the wire, or the `Refusal`."""
    given = (caller_of(user), arguments, Tally())
    try:
        if verb in PAGES:
            answer = PAGES[verb](deployment, CURSOR_KEYS, *given)
        else:
            answer = VERBS[verb](deployment, *given)
    except ChatError as refusal:
        reason = refusal.values.get("reason")
        return Refusal(refusal.code, None if reason is None else str(reason))
    return answer if isinstance(answer, dict | list) else answer.to_wire()


def pages(deployment: Deployment, user: str, verb: str, **arguments: Any) -> list[Wire]:
    """The items of all pages."""
    items: list[Wire] = []
    token = None
    for _ in range(500):
        page = call(deployment, user, verb, **arguments, nextToken=token)
        items += page["items"]
        token = page["nextToken"]
        if token is None:
            return items
        if not page["items"]:
            deployment.sleep(1)  # a client that has a token to read on, and got nothing, waits
    raise AssertionError(f"{verb} does not end")
