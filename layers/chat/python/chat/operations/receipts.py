"""How far a room's members have received and read."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from chat.deployment import Deployment
from chat.rules.access import enter_room
from chat.rules.arguments import check_limit, check_seq
from chat.rules.cursor import CursorKeys, seal_position, unseal_position
from chat.rules.errors import InvalidInput
from chat.rules.models import Caller, Member, Receipts
from chat.rules.record import record
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.rules.visibility import first_visible_to
from chat.steps.batches import found_at
from chat.steps.listing import RosterLine, list_people
from chat.steps.receipt_items import SMALL_ROOM_MEMBERS
from chat.steps.retry import deadline_of, retried
from chat.storage import keys
from chat.storage.places import Found, membership_place, receipts_place


@record(frozen=True, slots=True)
class _ReceiptsRequest:
    """What is asked: a page past the member `past`, and how a message's delivery stands, if `seq` is
    given."""

    room: Room
    seq: int | None
    limit: int
    past: str | None


def receipts(
    deployment: Deployment,
    cursor_keys: CursorKeys,
    caller: Caller,
    arguments: Mapping[str, Any],
    tally: Tally,
) -> dict[str, Any]:
    """One page for `arguments` (`roomId`, `seq`, `limit`, `nextToken`); answers the schema's `ReceiptPage`.

    Raises `InvalidInput`, `NotRoomMember`, `NotAllowed`, `ServiceUnavailable`.
    """
    asked, deadline = _check(arguments, cursor_keys), deadline_of(deployment)
    room, store = asked.room, deployment.store
    # A sender asks about what they have just sent: an older head would not know it.
    sure = asked.seq is not None
    view = retried(deployment, lambda: store.view(room, caller.user_id, consistent=sure), deadline)
    entry = enter_room(view, caller, "read")
    head = entry.head
    if asked.seq is not None and asked.seq > head.seq:
        raise InvalidInput("receipt.seq", argument="seq", max=head.seq)

    def people(limit: int, after: str | None) -> tuple[Sequence[RosterLine], bool]:
        return retried(deployment, lambda: list_people(store, room, "ACTIVE", limit, after), deadline)

    everybody, are_many = people(SMALL_ROOM_MEMBERS, None) if sure else ((), True)
    is_small = not are_many
    rest = [each for each in everybody if asked.past is None or _follows(each.user_id, asked.past)]
    page, has_more = (
        (rest[: asked.limit], len(rest) > asked.limit) if is_small else people(asked.limit, asked.past)
    )
    user_ids = [each.user_id for each in (everybody if is_small else page)]
    places = [place(room, user_id) for place in (receipts_place, membership_place) for user_id in user_ids]
    found = found_at(deployment, places, deadline, consistent=False)
    token = seal_position(_purpose(room), [page[-1].user_id], cursor_keys) if has_more else None
    return {
        "items": [_receipt(found, room, each.user_id, head.epoch) for each in page],
        "nextToken": token,
        "confirmation": _confirmation(found, asked, caller, everybody)
        if is_small and max(asked.seq or 0, 1) >= first_visible_to(entry)
        else None,
    }


def _check(arguments: Mapping[str, Any], cursor_keys: CursorKeys) -> _ReceiptsRequest:
    """The request in `arguments`. Raises `InvalidInput`; reads nothing."""
    room, seq, limit = Room.parse(arguments.get("roomId")), arguments.get("seq"), check_limit(arguments)
    token = arguments.get("nextToken")
    past = None if token is None else unseal_position(_purpose(room), token, cursor_keys)[0]
    return _ReceiptsRequest(room, None if seq is None else check_seq(seq), limit, past)


def _purpose(room: Room) -> str:
    return f"receipts/{room.id}"


def _follows(user_id: str, past: str) -> bool:
    """In the order of the roster's keys, in which pages are read."""
    return keys.roster(user_id) > keys.roster(past)


def _receipts_of(found: Found, room: Room, user_id: str) -> Receipts:
    """How far somebody is, for others to see. Whoever sends has read, and has, what was there before."""
    receipts = Receipts.found(found.get(receipts_place(room, user_id))) or Receipts()
    member = Member.found(found.get(membership_place(room, user_id))) or Member()
    read_seq = max(receipts.read_seq, member.last_sent_seq)
    return replace(receipts, read_seq=read_seq, delivered_seq=max(receipts.delivered_seq, read_seq))


def _receipt(found: Found, room: Room, user_id: str, epoch: int) -> dict[str, Any]:
    """The schema's `Receipt`: nothing of what was read in private."""
    receipts = _receipts_of(found, room, user_id)
    markers = {"readSeq": receipts.read_seq, "deliveredSeq": receipts.delivered_seq}
    return {"roomId": room.id, "epoch": epoch, "userId": user_id, **markers, "retryAfterMs": None}


def _confirmation(
    found: Found, asked: _ReceiptsRequest, caller: Caller, everybody: Sequence[RosterLine]
) -> dict[str, Any]:
    """To how many the message was delivered: of those who were there when it was sent, the caller aside,
    whose it is.

    Whoever has read it has it.
    """
    seq = asked.seq or 0
    others = [each for each in everybody if each.user_id != caller.user_id and each.member.joined_seq < seq]
    everyone = [_receipts_of(found, asked.room, each.user_id) for each in others]
    return {
        "seq": seq,
        "delivered": sum(receipts.delivered_seq >= seq for receipts in everyone),
        "read": sum(receipts.read_seq >= seq for receipts in everyone),
        "of": len(others),
    }
