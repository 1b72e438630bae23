"""A user whose heartbeats are measured, and the ledger's figures about them."""

import uuid
from collections.abc import Mapping
from typing import Any, Protocol

from chat.deployment import Deployment
from chat.operations.delivery import delivery
from chat.operations.heartbeat import heartbeat
from chat.operations.heartbeats import heartbeats
from chat.rules.errors import RateLimited
from chat.rules.models import Caller, Receipts
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.storage.places import receipts_place

ADMIN = Caller("ann", frozenset({"admin"}))
GATEWAY = Caller("gateway", frozenset({"gateway"}))


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


class SendHeartbeat(Protocol):
    """A heartbeat of somebody who has a room up to `seq`."""

    def __call__(
        self, deployment: Deployment, user: Caller, room: str, seq: int, tally: Tally | None = None
    ) -> None: ...


def send_alone(deployment: Deployment, user: Caller, room: str, seq: int, tally: Tally | None = None) -> None:
    """By the person's own client."""
    heartbeat(
        deployment, user, {"rooms": [{"roomId": room, "seq": seq}]}, Tally() if tally is None else tally
    )


def send_by_gateway(
    deployment: Deployment, user: Caller, room: str, seq: int, tally: Tally | None = None
) -> None:
    """The same, said by the gateway."""
    own = Tally()
    reported(deployment, user, {"rooms": [{"roomId": room, "seq": seq}]}, own)
    if tally is not None:
        tally |= {name: count for name, count in own.items() if not name.startswith("People")}


def reported(deployment: Deployment, user: Caller, said: Mapping[str, Any], tally: Tally) -> dict[str, Any]:
    """What `heartbeats` answers about one person. Raises `RateLimited`."""
    people = [{"userId": user.user_id, **said}]
    (answer,) = heartbeats(deployment, GATEWAY, {"people": people}, tally)
    if answer["errorType"] == "RateLimited":
        raise RateLimited(0, "person")
    assert answer["errorType"] is None
    return answer
