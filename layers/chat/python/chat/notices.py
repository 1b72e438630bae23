"""Notices: what every change of a room or of its people answers, and AppSync publishes to `onMessage`."""

from chat.deployment import Deployment
from chat.models import Caller, Message, Notice
from chat.rooms import Room


def notify(deployment: Deployment, room: Room, actor: Caller, epoch: int, notice: Notice) -> Message:
    """The message that carries `notice` and is not stored. `actor` did it.

    `epoch` is the epoch in which it is to be heard: the room's present one, and where the change ends an epoch, the one
    that it ended. AppSync compares it with the subscribers'.
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
