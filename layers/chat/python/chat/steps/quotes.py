"""The messages that messages answer, as whoever reads may see them now: resolved at read, and never stored.

A quote passes through the judgement of every read (`visible_messages.py`), so it is null where the message is gone or not to
be seen, and without text where that was removed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from chat.deployment import Deployment
from chat.rules.access import RoomAccess
from chat.rules.models import Message
from chat.rules.record import record
from chat.rules.rooms import Room
from chat.rules.selection import may_select
from chat.rules.visibility import first_visible_to
from chat.steps.batches import found_at
from chat.steps.retry import retried
from chat.steps.visible_messages import message_places, visible_message
from chat.storage.change_log import recent_changes
from chat.storage.places import Found, Place

QUOTED = ("id", "roomId", "senderId", "text", "ts", "seq", "rev", "removedAt", "erased", "attachments")
"""The fields of the schema's `Quote`, as those of its `Message`."""

REREADS, REREAD_PAUSE_S = 3, 0.05


@record(frozen=True, slots=True)
class QuotingPage:
    """Messages of a room that somebody has got, as they may see them."""

    room: Room
    entry: RoomAccess
    messages: Sequence[Message]


def with_quotes(
    deployment: Deployment, page: QuotingPage, selection: str | None, deadline: float
) -> list[Message]:
    """The page's messages with what they answer, where `selection` (`info.selectionSetGraphQL`) may name `quote`."""
    return pages_with_quotes(deployment, [page], selection, deadline)[0]


def pages_with_quotes(
    deployment: Deployment, pages: Sequence[QuotingPage], selection: str | None, deadline: float
) -> list[list[Message]]:
    """The same of several rooms: one read unit for each message that is answered and not on the page, in one consistent
    request for each hundred. Just after a change in a room one more request shows whether it is to be seen. Raises
    `ServiceUnavailable`."""
    if not any(each.reply_to for page in pages for each in page.messages) or not may_select(
        selection, "quote"
    ):
        return [list(page.messages) for page in pages]
    quoting = _Quoting(deployment, pages, deadline)
    return quoting.resolved()


class _Quoting:
    """The quotes of some pages on their way."""

    def __init__(self, deployment: Deployment, pages: Sequence[QuotingPage], deadline: float) -> None:
        self._deployment = deployment
        self._pages = pages
        self._deadline = deadline
        self._places = [_places(page) for page in pages]

    def resolved(self) -> list[list[Message]]:
        found, unseen = self._look()
        for _ in range(REREADS):
            if not any(unseen):
                break
            self._deployment.sleep(self._deployment.chance() * REREAD_PAUSE_S)
            found, unseen = self._look()
        parts = zip(self._pages, self._places, unseen, strict=True)
        return [self._quoted(page, places, found, gone) for page, places, gone in parts]

    def _look(self) -> tuple[Found, list[set[str]]]:
        """What is there of the messages, and of each page the ids of those that lack a change."""
        every = [place for places in self._places for place in places.values()]
        found = found_at(self._deployment, every, self._deadline, consistent=True)
        pages = zip(self._pages, self._places, strict=True)
        return found, [self._unseen(page, places, found) for page, places in pages]

    def _unseen(self, page: QuotingPage, places: Mapping[str, Place], found: Found) -> set[str]:
        """The ids of those that lack a change which the head counts: it may not be visible yet, and `changes` would not bring
        it again. All of them, where it is not known what has changed."""
        head, recency = page.entry.head, self._deployment.recency()
        if not places or not recency.covers(head.changed_at, head.change_written_at):
            return set()
        store = self._deployment.store
        least = retried(
            self._deployment, lambda: recent_changes(store, page.room, head, recency=recency), self._deadline
        )
        if least is None:
            return set(places)
        return {
            message_id
            for message_id, place in places.items()
            if (item := found.get(place))
            and int(item.get("rev", {"N": "0"})["N"]) < least.get(place.sort_key, 0)
        }

    def _quoted(
        self, page: QuotingPage, places: Mapping[str, Place], found: Found, unseen: set[str]
    ) -> list[Message]:
        now, first = self._deployment.now(), first_visible_to(page.entry)
        known: dict[str, Message | None] = {
            each.id: each if (each.seq or 0) >= first else None for each in page.messages
        }
        for message_id, place in places.items():
            item = None if message_id in unseen else found.get(place)
            known[message_id] = visible_message(self._deployment, page.room, page.entry, item, now)
        return [
            each if each.reply_to is None else replace(each, quote=_quote(known.get(each.reply_to)))
            for each in page.messages
        ]


def _places(page: QuotingPage) -> dict[str, Place]:
    """Where the messages lie that are answered, by id, but for those on the page itself."""
    own = {each.id for each in page.messages}
    answered = dict.fromkeys(each.reply_to for each in page.messages if each.reply_to)
    return message_places(page.room, [each for each in answered if each not in own])


def _quote(message: Message | None) -> Mapping[str, Any] | None:
    """The schema's `Quote`."""
    if message is None:
        return None
    wire = message.to_wire()
    return {name: wire[name] for name in QUOTED}
