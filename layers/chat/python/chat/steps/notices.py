"""Notices of what was done before: what a change that finds itself done answers, and AppSync publishes to `onMessage`
once more. A change that is made answers what its event says: `revision.py`."""

from chat.deployment import Deployment
from chat.rules.models import Caller, Message, Notice, NoticeKind
from chat.rules.rooms import Room


def notice_message(deployment: Deployment, room: Room, actor: Caller, epoch: int, notice: Notice) -> Message:
    """The message that carries `notice` and is not stored. `actor` did it.

    `epoch` is the epoch in which it is to be heard: the room's present one, and where the change ends an
    epoch, the one that it ended. AppSync compares it with the subscribers'.
    """
    now = deployment.now()
    return Message(
        id=deployment.new_id(now),
        room_id=room.id,
        room_type=room.type,
        guild_id=room.guild_id,
        sender_id=actor.user_id,
        ts=now,
        epoch=epoch,
        version=None,
        notice=notice,
    )


def invitation_notice(deployment: Deployment, room: Room, actor: Caller, user_id: str, epoch: int) -> Message:
    """That somebody is invited no more: they have declined, or somebody else took it back. No epoch ended with it."""
    return notice_message(deployment, room, actor, epoch, Notice(kind="INVITATION_ENDED", user_id=user_id))


def revocation_notice(
    deployment: Deployment,
    room: Room,
    actor: Caller,
    kind: NoticeKind,
    user_id: str | None,
    ended: int,
) -> Message:
    """The last event of the epoch `ended`, which somebody's loss of access ended. Its `rev` is not known any more."""
    notice = Notice(kind=kind, user_id=user_id, next_epoch=ended + 1)
    return notice_message(deployment, room, actor, ended, notice)
