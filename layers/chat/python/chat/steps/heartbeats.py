"""What becomes of a heartbeat: the same for one person who calls and for many whom a service reports."""

from chat.deployment import Deployment
from chat.rules.devices import Heartbeat, is_counted
from chat.rules.errors import RateLimited
from chat.rules.models import Head, Item, Member, Receipts
from chat.rules.rate import to_ms
from chat.rules.record import record
from chat.rules.rooms import Room
from chat.steps.delivery_accounting import ClientReport, account, count_deliveries
from chat.steps.heartbeat_request import RoomProgress
from chat.steps.ledger import DeliveryCount
from chat.steps.presence_items import (
    HEARTBEATS,
    NOBODY,
    Presence,
    heard_of,
    heartbeat_write,
    is_connected,
    rate_state,
)
from chat.steps.receipt_items import move_receipts
from chat.steps.retry import attempts
from chat.storage.aws import ConditionFailed, TransientFailure
from chat.storage.places import receipts_place


@record(frozen=True, slots=True)
class RoomMember:
    """Somebody in a room, which has a head, as they were seen there."""

    room: Room
    user_id: str
    head: Head
    member: Member
    receipts: Receipts


def within_rate(item: Item | None, now: int) -> Presence:
    """The person as their last heartbeat left them, with one more at `now` (ms) within the rate. Raises
    `RateLimited`."""
    presence = Presence.found(item) or NOBODY
    check_rate(presence, now)
    return presence


def check_rate(presence: Presence, now: int) -> None:
    """Raises `RateLimited` where the person may not be heard of once more at `now` (ms)."""
    if wait := HEARTBEATS.wait(rate_state(presence, now), now * 1_000):
        raise RateLimited(to_ms(wait), "person")


def move_progress(
    deployment: Deployment,
    member: RoomMember,
    progress: RoomProgress,
    presence: Presence,
    now: int,
    deadline: float,
) -> tuple[Receipts, DeliveryCount]:
    """Move somebody's receipts in one room; their state then, and what it says of deliveries. Raises
    `ServiceUnavailable`."""
    report = ClientReport(
        head=member.head,
        seq=min(progress.seq, member.head.seq),
        ts=progress.ts,
        joined_seq=member.member.joined_seq,
        connected=is_connected(presence, member.room, now),
        now=now,
    )
    place = receipts_place(member.room, member.user_id)
    before, after = move_receipts(
        deployment, place, member.receipts, lambda receipts: account(receipts, report), deadline
    )
    return after, count_deliveries(before, after, report)


def write_heartbeat(
    deployment: Deployment, presence: Presence, user_id: str, heartbeat: Heartbeat, deadline: float
) -> tuple[Presence, bool]:
    """Write the heartbeat beside what other devices have written meanwhile; the person then, and whether they are to be
    counted in the room that is open. Raises `RateLimited`, `ServiceUnavailable`."""
    for _ in attempts(deployment, deadline):
        try:
            write = heartbeat_write(presence, user_id, heartbeat, deployment.presence_days)
            deployment.store.tables.update(write)
        except ConditionFailed as overtaken:
            presence = within_rate(overtaken.item, heartbeat.now)
        except TransientFailure:
            continue
        else:
            return heard_of(presence, heartbeat), not is_counted(presence.by_key(), heartbeat)
    raise AssertionError("attempts end by raising")
