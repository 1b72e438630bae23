"""What a send adds for what it refers to: the message that it answers, and the people whom it mentions.

Those are judged once, before the commit: that the message is there and that the people are in the room. What changes
between is no fault of the send's: a quote is resolved when it is read, and whoever has left has no unread mentions. The
right to mention everybody is judged again with each look at the membership, and holds at the commit, since the charge
depends on the role.
"""

import json
from collections.abc import Mapping
from typing import Any

from chat.deployment import Deployment
from chat.rules.access import Access, RoomAccess, may_mention_all
from chat.rules.arguments import check_flag
from chat.rules.errors import InvalidInput, NotAllowed
from chat.rules.mentions import check_mentions, not_in_the_room, to_json
from chat.rules.models import Member
from chat.rules.projections import check_projections
from chat.rules.record import record
from chat.rules.rooms import Room
from chat.rules.text import fingerprint
from chat.steps.visible_messages import visible_message
from chat.storage import keys
from chat.storage.mention_items import all_mention_place, mention_write
from chat.storage.places import Found, Place, in_room, membership_place
from chat.storage.send_attempt import SendAttempt
from chat.storage.tables import Write


@record(frozen=True, slots=True)
class References:
    """What one send refers to: by `reply_to` a message of the room, by `mentions` people, each once."""

    room: Room
    reply_to: str | None
    mentions: tuple[str, ...]
    mentions_all: bool

    @property
    def places(self) -> list[Place]:
        """Where the message and the memberships lie."""
        message = [in_room(self.room, self._message_key)] if self.reply_to is not None else []
        return [*message, *(membership_place(self.room, each) for each in self.mentions)]

    def fingerprint(self, of_text: str) -> str:
        """The hash that a repeat must match: over these references, and over the text by its own."""
        referred = [self.reply_to, sorted(self.mentions), self.mentions_all]
        return fingerprint(json.dumps(referred, separators=(",", ":")), of_text)

    def judge(self, deployment: Deployment, found: Found, access: Access) -> None:
        """Raises `InvalidInput` where the message is not to be seen, or somebody is not in the room. `found` has those of
        `places` that are there."""
        if self.reply_to is not None:
            entry = RoomAccess(access.head, access.member, access.member.role)
            item = found.get(in_room(self.room, self._message_key))
            message = visible_message(deployment, self.room, entry, item, deployment.now())
            if message is None or message.removed_at is not None:
                raise _not_found()
        for each in self.mentions:
            member = Member.found(found.get(membership_place(self.room, each)))
            if member is None or member.status != "active":
                raise not_in_the_room()

    def refusal(self, access: Access) -> NotAllowed | None:
        """Why this member may not refer to that."""
        if self.mentions_all and not may_mention_all(access.member):
            return NotAllowed("room.role", reason="role")
        return None

    @property
    def stamped(self) -> Mapping[str, Any]:
        """What the message is made with."""
        return {
            "reply_to": self.reply_to,
            "mentions": to_json(self.mentions),
            "mentions_all": 1 if self.mentions_all else None,
        }

    def writes(self, attempt: SendAttempt) -> list[Write]:
        """What goes with the message, in its own transaction: that it mentions everybody. Those whom it mentions by their
        ids get their items by the projection."""
        if not self.mentions_all:
            return []
        place = all_mention_place(attempt.room, attempt.message.seq or 0)
        return [mention_write(place, attempt.message, attempt.expires_at)]

    @property
    def _message_key(self) -> str:
        """Raises `InvalidInput`: ids from before this backend do not tell where their message lies."""
        sort_key = keys.message_of(self.reply_to or "")
        if sort_key is None:
            raise _not_found()
        return sort_key


def check_references(deployment: Deployment, room: Room, arguments: Mapping[str, Any]) -> References:
    """What a send's `replyTo`, `mentions` and `mentionsAll` name. Reads nothing.

    Raises `InvalidInput`, and `NotAllowed` for mentions where nothing would tell people of them.
    """
    reply_to = arguments.get("replyTo")
    if reply_to is not None and (not isinstance(reply_to, str) or keys.message_of(reply_to) is None):
        raise _not_found()
    mentions = check_mentions(arguments.get("mentions"))
    if mentions:
        check_projections(deployment.projections)
    return References(room, reply_to, mentions, check_flag(arguments, "mentionsAll"))


def _not_found() -> InvalidInput:
    return InvalidInput("message.notFound", argument="replyTo")
