"""Legal holds as they are stored: read where one may stand in the way, set and lifted with the job that carries it out.

All holds lie in one partition, few enough to be read at once. `REV` moves in the transaction that sets or lifts one: a
write that depends on which holds there are is conditional on it. One that has an end of its own waits for it among what is due
(`hold_ends.py`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

from chat.deployment import Deployment
from chat.rules.holds import Hold, Holds, check_held, held
from chat.rules.models import DAY_MS, Head, Item
from chat.rules.record import record
from chat.rules.rooms import Room
from chat.steps.jobs import new_job_write
from chat.steps.retry import retried
from chat.storage import keys
from chat.storage.places import Place, due_place, held_place, hold_place
from chat.storage.tables import Write

SET, LIFT = "HOLD", "LIFT_HOLD"
"""The kinds of jobs: two, since a hold may be lifted while its own job is still at work."""

FIRST_STEP = "flag"
LIFTED_IS_KEPT_MS = 90 * DAY_MS
"""How long a hold that was lifted can be looked up. The audit events outlast it."""

_LAST = "~"
_MOST_READ = 1_000


def read_holds(deployment: Deployment) -> Holds:
    """All holds that there are, in one consistent request for 1 MB. Raises `ServiceUnavailable`."""
    items: list[Item] = []
    start: str | None = None
    while True:
        found, start = retried(deployment, partial(_page, deployment, start))
        items += found
        if start is None:
            break
    rev = next((int(item["rev"]["N"]) for item in items if item["SK"]["S"] == keys.HOLDS_REV), 0)
    every = tuple(Hold.of(item) for item in items if item["SK"]["S"] != keys.HOLDS_REV)
    return Holds(rev, tuple(hold for hold in every if not _has_expired(hold, deployment.now())))


def _page(deployment: Deployment, start: str | None) -> tuple[list[Item], str | None]:
    return deployment.store.tables.query_page(
        "core", keys.HOLDS, " ", _LAST, forward=True, count=_MOST_READ, consistent=True, start=start
    )


def _has_expired(hold: Hold, now: int) -> bool:
    return hold.state == "LIFTED" and (hold.lifted_at or 0) + LIFTED_IS_KEPT_MS < now


def holds_on(deployment: Deployment, *, user_id: str | None = None, room: Room | None = None) -> None:
    """Whether what is a person's or a room's may go. Raises `NotAllowed` (`legalHold`) and `ServiceUnavailable`."""
    check_held(read_holds(deployment), user_id=user_id, room=room)


def check_may_end(deployment: Deployment, room: Room, head: Head) -> None:
    """Whether a room may end: neither it nor anybody who wrote in it is held. Raises `NotAllowed` (`legalHold`) and
    `ServiceUnavailable`."""
    holds = read_holds(deployment)
    check_held(holds, room=room)
    if head.held or any(_has_written(deployment, room, user_id) for user_id in sorted(holds.people)):
        raise held()


def check_may_be_erased(deployment: Deployment, user_id: str) -> None:
    """Whether somebody's data may go: no hold covers them or a room that they wrote in, nor one that is being lifted, whose
    job is still giving things back. Raises `NotAllowed` (`legalHold`) and `ServiceUnavailable`."""
    holds = [hold for hold in read_holds(deployment).every if hold.state != "LIFTED"]
    rooms = sorted({hold.room_id for hold in holds if hold.room_id is not None})
    if any(hold.user_id == user_id for hold in holds) or any(
        _has_written(deployment, Room.parse(room_id), user_id) for room_id in rooms
    ):
        raise held()


def _has_written(deployment: Deployment, room: Room, user_id: str) -> bool:
    """Whether somebody has sent messages to the room that may still stand."""
    partition_key = keys.user_partition(user_id)
    low, high = keys.sent(room.partition_key, ""), keys.sent(room.partition_key, _LAST)
    tables = deployment.store.tables
    return retried(deployment, lambda: tables.count(room.table, partition_key, low, high, most=1)) > 0


@record(frozen=True, slots=True)
class Subject:
    """What a hold covers: a room, or a person."""

    room: Room | None
    user_id: str | None

    @classmethod
    def of(cls, hold: Hold) -> "Subject":
        return cls(Room.parse(hold.room_id) if hold.room_id else None, hold.user_id)

    @classmethod
    def lying_in(cls, partition_key: str) -> "Subject":
        """What has this partition key."""
        if partition_key.startswith("USER#"):
            return cls(None, keys.user_in(partition_key))
        return cls(Room.lying_in(partition_key), None)

    @property
    def partition_key(self) -> str:
        return self.room.partition_key if self.room else keys.user_partition(self.user_id or "")


def place_of(hold: Hold) -> Place:
    return hold_place(keys.hold(Subject.of(hold).partition_key, hold.id))


def subject_of(hold: Hold) -> str:
    """Of its jobs: whom it covers, and its id."""
    return place_of(hold).sort_key


def named_in(subject: str) -> tuple[Subject, str]:
    """What a job's subject says: whom the hold covers, and its id."""
    partition_key, _, hold_id = subject.rpartition("#")
    return Subject.lying_in(partition_key), hold_id


def set_writes(holds: Holds, hold: Hold) -> list[Write]:
    """The writes that set a hold, of holds as they were read: it stands from then on, and a job carries it out."""
    new = {
        "type": "LegalHold",
        "id": hold.id,
        **({"roomId": hold.room_id} if hold.room_id else {}),
        **({"userId": hold.user_id} if hold.user_id else {}),
        "reason": hold.reason,
        "author": hold.author,
        "createdAt": hold.created_at,
        **({"endsAt": hold.ends_at} if hold.ends_at else {}),
        "state": hold.state,
    }
    mark = [Write(held_place(hold.user_id), set={"type": "Held"}, whole=True)] if hold.user_id else []
    return [
        _moved(holds),
        Write(place_of(hold), condition="attribute_not_exists(PK)", set=new, whole=True),
        *mark,
        _job(hold, SET, hold.created_at),
    ]


def lift_writes(holds: Holds, hold: Hold, lifted_by: str, now: int) -> list[Write]:
    """The writes with which somebody lifts a hold at `now` (ms)."""
    place = due_place(hold.ends_at or 0, LIFT, subject_of(hold))
    waiting = [Write(place, delete=True)] if hold.ends_at else []
    return [*lifting_writes(holds, hold, {"liftedBy": lifted_by}, now), *waiting]


def lifting_writes(holds: Holds, hold: Hold, by: Mapping[str, str], now: int) -> list[Write]:
    """The writes that lift a hold, by whoever it says: from then on it covers nothing, and a job gives back what it held."""
    lifted = {"state": "LIFTING", "liftedAt": now, "moved": 0, **by}
    others = [each for each in holds.standing if each.user_id == hold.user_id and each.id != hold.id]
    unmarked = [Write(held_place(hold.user_id), delete=True)] if hold.user_id and not others else []
    return [
        _moved(holds),
        Write(place_of(hold), condition="attribute_exists(PK)", set=lifted, remove=("through",)),
        *unmarked,
        _job(hold, LIFT, now),
    ]


def _moved(holds: Holds) -> Write:
    """The number that moves with each hold, if it is as it was read."""
    place = hold_place(keys.HOLDS_REV)
    condition = "#rev = :rev" if holds.rev else "attribute_not_exists(PK)"
    given = {":rev": holds.rev} if holds.rev else {}
    return Write(place, condition=condition, given=given, set={"type": "HoldsRev", "rev": holds.rev + 1})


def _job(hold: Hold, kind: str, now: int) -> Write:
    return new_job_write("core", kind, subject_of(hold), FIRST_STEP, now)


def active_write(place: Place, now: int) -> Write:
    """The write that says that all that a hold covers is held."""
    return Write(
        place,
        condition="#state = :pending",
        given={":pending": "PENDING"},
        set={"state": "ACTIVE", "activeAt": now},
        remove=("through",),
    )


def lifted_writes(place: Place, item: Item, now: int) -> list[Write]:
    """The writes that put a hold aside whose job has given everything back."""
    hold = replace(Hold.of(item), state="LIFTED")
    kept = {
        name: value
        for name, value in {
            "type": "LegalHold",
            "id": hold.id,
            "roomId": hold.room_id,
            "userId": hold.user_id,
            "reason": hold.reason,
            "author": hold.author,
            "createdAt": hold.created_at,
            "endsAt": hold.ends_at,
            "state": hold.state,
            "activeAt": hold.active_at,
            "liftedAt": hold.lifted_at,
            "liftedBy": hold.lifted_by,
            "moved": hold.moved,
            "expiresAt": (now + LIFTED_IS_KEPT_MS) // 1_000,
        }.items()
        if value is not None
    }
    return [
        Write(place, condition="#state = :lifting", given={":lifting": "LIFTING"}, delete=True),
        Write(hold_place(keys.lifted_hold(hold.id)), set=kept, whole=True),
    ]


def lifted_hold_writes(deployment: Deployment, user_id: str) -> Sequence[Write]:
    """The writes that delete what is left of holds of somebody that were lifted: for their erasure."""
    lifted = [each for each in read_holds(deployment).every if each.state == "LIFTED"]
    return [
        Write(hold_place(keys.lifted_hold(each.id)), delete=True)
        for each in lifted
        if each.user_id == user_id
    ]
