"""The end of a room: one write of its head, after which nobody gets it, and a job that removes what is left."""

from chat.deployment import Deployment
from chat.rules.models import Caller, Head, Member, Message
from chat.rules.rooms import Room
from chat.steps.notices import revocation_notice
from chat.steps.room_removal import removal_write
from chat.storage import keys
from chat.storage.places import head_place
from chat.storage.store import Store
from chat.storage.tables import Write


def end_writes(room: Room, head: Head, ended_by: str | None, now: int) -> list[Write]:
    """The writes that end a room, only on the `rev` that was read; `now` is in milliseconds. `ended_by`, if a person,
    may ask again what came of it, until the job is done."""
    ended: dict[str, int | str] = {
        "rev": head.rev + 1,
        "epoch": head.epoch + 1,
        "partedAt": now,
        "endedAt": now,
    }
    ended |= {} if ended_by is None else {"endedBy": ended_by}
    return [
        Write(head_place(room), condition="#rev = :rev", given={":rev": head.rev}, set=ended),
        removal_write(room, now),
    ]


def end_notice(deployment: Deployment, room: Room, actor: Caller, head: Head) -> Message:
    """The last event of the room, in the epoch that its end ended: `head` is from before that."""
    return revocation_notice(deployment, room, actor, "ROOM_DELETED", None, head.epoch, head.rev + 1)


def repeated_end_notice(
    deployment: Deployment, room: Room, caller: Caller, head: Head | None
) -> Message | None:
    """The same for a room that the caller has ended already; `None` for any other."""
    if head is None or not head.ended_at or head.ended_by != caller.user_id:
        return None
    return revocation_notice(deployment, room, caller, "ROOM_DELETED", None, head.epoch - 1, None)


def leaves_nobody(store: Store, room: Room, head: Head, member: Member) -> bool:
    """Whether whoever has this membership is alone in the room, whose head is `with_owner_count`. One request where no
    owner would be left, else none."""
    if (head.owners or 0) > (member.role == "owner"):
        return False
    lines, _ = store.tables.query_page(
        room.table,
        room.partition_key,
        keys.ROSTER,
        keys.ROSTER_END,
        forward=True,
        count=2,
        consistent=True,
    )
    return len(lines) < 2


def alone_write(room: Room, head: Head) -> Write:
    """Mark that somebody seems to be alone: whoever comes from now on moves `rev` (`coming`), which those who came
    before did not. Who finds this mark and then nobody else may end the room on the `rev` that they read."""
    moved = {"rev": head.rev + 1, "alone": 1}
    return Write(head_place(room), condition="#rev = :rev", given={":rev": head.rev}, set=moved)
