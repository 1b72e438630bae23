"""What a room's delivery ledger says of its last hours."""

from collections.abc import Mapping
from typing import Any

from chat.deployment import Deployment
from chat.rules.access import enter_room
from chat.rules.arguments import is_whole
from chat.rules.errors import InvalidInput
from chat.rules.instants import to_wire
from chat.rules.models import Caller
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.steps.ledger import HOUR_MS, total_of
from chat.steps.retry import deadline_of, retried
from chat.storage import keys

DEFAULT_HOURS, MOST_HOURS = 24, 168


def delivery(
    deployment: Deployment, caller: Caller, arguments: Mapping[str, Any], tally: Tally
) -> dict[str, Any]:
    """The deliveries of the room in `arguments` (`roomId`, `hours`); answers the schema's `DeliveryReport`.

    Raises `InvalidInput`, `NotRoomMember`, `NotAllowed`, `ServiceUnavailable`.
    """
    room, hours = Room.parse(arguments.get("roomId")), _hours(arguments.get("hours"))
    store, deadline = deployment.store, deadline_of(deployment)
    view = retried(deployment, lambda: store.view(room, caller.user_id, consistent=False), deadline)
    enter_room(view, caller, "measure")
    last = deployment.now() // HOUR_MS
    first = last - hours + 1
    items, _ = retried(
        deployment,
        lambda: store.tables.query_page(
            room.table,
            keys.ledger(room.partition_key),
            keys.hour(first),
            keys.hour(last),
            forward=True,
            count=MOST_HOURS,
            consistent=False,
        ),
        deadline,
    )
    total = total_of(items)
    return {
        "roomId": room.id,
        "since": to_wire(first * HOUR_MS),
        "sent": total.due,
        "delivered": total.delivered,
        "percent": total.percent,
        "p50Ms": total.percentile(50),
        "p95Ms": total.percentile(95),
        "p99Ms": total.percentile(99),
    }


def _hours(value: object) -> int:
    if value is None:
        return DEFAULT_HOURS
    if not is_whole(value, 1, MOST_HOURS):
        raise InvalidInput("delivery.hours", argument="hours", max=MOST_HOURS)
    return value
