"""Say how far the caller's client has every message, which AppSync then publishes to `onReceipt`."""

from collections.abc import Mapping
from typing import Any

from chat.deployment import Deployment
from chat.rules.arguments import check_instant
from chat.rules.models import Caller
from chat.rules.tally import Tally
from chat.steps.delivery_accounting import ClientReport, confirm_ms
from chat.steps.ledger import DeliveryCount, add_to_ledger, count_metrics
from chat.steps.marking import Mark, check_mark, mark
from chat.steps.presence_items import NOBODY, Presence, is_connected, presence_place


def mark_delivered(
    deployment: Deployment, caller: Caller, arguments: Mapping[str, Any], tally: Tally
) -> dict[str, Any]:
    """Move what the caller's clients have to `arguments` (`roomId`, `seq`, `ts`); answers the schema's
    `Receipt`.

    What came while the caller's client was connected, as its heartbeats tell, goes into the room's delivery
    ledger. Raises `InvalidInput`, `NotRoomMember`, `NotAllowed`, `ServiceUnavailable`.
    """
    room, seq = check_mark(arguments)
    ts = check_instant(arguments.get("ts"))
    person = presence_place(caller.user_id)
    marked = mark(deployment, caller, Mark(room, seq, ("delivered_seq",), "delivered_seq", (person,)))
    item = marked.found.get(person)
    report = ClientReport(
        head=marked.access.head,
        seq=seq,
        ts=ts,
        joined_seq=marked.access.member.joined_seq,
        connected=is_connected(Presence.found(item) or NOBODY, room, marked.now),
        now=marked.now,
    )
    adds = [DeliveryCount(confirm_ms=confirm_ms(marked.before, marked.after, report))]
    count_metrics(tally, adds, entered=add_to_ledger(deployment, room, adds, marked.now))
    return marked.answer
