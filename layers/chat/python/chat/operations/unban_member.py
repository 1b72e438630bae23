"""Let somebody who was banned be added or join again."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from chat.deployment import Deployment
from chat.rules.access import enter_room, may_overrule
from chat.rules.arguments import check_banned
from chat.rules.errors import NotAllowed
from chat.rules.models import Caller, Member, Message, Notice
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.steps.kept_bans import kept_ban_place, read_banned
from chat.steps.notices import notice_message
from chat.steps.retry import until_room_is_changed
from chat.steps.revision import commit, next_revision
from chat.steps.roster import caller_unchanged, unban_writes
from chat.storage.places import Place
from chat.storage.tables import Write


def unban_member(
    deployment: Deployment, caller: Caller, arguments: Mapping[str, Any], tally: Tally
) -> Message:
    """End the ban of the person whom `arguments` (`roomId`, `userId`) name, which does not take them in; also one that has
    outlasted their erasure, by their id or as the room's list names them. That one is told nobody: it would name them.

    Who is not banned stays as they are. Raises `InvalidInput`, `NotRoomMember`, `NotAllowed` (also where they
    never were in the room nor banned) and `ServiceUnavailable`.
    """
    room, user_id = Room.parse(arguments.get("roomId")), check_banned(arguments)

    kept_at = kept_ban_place(deployment, room, user_id)

    def step() -> Message:
        snapshot, kept = read_banned(deployment, room, caller, user_id, kept_at)
        entry, person = enter_room(snapshot.view, caller, "unbanMember"), snapshot.person
        may_overrule(entry, person)
        may_overrule(entry, kept)
        if person is None and kept is None:
            raise NotAllowed("room.notThere", reason="notThere")
        head, notice = entry.head, Notice(kind="MEMBER_UNBANNED", user_id=user_id)
        writes = [*_forgotten(kept, kept_at), *caller_unchanged(room, caller, entry)]
        if person is not None and person.status == "banned":
            unbanned = next_revision(deployment, room, head, caller, notice)
            commit(deployment, unbanned, [*unban_writes(room, user_id, person, unbanned.event.ts), *writes])
            return unbanned.message
        if kept is not None:
            untold = next_revision(deployment, room, head, caller, kind="INTERNAL")
            commit(deployment, untold, writes)
            head = untold.head
        return notice_message(deployment, room, caller, head.epoch, replace(notice, rev=head.rev))

    return until_room_is_changed(deployment, tally, room, step)


def _forgotten(kept: Member | None, kept_at: Place) -> list[Write]:
    return [] if kept is None else [Write(kept_at, delete=True)]
