"""Mute a member, or let them write again."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from chat.deployment import Deployment
from chat.rules.access import enter_room, may_act_on
from chat.rules.arguments import check_user
from chat.rules.errors import InvalidInput
from chat.rules.instants import from_wire
from chat.rules.models import Caller, Message, Notice
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.steps.notices import notice_message
from chat.steps.retry import until_room_is_changed
from chat.steps.revision import commit, next_revision
from chat.steps.roster import caller_unchanged, check_active, mute_writes, read_people
from chat.storage import keys


def mute_member(
    deployment: Deployment, caller: Caller, arguments: Mapping[str, Any], tally: Tally
) -> Message:
    """Let the person whom `arguments` (`roomId`, `userId`, `until`) name read but not write until then.

    Without `until`, or with one that has passed, they may write again. Raises `InvalidInput`,
    `NotRoomMember`, `NotAllowed` and `ServiceUnavailable`.
    """
    room, user_id = Room.parse(arguments.get("roomId")), check_user(arguments)
    asked = _until(arguments.get("until"))
    until = asked if asked > deployment.now() else 0

    def step() -> Message:
        snapshot = read_people(deployment.store, room, caller, user_id)
        entry = enter_room(snapshot.view, caller, "muteMember")
        may_act_on(entry, caller, user_id, snapshot.person)
        person = check_active(snapshot.person)
        head, notice = entry.head, Notice(kind="MEMBER_MUTED", user_id=user_id, muted_until=until)
        if person.muted_until == until:
            return notice_message(deployment, room, caller, head.epoch, replace(notice, rev=head.rev))
        muted = next_revision(deployment, room, head, caller, notice)
        writes = [*mute_writes(room, user_id, person, until), *caller_unchanged(room, caller, entry)]
        commit(deployment, muted, writes)
        return muted.message

    return until_room_is_changed(deployment, tally, room, step)


def _until(value: object) -> int:
    """The first millisecond at which they may write, 0 for at once. Raises `InvalidInput`."""
    if value is None:
        return 0
    try:
        floor, exact = from_wire(value)
    except ValueError:
        raise InvalidInput("history.instant", argument="until") from None
    return min(floor + (not exact), keys.LATEST_MS)
