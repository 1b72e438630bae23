"""Whether what was sent to a room has arrived: what a heartbeat makes of one room's receipts.

A delivery is due where a message came while somebody's client was connected: between two of its heartbeats
that are at most `OFFLINE_AFTER_MS` apart and both name the room. Each heartbeat notes the room's newest
message; the next one, or one after it if that comes at once, judges what the client has of what was noted. So
a message has at least `SETTLING_MS` to arrive, and is judged once for each person, since the markers only
grow.
"""

from dataclasses import replace

from chat.rules.models import Head, Receipts
from chat.rules.record import record
from chat.steps.ledger import LONGEST_MS, DeliveryCount

SETTLING_MS = 10_000
"""Two clients of one person may come a second apart: what was noted a moment ago is not judged yet."""


@record(frozen=True, slots=True)
class ClientReport:
    """What a client says of a room, and what is known of it.

    `seq`: up to where nothing is missing, at most the head's. `ts`: that message's instant (ms), if the
    client named it. `connected`: whether the heartbeat before this named the room, too, and was not long ago.
    `now` is in milliseconds.
    """

    head: Head
    seq: int
    ts: int | None
    joined_seq: int
    connected: bool
    now: int


def account(receipts: Receipts, report: ClientReport) -> Receipts:
    """The receipts after a heartbeat. Where the head has not moved and nothing new is delivered, they are the
    same."""
    receipts = replace(receipts, delivered_seq=max(receipts.delivered_seq, report.seq))
    newest = max(receipts.due_seq, report.head.seq)
    if not report.connected:
        is_there = receipts.accounted_seq == receipts.due_seq == newest
        return (
            receipts
            if is_there
            else replace(receipts, accounted_seq=newest, due_seq=newest, due_at=report.now)
        )
    if receipts.accounted_seq < receipts.due_seq and abs(report.now - receipts.due_at) < SETTLING_MS:
        return receipts
    noted_at = report.now if newest > receipts.due_seq else receipts.due_at
    return replace(receipts, accounted_seq=receipts.due_seq, due_seq=newest, due_at=noted_at)


def count_deliveries(before: Receipts, after: Receipts, report: ClientReport) -> DeliveryCount:
    """What to count, given the receipts before and after a heartbeat or a confirmation."""
    if not report.connected:
        return DeliveryCount()
    low = max(before.accounted_seq, report.joined_seq)
    due = max(0, after.accounted_seq - low)
    delivered = max(0, min(after.delivered_seq, after.accounted_seq) - low)
    return DeliveryCount(due, delivered, confirm_ms(before, after, report))


def confirm_ms(before: Receipts, after: Receipts, report: ClientReport) -> int | None:
    """How long the newest message that is confirmed by this was on its way, in milliseconds.

    `None` unless it was sent while the client was connected, is confirmed for the first time, and its instant
    is known. A client's instant is believed within what can be.
    """
    fresh = max(before.accounted_seq, before.delivered_seq, report.joined_seq)
    if not report.connected or report.seq <= fresh or after.delivered_seq != report.seq:
        return None
    ts = report.head.ts if report.seq == report.head.seq else report.ts
    if ts is None or ts > report.head.ts:
        return None
    took = max(0, report.now - ts)  # another machine's clock stamped it
    return took if took <= LONGEST_MS else None
