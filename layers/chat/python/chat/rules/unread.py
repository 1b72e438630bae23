"""How many messages somebody has not read: computed from markers, never counted."""

from chat.rules.models import Head, Member, Receipts


def unread(head: Head, member: Member, receipts: Receipts | None) -> int:
    """The messages above whatever the member read, sent or found there when they came.

    Sending reads up to one's own message; what a room had before it was adopted counts as read, since nobody
    could mark it. `receipts` is `None` for somebody who never marked anything.
    """
    read = receipts.last_read_seq if receipts else 0
    return max(0, head.seq - max(read, member.last_sent_seq, member.joined_seq, head.adopted_seq))
