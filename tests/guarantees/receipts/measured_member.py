"""A user whose heartbeats are measured, and the ledger's figures about them."""

import uuid

from chat.deployment import Deployment
from chat.operations.delivery import delivery
from chat.operations.heartbeat import heartbeat
from chat.rules.models import Caller, Receipts
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.storage.places import receipts_place

ADMIN = Caller("ann", frozenset({"admin"}))


def new_user() -> Caller:
    """A user whose client has sent no heartbeat yet."""
    return Caller(f"bob-{uuid.uuid4().hex[:12]}")


def receipts_of(deployment: Deployment, room: Room, user: Caller) -> Receipts:
    item = deployment.store.tables.get(receipts_place(room, user.user_id))
    return Receipts.of(item) if item else Receipts()


def ledger(deployment: Deployment, room_id: str) -> tuple[int, int]:
    """How many deliveries were due by the room's ledger, and how many were confirmed."""
    report = delivery(deployment, ADMIN, {"roomId": room_id, "hours": 168}, Tally())
    return report["sent"], report["delivered"]


def send_heartbeat(
    deployment: Deployment, user: Caller, room: str, seq: int, tally: Tally | None = None
) -> None:
    heartbeat(
        deployment, user, {"rooms": [{"roomId": room, "seq": seq}]}, Tally() if tally is None else tally
    )
