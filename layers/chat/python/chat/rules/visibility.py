"""Which messages of a room somebody may see: all, or in a room whose history is visible from joining those that
came after they joined. The number of the newest message at the joining (`joinedSeq`) decides, the last joining's where
they came again."""

from chat.rules.access import RoomAccess
from chat.rules.models import Head, Member


def first_visible(head: Head | None, member: Member | None) -> int:
    """The least number that a message has which this person may see: 1 where all are, also in a room without a
    head.

    `member` is their membership as the decision about access answers it; `None` for administrators and the
    gateway, who see all. It decides nothing about access.
    """
    if head is None or member is None or head.history_from != "joining":
        return 1
    return member.joined_seq + 1


def first_visible_to(entry: RoomAccess) -> int:
    """The same for whoever `enter_room` has let in: administrators see all in rooms that they are in as well."""
    return 1 if entry.standing in ("admin", "gateway") else first_visible(entry.head, entry.member)
