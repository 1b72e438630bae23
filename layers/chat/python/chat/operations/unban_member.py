"""Let somebody who was banned be added or join again."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from chat.deployment import Deployment
from chat.rules.access import enter_room, may_overrule
from chat.rules.arguments import check_user
from chat.rules.errors import NotAllowed
from chat.rules.models import Caller, Message, Notice
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.steps.notices import notice_message
from chat.steps.retry import until_room_is_changed
from chat.steps.revision import commit, next_revision
from chat.steps.roster import caller_unchanged, read_people, unban_writes


def unban_member(
    deployment: Deployment, caller: Caller, arguments: Mapping[str, Any], tally: Tally
) -> Message:
    """End the ban of the person whom `arguments` (`roomId`, `userId`) name, which does not take them in.

    Who is not banned stays as they are. Raises `InvalidInput`, `NotRoomMember`, `NotAllowed` (also where they
    never were in the room nor banned) and `ServiceUnavailable`.
    """
    room, user_id = Room.parse(arguments.get("roomId")), check_user(arguments)

    def step() -> Message:
        snapshot = read_people(deployment.store, room, caller, user_id)
        entry, person = enter_room(snapshot.view, caller, "unbanMember"), snapshot.person
        may_overrule(entry, person)
        if person is None:
            raise NotAllowed("room.notThere", reason="notThere")
        head, notice = entry.head, Notice(kind="MEMBER_UNBANNED", user_id=user_id)
        if person.status != "banned":
            return notice_message(deployment, room, caller, head.epoch, replace(notice, rev=head.rev))
        unbanned = next_revision(deployment, room, head, caller, notice)
        writes = unban_writes(room, user_id, person, unbanned.event.ts)
        commit(deployment, unbanned, [*writes, *caller_unchanged(room, caller, entry)])
        return unbanned.message

    return until_room_is_changed(deployment, tally, room, step)
