"""The end of a room: one write of its head, after which nobody gets it, and a job that removes what is left."""

from collections.abc import Sequence

from chat.deployment import Deployment
from chat.rules.models import Caller, Head, Member, Message, Notice
from chat.rules.rooms import Room
from chat.steps.notices import revocation_notice
from chat.steps.revision import Revision, commit, next_revision
from chat.steps.room_removal import removal_write
from chat.storage import keys
from chat.storage.store import Store
from chat.storage.tables import Write


def end_revision(deployment: Deployment, room: Room, head: Head, actor: Caller | None) -> Revision:
    """The revision that ends a room, and its last event. A person who did it may ask again what came of it, until the job
    is done."""
    now = deployment.now()
    ended: dict[str, int | str] = {"endedAt": now}
    ended |= {} if actor is None else {"endedBy": actor.user_id}
    notice = Notice(kind="ROOM_DELETED")
    return next_revision(deployment, room, head, actor, notice, changes=ended, revoked_at=now)


def commit_end(deployment: Deployment, revision: Revision, writes: Sequence[Write]) -> None:
    """Make it, with `writes` and the job that removes what is left. Of a room under a legal hold all is left, and lifting
    that sets the job up."""
    removal = [] if revision.head.held else [removal_write(revision.room, revision.event.ts)]
    commit(deployment, revision, [*removal, *writes])


def repeated_end_notice(
    deployment: Deployment, room: Room, caller: Caller, head: Head | None
) -> Message | None:
    """The last event of a room again, for a room that the caller has ended already; `None` for any other."""
    if head is None or not head.ended_at or head.ended_by != caller.user_id:
        return None
    return revocation_notice(deployment, room, caller, "ROOM_DELETED", None, head.epoch - 1)


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


def alone_revision(deployment: Deployment, room: Room, head: Head, actor: Caller | None) -> Revision:
    """Mark that somebody seems to be alone. Who finds this mark and then nobody else in the roster may end the room on
    the `rev` that they read: whoever came before the mark shows in the roster after it, as one look may see a
    transaction's head and not yet its line, and whoever comes later moves `rev` and takes the mark away."""
    return next_revision(deployment, room, head, actor, kind="INTERNAL", changes={"alone": 1})
