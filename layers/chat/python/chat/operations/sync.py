"""What changed in all of the caller's rooms: one token in, one token out.

A round goes through the caller's memberships in their order, a page of them in each call, and compares the
heads of their rooms with what the token holds. Only rooms in which something happened are read. What it costs
depends on how many rooms somebody is in and on what they missed, never on how many others there are: nothing
is copied for anybody when a message is sent.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from chat.deployment import Deployment
from chat.rules.access import View, enter_room, is_in
from chat.rules.arguments import check_limit
from chat.rules.cursor import CursorKeys
from chat.rules.erasure import Ranges, to_wire
from chat.rules.models import Caller, Head, Message, Receipts
from chat.rules.record import record
from chat.rules.room_wire import member_to_wire, room_to_wire
from chat.rules.selection import may_select
from chat.rules.tally import Tally
from chat.rules.visibility import Sight, judged_member
from chat.steps.batches import found_at
from chat.steps.catch_up import CaughtUp, Held, catch_up
from chat.steps.memberships import MembershipCursor, MembershipPage, RoomMembership, read_memberships
from chat.steps.quotes import QuotingPage, pages_with_quotes
from chat.steps.retry import deadline_of
from chat.steps.sync_token import KEPT_MS, Token, room_hash, seal_token, unseal_token
from chat.steps.unread import UnreadPlace, counts_unread
from chat.steps.unread_mentions import counts_unread_mentions
from chat.storage import keys
from chat.storage.places import Found, head_place, receipts_place

ROOMS_AT_ONCE = 50
LONG_S = 1.0
"""After so long an answer ends with what it has: each room may take several requests."""


def sync(
    deployment: Deployment,
    cursor_keys: CursorKeys,
    caller: Caller,
    arguments: Mapping[str, Any],
    tally: Tally,
    selection: str | None = None,
) -> dict[str, Any]:
    """The schema's `SyncPage` for `arguments` (`since`, `limit`); `selection` is `info.selectionSetGraphQL`. Raises `InvalidInput` and
    `ServiceUnavailable`.

    Where nothing happened n rooms, up to 50, are three requests in two waves and n + 2 read units or little
    more: memberships of both tables, then heads. Each room where something happened adds what `catch_up`
    takes.
    """
    limit, since, now = check_limit(arguments), arguments.get("since"), deployment.now()
    token = None if since is None else unseal_token(caller.user_id, since, cursor_keys)
    is_afresh = token is None or now - token.issued_at > KEPT_MS
    before = Token(now) if token is None or is_afresh else token
    syncing = _Syncing(
        deployment, caller, before, limit, tally, erased=may_select(selection, "erased", of_object=True)
    )
    with tally.timing("StoreMs"):
        position = syncing.run()
        rooms = syncing.to_wire(selection)
    after = Token(deployment.now(), position or MembershipCursor(), syncing.held)
    tally.add("PageSize", limit - syncing.space)
    return {
        "rooms": rooms,
        "token": seal_token(caller.user_id, after, cursor_keys),
        "more": position is not None,
        "reset": is_afresh,
    }


@record(frozen=True, slots=True)
class _RoomAnswer:
    """What is answered of a room. `head` is `None` for one that the caller is in no more; `had` is what was
    held before."""

    membership: RoomMembership
    head: Head | None = None
    had: Held | None = None
    messages: Sequence[Message] = ()
    reset: bool = False
    more: bool = False
    erased: Ranges = ()


class _Syncing:
    """One answer on its way."""

    def __init__(
        self, deployment: Deployment, caller: Caller, token: Token, limit: int, tally: Tally, *, erased: bool
    ) -> None:
        self.held = dict(token.held)
        self.space = limit
        self._deployment = deployment
        self._caller = caller
        self._start = token.position
        self._tally = tally
        self._selects_erased = erased
        self._deadline = deadline_of(deployment)
        self._answers: list[_RoomAnswer] = []

    def run(self) -> MembershipCursor | None:
        """Look at the next rooms; answers where the round goes on, `None` at its end."""
        started = self._deployment.monotonic()
        page = read_memberships(
            self._deployment,
            self._caller.user_id,
            self._start,
            ROOMS_AT_ONCE,
            self._deadline,
            also_ended=True,
        )
        heads = self._heads(page)
        position = self._start
        for membership in page.memberships:
            is_late = bool(self._answers) and self._deployment.monotonic() - started > LONG_S
            if is_late or not self._answer_room(membership, heads.get(membership.room.id)):
                return position
            position = MembershipCursor(membership.room.table, keys.membership(membership.room.partition_key))
        return page.further

    def _heads(self, page: MembershipPage) -> dict[str, Head]:
        """By room id, those that there are, of the rooms that the caller is in."""
        places = {
            membership.room.id: head_place(membership.room)
            for membership in page.memberships
            if membership.member.status == "active"
        }
        found = found_at(self._deployment, list(places.values()), self._deadline, consistent=True)
        items = {room_id: found.get(place) for room_id, place in places.items()}
        return {room_id: Head.of(item) for room_id, item in items.items() if item}

    def _answer_room(self, membership: RoomMembership, head: Head | None) -> bool:
        """Whether all that there is to say of a room is answered."""
        name = room_hash(self._caller.user_id, membership.room.partition_key)
        had = self.held.get(name)
        if not is_in(View(head, membership.member)):
            if self.held.pop(name, None):
                self._answers.append(_RoomAnswer(membership))
            return True
        if head is None or had == Held.all_of(head):
            return True  # without a head it is a room that is not adopted yet: there is nothing to hold of it
        if had is None:
            self.held[name] = Held.all_of(head)
            self._answers.append(_RoomAnswer(membership, head, reset=True))
            return True
        return self._catch_up(membership, head, had, name)

    def _catch_up(self, membership: RoomMembership, head: Head, had: Held, name: bytes) -> bool:
        if not self.space:
            return False
        sight = Sight(head, judged_member(self._caller, membership.member))
        caught: CaughtUp = catch_up(
            self._deployment, membership.room, sight, had, self.space, self._tally, self._deadline
        )
        caught = caught.as_selected(head, erased=self._selects_erased)
        self.held[name] = caught.held
        self.space -= len(caught.messages)
        self._answers.append(
            _RoomAnswer(
                membership,
                head,
                had,
                caught.messages,
                reset=caught.reset,
                more=not caught.complete,
                erased=caught.erased,
            )
        )
        return caught.complete

    def to_wire(self, selection: str | None) -> list[dict[str, Any]]:
        """The schema's `RoomSync`s."""
        user_id = self._caller.user_id
        places = [receipts_place(answer.membership.room, user_id) for answer in self._answers if answer.head]
        receipts = found_at(self._deployment, places, self._deadline, consistent=False)
        unread = self._unread_places(receipts)
        counts = {
            "unread": counts_unread(self._deployment, unread, self._deadline),
            "unreadMentions": counts_unread_mentions(self._deployment, unread, user_id, self._deadline),
        }
        answers = self._with_quotes(selection)
        return [self._room_to_wire(answer, counts) for answer in answers]

    def _with_quotes(self, selection: str | None) -> list[_RoomAnswer]:
        """The answers, with what their messages answer, in one batch for all rooms."""
        pages = [
            QuotingPage(
                each.membership.room,
                enter_room(View(each.head, each.membership.member), self._caller, "read"),
                each.messages,
            )
            for each in self._answers
            if each.head
        ]
        quoted = iter(pages_with_quotes(self._deployment, pages, selection, self._deadline))
        return [replace(each, messages=next(quoted)) if each.head else each for each in self._answers]

    def _unread_places(self, receipts: Found) -> list[UnreadPlace]:
        """The rooms that the caller is in, as they are found there."""
        places = []
        for answer in self._answers:
            room, member = answer.membership.room, answer.membership.member
            item = receipts.get(receipts_place(room, self._caller.user_id))
            if answer.head:
                places.append(UnreadPlace(room, answer.head, member, Receipts.found(item)))
        return places

    def _room_to_wire(self, answer: _RoomAnswer, counts: Mapping[str, Mapping[str, int]]) -> dict[str, Any]:
        user_id, membership, head = self._caller.user_id, answer.membership, answer.head
        room = None
        if head and (answer.had is None or answer.reset or head.ruled_rev > answer.had.rev):
            me = member_to_wire(user_id, membership.member, self._deployment.now())
            room = room_to_wire(membership.room, head, self._deployment.defaults, viewer=user_id, me=me)
        return {
            "roomId": membership.room.id,
            "head": head and head.to_wire(),
            "room": room,
            "messages": [message.to_wire() for message in answer.messages],
            **{name: count.get(membership.room.id) for name, count in counts.items()},
            "reset": answer.reset,
            "left": head is None,
            "more": answer.more,
            "erased": to_wire(answer.erased),
        }
