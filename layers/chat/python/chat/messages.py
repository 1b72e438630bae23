"""Read a room's history: pages that never skip.

Head and membership are read beside the page, in one wave. Where what they say does not fit the page (another
retention, a head that the page does not reach, a young hole in `seq`), the page is read again, after them.
"""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from chat import keys
from chat.access import View, open_room
from chat.cursor import Cursor, CursorKeys, seal, unseal
from chat.deployment import Deployment
from chat.errors import InvalidInput
from chat.instants import from_wire, to_wire
from chat.models import Caller, Head, Message
from chat.retry import retried
from chat.rooms import Room
from chat.store import Slice
from chat.tally import Tally

DEFAULT_LIMIT, MAX_LIMIT = 50, 100
YOUNG_MS = 10_000
"""Reads are read-committed: n+1 may show before n. A hole this young may yet be filled; an older one is history."""
REREADS, REREAD_PAUSE_S = 3, 0.05

_beside = ThreadPoolExecutor(max_workers=8, thread_name_prefix="view")


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked for. `after` and `before` are exclusive bounds in ms; `position` and `seq` come from a cursor."""

    room: Room
    forward: bool
    limit: int
    after: int | None
    before: int | None
    position: str
    seq: int | None


@dataclass(frozen=True, slots=True)
class Page:
    """A page of history and the room's head; `to_wire` is the schema's `MessageConnection`."""

    items: list[Message]
    next_token: str | None
    head: Head

    def to_wire(self) -> dict[str, Any]:
        head = self.head
        return {
            "items": [message.to_wire() for message in self.items],
            "nextToken": self.next_token,
            "head": {"seq": head.seq, "ts": to_wire(head.ts) if head.seq else None, "epoch": head.epoch},
        }


def messages(
    deployment: Deployment,
    cursor_keys: CursorKeys,
    caller: Caller,
    arguments: Mapping[str, Any],
    tally: Tally,
) -> Page:
    """One page for `arguments` (`roomId`, `after`, `before`, `order`, `limit`, `nextToken`).

    Raises `InvalidInput`, `NotRoomMember` and `ServiceUnavailable`.
    """
    question = check_question(arguments, cursor_keys)
    return _Reading(deployment, question, caller, tally).page(cursor_keys)


def check_question(arguments: Mapping[str, Any], cursor_keys: CursorKeys) -> Question:
    """The question in `arguments`. Raises `InvalidInput`; reads nothing."""
    room = Room.parse(arguments.get("roomId"))
    limit = arguments.get("limit")
    limit = DEFAULT_LIMIT if limit is None else limit
    if not isinstance(limit, int) or isinstance(limit, bool) or not 1 <= limit <= MAX_LIMIT:
        raise InvalidInput("history.limit", argument="limit", max=MAX_LIMIT)
    order = arguments.get("order") or "NEWEST_FIRST"
    if order not in ("NEWEST_FIRST", "OLDEST_FIRST"):
        raise InvalidInput("history.order", argument="order")
    after, before = _bound(arguments, "after"), _bound(arguments, "before")
    question = Question(room, order == "OLDEST_FIRST", limit, after, before, "", None)
    token = arguments.get("nextToken")
    return question if token is None else _continued(question, unseal(token, cursor_keys))


def _bound(arguments: Mapping[str, Any], argument: str) -> int | None:
    """An exclusive bound in whole milliseconds. Stored instants have no finer parts, so a finer `before` is rounded up."""
    value = arguments.get(argument)
    if value is None:
        return None
    try:
        floor, exact = from_wire(value)
    except ValueError:
        raise InvalidInput("history.instant", argument=argument) from None
    return floor if exact or argument == "after" else floor + 1


def _continued(question: Question, cursor: Cursor) -> Question:
    """The question, read on from `cursor`. Bounds may be left out; what is given must be what the cursor holds."""
    same = (
        cursor.room == question.room.id
        and cursor.forward == question.forward
        and question.after in (None, cursor.after)
        and question.before in (None, cursor.before)
    )
    if not same:
        raise InvalidInput("history.cursorConflict", argument="nextToken")
    return replace(
        question, after=cursor.after, before=cursor.before, position=cursor.position, seq=cursor.seq
    )


class _Reading:
    """One page on its way."""

    def __init__(self, deployment: Deployment, question: Question, caller: Caller, tally: Tally) -> None:
        self._deployment = deployment
        self._question = question
        self._caller = caller
        self._tally = tally
        self._now = deployment.now()

    def page(self, cursor_keys: CursorKeys) -> Page:
        deployment, room = self._deployment, self._question.room
        guess = self._low(deployment.memory.heads.get(room.partition_key))
        looking = _beside.submit(self._view)
        found = self._slice(guess, consistent=self._question.forward)
        head = open_room(looking.result()).head
        deployment.memory.heads.put(room.partition_key, head, deployment.monotonic())
        low = self._low(head)
        if not self._fits(found, guess, low):
            found = self._slice(low, consistent=self._question.forward)
        whole, complete = self._cut(found, head)
        for _ in range(REREADS):
            if complete:
                break
            self._tally.add("Rereads")
            deployment.sleep(deployment.chance() * REREAD_PAUSE_S)
            whole, complete = self._cut(self._slice(low, consistent=True), head)
        self._tally.add("PageSize", len(whole.messages))
        return Page([message for _, message in whole.messages], self._token(whole, cursor_keys), head)

    def _view(self) -> View:
        question = self._question
        return retried(
            self._deployment,
            lambda: self._deployment.store.view(
                question.room, self._caller.user_id, consistent=question.forward
            ),
        )

    def _low(self, head: Head | None) -> str:
        """The key to read from: the latest of `after`, the retention's floor and, reading forward, the position."""
        question, defaults = self._question, self._deployment.defaults
        settings = head.settings(defaults) if head else defaults
        floor = keys.message_floor(self._now - settings.retention_ms)
        bound = "" if question.after is None else keys.message_floor(question.after + 1)
        return max(floor, bound, question.position if question.forward else "")

    def _slice(self, low: str, *, consistent: bool) -> Slice:
        question = self._question
        high = keys.MESSAGES_END if question.before is None else keys.message_floor(question.before)
        if low > high or (not question.forward and question.position and question.position <= low):
            return Slice([], None)
        start = question.position if question.position >= low else ""  # the floor may have risen past it
        with self._tally.timing("StoreMs"):
            return retried(
                self._deployment,
                lambda: self._deployment.store.slice(
                    question.room,
                    low,
                    high,
                    forward=question.forward,
                    limit=question.limit,
                    now_s=self._now // 1_000,
                    consistent=consistent,
                    start=start or None,
                ),
            )

    def _fits(self, found: Slice, guess: str, low: str) -> bool:
        """Whether a page read from `guess` upwards is the page that reading from `low` would have given."""
        if low > guess:
            return all(sort_key >= low for sort_key, _ in found.messages)
        return low == guess or not (self._question.forward or found.position is None)

    def _cut(self, found: Slice, head: Head) -> tuple[Slice, bool]:
        """`found` up to the first young hole in `seq`, and whether it is complete. A cut page always reads on."""
        question = self._question
        kept: list[tuple[str, Message]] = []
        position, seq = question.position, question.seq
        if question.forward and seq is None:
            seq = self._number_before(found)
        for sort_key, message in found.messages:
            newer = sort_key if question.forward else position
            if newer and _hole(seq, message.seq) and self._is_young(keys.instant(newer)):
                return Slice(kept, position), False
            kept.append((sort_key, message))
            position, seq = sort_key, message.seq
        if self._lacks_newest(found, head):
            return Slice(kept, position if question.forward else found.position), False
        return found, True

    def _number_before(self, found: Slice) -> int | None:
        """The `seq` before a page whose first message is young and has no cursor to compare with; else `None`."""
        if not found.messages:
            return None
        sort_key, first = found.messages[0]
        if first.seq in (None, 1) or not self._is_young(keys.instant(sort_key)):
            return None
        before = retried(
            self._deployment,
            lambda: self._deployment.store.slice(
                self._question.room,
                keys.message_floor(0),
                sort_key,
                forward=False,
                limit=1,
                now_s=0,
                consistent=True,
                start=sort_key,
            ),
        )
        return before.messages[0][1].seq if before.messages else 0

    def _lacks_newest(self, found: Slice, head: Head) -> bool:
        """Whether the page ought to show the room's newest message, just written, and does not."""
        question = self._question
        if not head.seq or not self._is_young(head.ts):
            return False
        if (question.before or keys.LATEST_MS) <= head.ts or (question.after or 0) >= head.ts:
            return False
        if question.forward:
            last = found.messages[-1][1].seq if found.messages else question.seq
            return found.position is None and (last or 0) < head.seq
        first = found.messages[0][1].seq if found.messages else None
        return not question.position and (first or 0) < head.seq

    def _is_young(self, ts: int) -> bool:
        return self._now - ts < YOUNG_MS

    def _token(self, whole: Slice, cursor_keys: CursorKeys) -> str | None:
        if whole.position is None:
            return None
        question = self._question
        numbers = {question.position: question.seq} | {
            key: message.seq for key, message in whole.messages[-1:]
        }
        seq = numbers.get(whole.position)
        cursor = Cursor(
            question.room.id, question.forward, question.after, question.before, whole.position, seq
        )
        return seal(cursor, cursor_keys)


def _hole(one: int | None, other: int | None) -> bool:
    """Whether numbers are missing between neighbours. Messages from before numbering have none to miss."""
    return one is not None and other is not None and abs(one - other) > 1
