"""Which messages of a room somebody may see: all, or in a room whose history is visible from joining those that
came after they joined. The number of the newest message at the joining (`joinedSeq`) decides, the last joining's where
they came again.

What AppSync publishes reaches all subscribers alike. So in such a room each joining begins an epoch, in which nothing
from before it is heard, and of a message that is changed subscribers are told which it is, and no more.
"""

from dataclasses import replace

from chat.rules.access import ADMIN, RoomAccess
from chat.rules.models import Caller, Head, Member, Message
from chat.rules.record import record


@record(frozen=True, slots=True)
class Sight:
    """A room, and the membership by which it is judged what somebody sees of it (`first_visible`)."""

    head: Head
    member: Member | None

    @property
    def first(self) -> int:
        """The least number that they may see."""
        return first_visible(self.head, self.member)

    def is_outdated(self, seq: int | None, ts: int, rev: int) -> bool:
        """Whether somebody who holds the room up to `seq` (where that is not known, up to the instant `ts`, in ms) at
        `rev` has to read it afresh: another part of it is visible to them now. Either the room's rule has changed
        since, or they hold it from before they joined.

        What they hold without seeing it any more nobody would tell them the changes of.
        """
        member = self.member
        if member is None or not member.joined_seq:
            return False
        if rev < self.head.history_rev:
            return True
        if self.first == 1:
            return False
        if rev < member.joined_rev:
            return True
        if seq is None:
            return not member.joined_ts or ts < member.joined_ts
        return seq < member.joined_seq


def first_visible(head: Head | None, member: Member | None) -> int:
    """The least number that a message has which this person may see: 1 where all are, also in a room without a
    head.

    `member` is their membership as the decision about access answers it; `None` for administrators and the
    gateway, who see all. It decides nothing about access.
    """
    if head is None or member is None:
        return 1
    is_later = member.joined_epoch > head.epoch  # than the head, which may yet have become another
    return member.joined_seq + 1 if head.history_from == "joining" or is_later else 1


def first_visible_to(entry: RoomAccess) -> int:
    """The same for whoever `enter_room` has let in: administrators see all in rooms that they are in as well."""
    return first_visible(entry.head, _judged_by(entry))


def judged_member(caller: Caller, member: Member | None) -> Member | None:
    """The membership that `first_visible` goes by, where a list of memberships was read: none for administrators."""
    return None if ADMIN in caller.roles else member


def published(message: Message, actor_id: str) -> Message:
    """A message as it goes to all subscribers of its room after `actor_id` edited or removed it: where the history is
    visible from joining only which it is. Who may see it asks for it.

    Beside what the schema demands (`senderId` is the actor, as in notices) that is its number, its `rev`, and of a
    removal that it was one, after which there is nothing to ask for. One that never was changed is for nobody but the
    caller: with no epoch it equals no subscription.
    """
    if message.history_from != "joining":
        return message
    if message.rev is None:
        return replace(message, epoch=None)
    return Message(
        id=message.id,
        room_id=message.room_id,
        room_type=message.room_type,
        guild_id=message.guild_id,
        sender_id=actor_id,
        ts=message.ts,
        seq=message.seq,
        epoch=message.epoch,
        rev=message.rev,
        removed_at=message.removed_at,
        version=None,
    )


def _judged_by(entry: RoomAccess) -> Member | None:
    return None if entry.standing in ("admin", "gateway") else entry.member
