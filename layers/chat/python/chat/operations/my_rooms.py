"""The caller's rooms, with last messages and unread counts."""

from collections.abc import Mapping, Sequence
from dataclasses import astuple
from typing import Any

from chat.deployment import Deployment
from chat.rules.access import View, is_in, is_invited
from chat.rules.arguments import check_limit
from chat.rules.cursor import CursorKeys, seal_position, unseal_position
from chat.rules.models import NOT_ADOPTED, Caller, Head, Message, Receipts
from chat.rules.notifications import setting_to_wire
from chat.rules.room_wire import member_to_wire, room_to_wire
from chat.rules.tally import Tally
from chat.rules.visibility import first_visible, judged_member
from chat.steps.last_messages import last_messages
from chat.steps.memberships import MembershipCursor, RoomMembership, read_memberships
from chat.steps.retry import deadline_of, retried
from chat.steps.unread import UnreadPlace, counts_unread
from chat.steps.unread_mentions import counts_unread_mentions
from chat.storage.places import head_place, receipts_place

MAX_ROOMS = 50
"""Heads and receipts of a page are one batch, of 100 items at the most."""


def my_rooms(
    deployment: Deployment,
    cursor_keys: CursorKeys,
    caller: Caller,
    arguments: Mapping[str, Any],
    tally: Tally,
) -> dict[str, Any]:
    """The schema's `MyRoomPage` for `arguments` (`limit`, `nextToken`). Raises `InvalidInput` and
    `ServiceUnavailable`.

    What it costs does not depend on how much was sent: four requests in three waves. First the caller's
    partition in both tables, consistent (half a read unit for each 4 KB is doubled: some 30 rooms to a unit,
    at least one unit a table); then the rooms' heads and the caller's receipts in a batch (one unit a room),
    then the last messages in a batch (half a unit for each, if of up to 4 KB). So n rooms take about 2 + 1.5
    n read units. What is unread mostly takes nothing: `chat/steps/unread.py:count_unread`, and
    which of it mentions the caller takes nothing where none does: `chat/steps/unread_mentions.py:count_unread_mentions`.
    What a last message answers is not read.
    """
    limit = check_limit(arguments, MAX_ROOMS)
    purpose, token, start = f"myRooms/{caller.user_id}", arguments.get("nextToken"), MembershipCursor()
    if token is not None:
        start = MembershipCursor(*unseal_position(purpose, token, cursor_keys))
    deadline = deadline_of(deployment)
    with tally.timing("StoreMs"):
        page = read_memberships(deployment, caller.user_id, start, limit, deadline)
        heads, receipts = _heads_and_receipts(deployment, caller, page.memberships, deadline)
        views = [(each, View(heads.get(each.room.id), each.member)) for each in page.memberships]
        inside = [each for each, view in views if is_in(view)]
        shown = [each.room for each in inside if _is_newest_shown(caller, each, heads.get(each.room.id))]
        last = last_messages(deployment, heads, shown, deadline)
        places = [
            UnreadPlace(
                each.room, heads.get(each.room.id, NOT_ADOPTED), each.member, receipts.get(each.room.id)
            )
            for each in inside
        ]
        counts = {
            "unread": counts_unread(deployment, places, deadline),
            "unreadMentions": counts_unread_mentions(deployment, places, caller.user_id, deadline),
        }
    known = {place.room.id: place for place in places}
    items = [
        _to_wire(
            deployment,
            caller,
            place,
            {name: count[each.room.id] for name, count in counts.items()},
            last.get(each.room.id),
        )
        if (place := known.get(each.room.id))
        else _invitation(deployment, caller, each, view.head or NOT_ADOPTED)
        for each, view in views
        if each.room.id in known or is_invited(view)
    ]
    tally.add("PageSize", len(items))
    further = page.further and seal_position(purpose, astuple(page.further), cursor_keys)
    return {"items": items, "nextToken": further}


def _is_newest_shown(caller: Caller, membership: RoomMembership, head: Head | None) -> bool:
    """Whether the caller may see the room's newest message."""
    return head is not None and head.seq >= first_visible(head, judged_member(caller, membership.member))


def _to_wire(
    deployment: Deployment,
    caller: Caller,
    place: UnreadPlace,
    counts: Mapping[str, int],
    last: Message | None,
) -> dict[str, Any]:
    """The schema's `MyRoom`."""
    me = member_to_wire(caller.user_id, place.member, deployment.now())
    return {
        "room": room_to_wire(place.room, place.head, deployment.defaults, viewer=caller.user_id, me=me),
        "added": bool(place.member.added),
        "invitation": None,
        **counts,
        "lastReadSeq": place.read_up_to,
        "lastMessage": last and last.to_wire(),
        "notifications": setting_to_wire(place.room, place.receipts or Receipts(), deployment.now()),
    }


def _invitation(
    deployment: Deployment, caller: Caller, membership: RoomMembership, head: Head
) -> dict[str, Any]:
    """The schema's `MyRoom` of a room that the caller is invited to: as a visitor would see it, and nothing counts."""
    return {
        "room": room_to_wire(membership.room, head, deployment.defaults, viewer=caller.user_id, reads=False),
        "added": True,
        "invitation": member_to_wire(caller.user_id, membership.member, deployment.now()),
        "unread": 0,
        "unreadMentions": 0,
        "lastReadSeq": 0,
        "lastMessage": None,
        "notifications": None,
    }


def _heads_and_receipts(
    deployment: Deployment, caller: Caller, memberships: Sequence[RoomMembership], deadline: float
) -> tuple[dict[str, Head], dict[str, Receipts]]:
    """By room id; those that there are."""
    heads = {membership.room.id: head_place(membership.room) for membership in memberships}
    receipts = {
        membership.room.id: receipts_place(membership.room, caller.user_id) for membership in memberships
    }
    found = retried(
        deployment,
        lambda: deployment.store.tables.batch([*heads.values(), *receipts.values()], consistent=False),
        deadline,
    )
    return (
        {each: Head.of(found[place]) for each, place in heads.items() if place in found},
        {each: Receipts.of(found[place]) for each, place in receipts.items() if place in found},
    )
