"""Read a room's history: pages that never skip.

Head and membership are read beside the page, in one wave. Where what they say does not fit the page (another
retention, a head that lies beyond it, a recent gap in `seq`, a recent edit), the page is read again, after
them. In a room that is known to show its history from joining on, the page is read after them at once.
"""

from collections.abc import Mapping
from dataclasses import replace
from itertools import takewhile
from typing import Any

from chat.deployment import Deployment
from chat.rules.access import View, enter_room, open_history
from chat.rules.cursor import Cursor, CursorKeys, seal
from chat.rules.errors import InvalidInput
from chat.rules.gaps import UNKNOWN, Numbered, before_recent_gap
from chat.rules.models import NOT_ADOPTED, Caller, Head, Message
from chat.rules.record import record
from chat.rules.retention import readable_since
from chat.rules.tally import Tally
from chat.steps.page_request import PageRequest, check_page_request
from chat.steps.retry import deadline_of, retried
from chat.steps.unnumbered import Fetch, carried_over, unnumbered_slice
from chat.storage import keys
from chat.storage.change_log import recent_changes
from chat.storage.legacy import is_mark
from chat.storage.store import Slice, numbered

REREADS, REREAD_PAUSE_S = 3, 0.05
SETTLING_MS = 60_000
"""For so long after a room's adoption a page may have been read from before it, and is read again."""

YEAR_MS = 365 * 86_400_000


@record(frozen=True, slots=True)
class HistoryPage:
    """A page of history and the room's head; `to_wire` is the schema's `MessageConnection`."""

    items: list[Message]
    next_token: str | None
    head: Head

    def to_wire(self) -> dict[str, Any]:
        return {
            "items": [message.to_wire() for message in self.items],
            "nextToken": self.next_token,
            "head": self.head.to_wire(),
        }


def messages(
    deployment: Deployment,
    cursor_keys: CursorKeys,
    caller: Caller,
    arguments: Mapping[str, Any],
    tally: Tally,
    selection: str | None = None,
) -> HistoryPage:
    """One page for `arguments` (`roomId`, `after`, `before`, `order`, `limit`, `nextToken`). What its messages answer is
    read where `selection` (`info.selectionSetGraphQL`) may name it.

    Raises `InvalidInput`, `NotRoomMember` and `ServiceUnavailable`.
    """
    request = check_page_request(arguments, cursor_keys)
    return _Reading(deployment, request, caller, tally, selection).page(cursor_keys)


class _Reading:
    """One page on its way."""

    def __init__(
        self,
        deployment: Deployment,
        request: PageRequest,
        caller: Caller,
        tally: Tally,
        selection: str | None,
    ) -> None:
        self._deployment = deployment
        self._request = request
        self._caller = caller
        self._tally = tally
        self._selection = selection
        self._now, self._recency = deployment.now(), deployment.recency()
        self._deadline = deadline_of(deployment)
        self._sure = request.forward
        self._seen = View(None, None)
        self._floor = ""
        self._high = self._bound(deployment.memory.heads.get(request.room.partition_key))

    def page(self, cursor_keys: CursorKeys) -> HistoryPage:
        deployment, room = self._deployment, self._request.room
        known = deployment.memory.heads.get(room.partition_key)
        hides = known is not None and known.history_from is not None
        self._sure = self._sure or hides
        guess = self._low(known)
        looking = deployment.threads().submit(self._view)
        found = None if hides else self._slice(guess, consistent=self._request.forward)
        head = self._judged(looking.result())
        if head is None:
            return self._unnumbered(cursor_keys) or self.page(cursor_keys)
        if self._request.generation not in (None, head.generation):
            raise InvalidInput("history.cursorReset", argument="nextToken", reason="reset")
        deployment.memory.see_head(room.partition_key, head, deployment.monotonic())
        carried, guessed, has_aged = self._carry_over(), self._high, self._look_at_clock()
        low, self._high = self._low(head), self._bound(head)
        is_settling = head.adopted_at > self._now - SETTLING_MS
        if found is None or carried or is_settling or self._is_changed_lately(head):
            found = self._slice(low, consistent=True)
        elif has_aged or self._high != guessed or not self._fits(found, guess, low):
            found = self._slice(low, consistent=self._request.forward)
        page, complete = self._visible(found, low, head)
        for _ in range(REREADS):
            if complete:
                break
            self._tally.add("Rereads")
            deployment.sleep(deployment.chance() * REREAD_PAUSE_S)
            page, complete = self._visible(self._slice(low, consistent=True), low, head)
        self._tally.add("PageSize", len(page.messages))
        token = self._token(page, cursor_keys, head.generation)
        return HistoryPage(self._with_quotes([message for _, message in page.messages]), token, head)

    def _with_quotes(self, found: list[Message]) -> list[Message]:
        """The page's messages, those that answer others with these."""
        if not any(message.reply_to for message in found):
            return found
        from chat.steps.quotes import QuotingPage, with_quotes  # noqa: PLC0415  other pages are not to pay for it

        page = QuotingPage(self._request.room, enter_room(self._seen, self._caller, "read"), found)
        with self._tally.timing("StoreMs"):
            return with_quotes(self._deployment, page, self._selection, self._deadline)

    def _unnumbered(self, cursor_keys: CursorKeys) -> HistoryPage | None:
        """A page of a room that is not adopted; `None` when that happened meanwhile, and old items may be
        gone."""
        request = self._request
        with self._tally.timing("StoreMs"):
            found = unnumbered_slice(self._fetch, request)
        self._sure = True
        if self._view().head is not None:
            return None
        self._tally.add("PageSize", len(found.messages))
        token = self._token(found, cursor_keys, self._deployment.store.tables.generation)
        return HistoryPage([message for _, message in found.messages], token, NOT_ADOPTED)

    def _judged(self, view: View) -> Head | None:
        """The head, if the caller may read the room; and where what they may see begins. That is judged by a
        consistent look."""
        self._seen = view
        head, member = open_history(view, self._caller), view.member
        if head is None or member is None or not (head.history_from or member.joined_epoch > head.epoch):
            return head
        from chat.steps.history_floor import floor_of  # noqa: PLC0415  rooms that show all are not to pay for it

        if not self._sure:
            self._sure = True
            return self._judged(self._view())
        self._floor = floor_of(self._deployment, self._request.room, view, self._caller, self._deadline)
        return head

    def _look_at_clock(self) -> bool:
        """Look again, as the first answer may have told the time; take it if that makes a difference, and say whether.

        The milliseconds that the answer took make none: a bound that moved with them would be read once more.
        """
        now, self._recency = self._deployment.now(), self._deployment.recency()
        if self._deployment.clock_in_doubt():
            self._tally["ClockInDoubt"] = 1
        has_aged = abs(now - self._now) > self._deployment.max_clock_skew_ms
        self._now = now if has_aged else self._now
        return has_aged

    def _is_changed_lately(self, head: Head) -> bool:
        return self._recency.covers(head.changed_at, head.change_written_at)

    def _carry_over(self) -> bool:
        """Take a position from before the room's adoption to where it is now; whether there was one."""
        request = self._request
        if not is_mark(request.position):
            return False
        position, seq = carried_over(self._fetch, request.position, forward=request.forward)
        self._request = replace(request, position=position, seq=seq)
        return True

    @property
    def _fetch(self) -> Fetch:
        store, room = self._deployment.store, self._request.room
        return lambda low, high, count, forward, start: retried(
            self._deployment,
            lambda: store.tables.query_page(
                room.table,
                room.partition_key,
                low,
                high,
                forward=forward,
                count=count,
                consistent=True,
                start=start,
            ),
            self._deadline,
        )

    def _view(self) -> View:
        request = self._request
        return retried(
            self._deployment,
            lambda: self._deployment.store.view(request.room, self._caller.user_id, consistent=self._sure),
            self._deadline,
        )

    def _low(self, head: Head | None) -> str:
        """The key to read from: the latest of `after`, the floors of the retention and of what the caller may see,
        and, reading forward, the position."""
        request = self._request
        floor = keys.message_floor(readable_since(head, self._deployment.defaults, self._now))
        bound = "" if request.after is None else keys.message_floor(request.after + 1)
        return max(floor, bound, request.position if request.forward else "", self._floor)

    def _bound(self, head: Head | None) -> str:
        """The key to read up to: past the room's newest message, whatever clock stamped that.

        Keys of dates from before numbering lie beyond the year that is read else, until 2032.
        """
        before = self._request.before
        end = max(self._now + YEAR_MS, head.ts + 1 if head else 0)
        return keys.message_floor(end if before is None else min(before, end))

    def _slice(self, low: str, *, consistent: bool) -> Slice:
        request, high = self._request, self._high
        if low > high or (not request.forward and request.position and request.position <= low):
            return Slice([], None)
        is_within = low <= request.position <= high  # the floor may have risen past it
        start = request.position if is_within else ""
        with self._tally.timing("StoreMs"):
            return retried(
                self._deployment,
                lambda: self._deployment.store.slice(
                    request.room,
                    low,
                    high,
                    forward=request.forward,
                    limit=request.limit,
                    now_s=self._now // 1_000,
                    consistent=consistent,
                    start=start or None,
                ),
                self._deadline,
            )

    def _fits(self, found: Slice, guess: str, low: str) -> bool:
        """Whether a page read from `guess` upwards is the page that reading from `low` would have given."""
        if low > guess:
            return all(sort_key >= low for sort_key, _ in found.messages)
        return low == guess or not (self._request.forward or found.position is None)

    def _visible(self, found: Slice, low: str, head: Head) -> tuple[Slice, bool]:
        """`found` up to what is not visible yet, and whether that is all of it. A cut page always reads
        on."""
        shown, is_shown = self._changed(found, head)
        page, is_complete = self._cut(shown, low, head)
        return page, is_shown and is_complete

    def _changed(self, found: Slice, head: Head) -> tuple[Slice, bool]:
        """`found` up to the first message without a change that the head counts: `changes` would not bring it
        again."""
        request = self._request
        if not self._is_changed_lately(head):
            return found, True
        store, recency = self._deployment.store, self._recency
        least = retried(
            self._deployment,
            lambda: recent_changes(store, request.room, head, recency=recency),
            self._deadline,
        )
        shown = {} if least is None else least
        kept = [*takewhile(lambda each: (each[1].rev or 0) >= shown.get(each[0], 0), found.messages)]
        if least is None:
            kept = []  # whatever it is that is not visible yet, it may be about any of them
        if least is not None and len(kept) == len(found.messages):
            return found, True
        return Slice(kept, kept[-1][0] if kept else request.position), False

    def _cut(self, found: Slice, low: str, head: Head) -> tuple[Slice, bool]:
        """`found` up to the first recent gap in `seq`, and whether it is complete."""
        forward, recency = self._request.forward, self._recency
        rising = [numbered(*each) for each in found.messages]
        rising = rising if forward else rising[::-1]
        newer = self._newer_edge(found, head)
        if not any(recency.covers(spot.ts, spot.written_at) for spot in (*rising[-1:], newer)):
            return found, True
        row = [self._older_edge(found, low, [*rising, newer]), *rising, newer]
        count = before_recent_gap(row if forward else row[::-1], recency, forward=forward)
        if count is None:
            return found, True
        kept = found.messages[: count - 1]
        return Slice(kept, kept[-1][0] if kept else self._request.position), False

    def _newer_edge(self, found: Slice, head: Head) -> Numbered:
        """What stands just after the page's newest message."""
        request = self._request
        if not request.forward and request.position:
            return Numbered(keys.instant(request.position), request.seq)
        if (request.forward and found.position is not None) or (request.after or 0) >= head.ts:
            return UNKNOWN
        if request.before is None or request.before > head.ts:
            # The page must reach the head: the next number is yet to come.
            return Numbered(head.ts, head.seq + 1, head.written_at)
        if not self._recency.covers(request.before):
            return UNKNOWN
        return self._nearest(self._high, keys.MESSAGES_END, forward=True) or UNKNOWN

    def _older_edge(self, found: Slice, low: str, rising: list[Numbered]) -> Numbered:
        """What stands just before the page's oldest message. It costs a request where that is recent and no
        cursor says."""
        request = self._request
        if request.forward and request.position and request.seq is not None:
            return Numbered(keys.instant(request.position), request.seq)
        if not request.forward and found.position is not None:
            return UNKNOWN
        oldest = rising[0]
        if oldest.seq in (None, 1) or not self._recency.covers(oldest.ts, oldest.written_at):
            return UNKNOWN
        below = keys.message_floor(oldest.ts) if found.messages else low
        return self._nearest(keys.message_floor(0), below, forward=False) or Numbered(0, 0)

    def _nearest(self, low: str, high: str, *, forward: bool) -> Numbered | None:
        """The message beyond an edge of the page, even if it has expired."""
        beyond = retried(
            self._deployment,
            lambda: self._deployment.store.slice(
                self._request.room, low, high, forward=forward, limit=1, now_s=0, consistent=True
            ),
            self._deadline,
        )
        return next((numbered(*each) for each in beyond.messages), None)

    def _token(self, page: Slice, cursor_keys: CursorKeys, generation: int) -> str | None:
        if page.position is None:
            return None
        request = self._request
        numbers = {request.position: request.seq} | {key: message.seq for key, message in page.messages[-1:]}
        seq = numbers.get(page.position)
        bounds = request.forward, request.after, request.before
        cursor = Cursor(request.room.id, *bounds, page.position, seq, generation)
        return seal(cursor, cursor_keys)
