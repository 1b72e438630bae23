"""Up to where somebody has read, from markers. What lies above it is counted by `chat/steps/unread.py`."""

from chat.rules.models import Head, Member, Receipts


def read_up_to(head: Head, member: Member, receipts: Receipts | None) -> int:
    """The number of the last message that the member read, sent or found there when they came.

    Sending reads up to one's own message; what a room had before it was adopted counts as read, since nobody
    could mark it. `receipts` is `None` for somebody who never marked anything.
    """
    read = receipts.last_read_seq if receipts else 0
    return min(head.seq, max(read, member.last_sent_seq, member.joined_seq, head.adopted_seq))
