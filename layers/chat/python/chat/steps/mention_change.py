"""What an edit adds for the mentions in a message: whom it mentions now, whom no more, and whether everybody.

Whoever is mentioned anew must be in the room; whoever was mentioned before may have left since. Items of people who are
mentioned no more are deleted in the edit's own transaction, whether the projection has written them yet or not: it writes
none that the message, as it is then, does not ask for.
"""

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any

from chat.deployment import Deployment
from chat.rules.access import Access, may_mention_all
from chat.rules.arguments import check_flag
from chat.rules.errors import NotAllowed
from chat.rules.mentions import check_mentions, mentioned_in, not_in_the_room, to_json
from chat.rules.models import Member, Message
from chat.rules.projections import check_projections
from chat.rules.record import record
from chat.rules.rooms import Room
from chat.storage.mention_items import all_mention_place, mention_write, unmention_writes
from chat.storage.places import Found, Place, membership_place
from chat.storage.tables import Write


@record(frozen=True, slots=True)
class MentionChange:
    """What one edit changes: attributes of the message to set and to remove, marks of the head, and writes beside them."""

    set: Mapping[str, Any] = field(default_factory=dict)
    remove: Sequence[str] = ()
    marks: Mapping[str, int] = field(default_factory=dict)
    writes: Sequence[Write] = ()

    def applied(self) -> dict[str, Any]:
        """The fields of a `Message` as this leaves them."""
        names = {"mentions": "mentions", "mentionsAll": "mentions_all"}
        gone = {names[each]: None for each in self.remove}
        return gone | {names[each]: value for each, value in self.set.items()}

    def __bool__(self) -> bool:
        return bool(self.set or self.remove)


UNCHANGED = MentionChange()


@record(frozen=True, slots=True)
class NewMentions:
    """The mentions that an edit gives: `None` for what stays as it is."""

    room: Room
    people: tuple[str, ...] | None
    everybody: bool | None

    @property
    def places(self) -> list[Place]:
        """Where the memberships of those named lie."""
        return [membership_place(self.room, each) for each in self.people or ()]

    def of(
        self, deployment: Deployment, message: Message, access: Access, found: Found, expires_at: int | None
    ) -> MentionChange:
        """What that changes in `message`, which expires at `expires_at` (seconds). `found` has those of `places` that are
        there.

        Raises `InvalidInput` for somebody new who is not in the room, `NotAllowed` for everybody without the right, and for
        people where nothing would tell them.
        """
        before = mentioned_in(message)
        after = before if self.people is None else self.people
        added, dropped = [each for each in after if each not in before], set(before).difference(after)
        if added:
            check_projections(deployment.projections)
        for each in added:
            member = Member.found(found.get(membership_place(self.room, each)))
            if member is None or member.status != "active":
                raise not_in_the_room()
        change, removed, marks = dict[str, Any](), list[str](), dict[str, int]()
        writes = unmention_writes(self.room, message, sorted(dropped))
        if added or dropped:
            change, removed = ({"mentions": to_json(after)}, []) if after else ({}, ["mentions"])
        if self.everybody is not None and self.everybody != bool(message.mentions_all):
            place = all_mention_place(self.room, message.seq or 0)
            if self.everybody:
                _check_all(access)
                change["mentionsAll"] = 1
                writes.append(mention_write(place, message, expires_at))
                marks["allSeq"] = max(access.head.all_seq, message.seq or 0)
            else:
                removed.append("mentionsAll")
                writes.append(Write(place, delete=True))
        return MentionChange(change, removed, marks, writes)


def check_new_mentions(room: Room, arguments: Mapping[str, Any]) -> NewMentions:
    """What an edit's `mentions` and `mentionsAll` name. Raises `InvalidInput`; reads nothing."""
    people, everybody = arguments.get("mentions"), arguments.get("mentionsAll")
    return NewMentions(
        room,
        None if people is None else check_mentions(people),
        None if everybody is None else check_flag(arguments, "mentionsAll"),
    )


def _check_all(access: Access) -> None:
    if not may_mention_all(access.member):
        raise NotAllowed("room.role", reason="role")
