"""Join a public room."""

from collections.abc import Mapping
from typing import Any

from chat.access import enter_room
from chat.deployment import Deployment
from chat.errors import NotAllowed
from chat.models import Caller, Message, Notice, Role
from chat.notices import notify
from chat.retry import settled
from chat.rooms import Room
from chat.roster import keep_within_rooms, look, seated, still_public
from chat.tally import Tally


def join_room(deployment: Deployment, caller: Caller, arguments: Mapping[str, Any], tally: Tally) -> Message:
    """Take the caller into the room that `arguments` (`roomId`) name: a public one, or for administrators any.

    Who is there already stays as they are. Raises `InvalidInput`, `NotRoomMember`, `NotAllowed` and `ServiceUnavailable`.
    """
    room = Room.parse(arguments.get("roomId"))

    def answer(epoch: int, rev: int, role: Role) -> Message:
        notice = Notice(kind="MEMBER_JOINED", user_id=caller.user_id, role=role, rev=rev)
        return notify(deployment, room, caller, epoch, notice)

    def step() -> Message:
        scene = look(deployment.store, room, caller, caller.user_id)
        entry, person = enter_room(scene.view, caller, "join"), scene.person
        head = entry.head
        if entry.member is not None:
            return answer(head.epoch, head.rev, entry.member.role)
        if person is None:
            keep_within_rooms(deployment, room, caller.user_id)
        elif person.status == "banned":
            raise NotAllowed("room.banned", reason="banned")
        deployment.store.tables.transact(
            [*seated(room, caller.user_id, person, "member", head.seq), *still_public(room, entry)]
        )
        return answer(head.epoch, head.rev, "member")

    return settled(deployment, tally, step)
