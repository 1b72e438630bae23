"""Mute a member, or let them write again."""

from collections.abc import Mapping
from typing import Any

from chat.deployment import Deployment
from chat.rules.access import enter_room, may_act_on
from chat.rules.arguments import check_user
from chat.rules.errors import InvalidInput
from chat.rules.instants import from_wire
from chat.rules.models import Caller, Message, Notice
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.steps.notices import notify
from chat.steps.retry import settled
from chat.steps.roster import look, same_epoch, still_there, there, with_mute
from chat.storage import keys


def mute_member(
    deployment: Deployment, caller: Caller, arguments: Mapping[str, Any], tally: Tally
) -> Message:
    """Let the person whom `arguments` (`roomId`, `userId`, `until`) name read but not write until then.

    Without `until`, or with one that has passed, they may write again. Raises `InvalidInput`, `NotRoomMember`, `NotAllowed`
    and `ServiceUnavailable`.
    """
    room, user_id = Room.parse(arguments.get("roomId")), check_user(arguments)
    asked = _until(arguments.get("until"))
    until = asked if asked > deployment.now() else 0

    def step() -> Message:
        scene = look(deployment.store, room, caller, user_id)
        entry = enter_room(scene.view, caller, "muteMember")
        may_act_on(entry, caller, user_id, scene.person)
        person = there(scene.person)
        if person.muted_until != until:
            writes = [*with_mute(room, user_id, person, until), *still_there(room, caller, entry)]
            deployment.store.tables.transact([*writes, same_epoch(room, entry)])
        head = entry.head
        notice = Notice(kind="MEMBER_MUTED", user_id=user_id, muted_until=until, rev=head.rev)
        return notify(deployment, room, caller, head.epoch, notice)

    return settled(deployment, tally, step)


def _until(value: object) -> int:
    """The first millisecond at which they may write, 0 for at once. Raises `InvalidInput`."""
    if value is None:
        return 0
    try:
        floor, exact = from_wire(value)
    except ValueError:
        raise InvalidInput("history.instant", argument="until") from None
    return min(floor + (not exact), keys.LATEST_MS)
