"""The messages of a room that mention the caller."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from chat.deployment import Deployment
from chat.rules.access import RoomAccess, enter_room, open_room
from chat.rules.arguments import check_limit
from chat.rules.cursor import CursorKeys, seal_position, unseal_position
from chat.rules.mentions import mentioned_in
from chat.rules.models import Caller, Message
from chat.rules.record import record
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.rules.visibility import first_visible_to
from chat.steps.batches import found_at
from chat.steps.mention_reading import MentionSlice, mentions_of_all, newest_mentions, own_mentions
from chat.steps.quotes import QuotingPage, with_quotes
from chat.steps.retry import deadline_of, retried
from chat.steps.visible_messages import visible_message
from chat.storage.mention_items import MentionItem
from chat.storage.places import in_room


@record(frozen=True, slots=True)
class _Asked:
    """What is asked for: mentions before the message with this number, all where there is none."""

    room: Room
    limit: int
    before: int | None


def my_mentions(
    deployment: Deployment,
    cursor_keys: CursorKeys,
    caller: Caller,
    arguments: Mapping[str, Any],
    tally: Tally,
    selection: str | None = None,
) -> dict[str, Any]:
    """The schema's `MentionPage` for `arguments` (`roomId`, `limit`, `nextToken`), newest first; `selection` is
    `info.selectionSetGraphQL`.

    Only for those in the room: nobody else can be mentioned. Items only say where to look: what is answered is each message as it is now, if it still mentions the caller and may be
    seen. 2.5 read units where there are none. Raises `InvalidInput`, `NotRoomMember`, `NotAllowed` and
    `ServiceUnavailable`.
    """
    asked, deadline, user_id = _check(arguments, cursor_keys, caller), deadline_of(deployment), caller.user_id
    room = asked.room
    with tally.timing("StoreMs"):
        view = retried(deployment, lambda: deployment.store.view(room, user_id, consistent=True), deadline)
        open_room(view, "read")
        entry = enter_room(view, caller, "read")
        items, further = _page(deployment, asked, user_id, entry, deadline)
        messages = _messages(deployment, room, user_id, entry, items, deadline)
        shown = with_quotes(deployment, QuotingPage(room, entry, messages), selection, deadline)
    tally.add("PageSize", len(shown))
    token = None if further is None else seal_position(_purpose(room, caller), [further], cursor_keys)
    return {"items": [message.to_wire() for message in shown], "nextToken": token}


def _check(arguments: Mapping[str, Any], cursor_keys: CursorKeys, caller: Caller) -> _Asked:
    """The request in `arguments`. Raises `InvalidInput`; reads nothing."""
    room, limit, token = (
        Room.parse(arguments.get("roomId")),
        check_limit(arguments),
        arguments.get("nextToken"),
    )
    before = None if token is None else unseal_position(_purpose(room, caller), token, cursor_keys)[0]
    return _Asked(room, limit, before)


def _purpose(room: Room, caller: Caller) -> str:
    return f"myMentions/{room.id}/{caller.user_id}"


def _page(
    deployment: Deployment,
    asked: _Asked,
    user_id: str,
    entry: RoomAccess,
    deadline: float,
) -> tuple[Sequence[MentionItem], int | None]:
    """Up to `limit` mentions, newest first, and the number below which to read on. Those of everybody count from the
    caller's last coming on: before it, they were not meant."""
    head, room, first = entry.head, asked.room, first_visible_to(entry)
    joined = entry.member.joined_seq if entry.member else 0
    high = head.seq if asked.before is None else min(head.seq, asked.before - 1)
    wanted = [
        (own_mentions(room, user_id), first, head.seq),
        (mentions_of_all(room), max(first, joined + 1), head.all_seq),
    ]
    looks = [
        partial(newest_mentions, deployment, source, head, low, min(high, newest), asked.limit, deadline)
        for source, low, newest in wanted
        if newest >= low
    ]
    slices = list(deployment.threads().map(lambda look: look(), looks))
    return _merged(slices, asked.limit)


def _merged(slices: Sequence[MentionSlice], limit: int) -> tuple[Sequence[MentionItem], int | None]:
    """Of several lists, each complete down to where it goes on, the newest of all, and where they go on."""
    horizon = max((each.further for each in slices if each.further is not None), default=None)
    found = {item.seq: item for each in slices for item in each.items if item.seq >= (horizon or 0)}
    newest = sorted(found.values(), key=lambda item: item.seq, reverse=True)
    page = newest[:limit]
    return page, page[-1].seq if len(newest) > limit else horizon


def _messages(
    deployment: Deployment,
    room: Room,
    user_id: str,
    entry: RoomAccess,
    items: Sequence[MentionItem],
    deadline: float,
) -> list[Message]:
    """Those of the messages that are there, may be seen, and mention the caller as they are now."""
    places = [in_room(room, each.message_key) for each in items]
    found, now = found_at(deployment, places, deadline, consistent=True), deployment.now()
    seen = [visible_message(deployment, room, entry, found.get(place), now) for place in places]
    return [each for each in seen if each is not None and _mentions(each, user_id)]


def _mentions(message: Message, user_id: str) -> bool:
    if message.removed_at is not None or message.sender_id == user_id:
        return False
    return bool(message.mentions_all) or user_id in mentioned_in(message)
