"""Take somebody out of a room and keep them out."""

from collections.abc import Mapping
from typing import Any

from chat.deployment import Deployment
from chat.rules.access import enter_room, may_act_on
from chat.rules.arguments import check_user
from chat.rules.generations import ended_epoch
from chat.rules.models import Caller, Head, Message, Notice
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.steps.notices import notice_message, revocation_notice
from chat.steps.quota import returned_room
from chat.steps.retry import until_room_is_changed
from chat.steps.revision import commit, next_revision
from chat.steps.roster import ban_writes, caller_unchanged, owners_gained, read_people, with_owner_count


def ban_member(deployment: Deployment, caller: Caller, arguments: Mapping[str, Any], tally: Tally) -> Message:
    """Keep out the person whom `arguments` (`roomId`, `userId`) name. If they were in the room, its epoch
    ends.

    Raises `InvalidInput`, `NotRoomMember`, `NotAllowed` and `ServiceUnavailable`.
    """
    room, user_id = Room.parse(arguments.get("roomId")), check_user(arguments)

    def again(head: Head, ended: int | None) -> Message:
        if ended is not None:
            return revocation_notice(deployment, room, caller, "MEMBER_BANNED", user_id, ended)
        notice = Notice(kind="MEMBER_BANNED", user_id=user_id, rev=head.rev)
        return notice_message(deployment, room, caller, head.epoch, notice)

    def step() -> Message:
        snapshot = read_people(deployment.store, room, caller, user_id)
        entry, person = enter_room(snapshot.view, caller, "banMember"), snapshot.person
        may_act_on(entry, caller, user_id, person)
        head, now = entry.head, deployment.now()
        if person is not None and person.status == "banned":
            return again(head, ended_epoch(person, head))
        notice = Notice(kind="MEMBER_BANNED", user_id=user_id)
        if person is not None and person.status == "active":
            head = with_owner_count(deployment.store, room, head)
            gained = owners_gained(head, person, None)
            banned = next_revision(deployment, room, head, caller, notice, revoked_at=now, owners=gained)
            writes = ban_writes(room, user_id, person, head.epoch, now)
        else:
            banned = next_revision(deployment, room, head, caller, notice)
            writes = ban_writes(room, user_id, person, None, now)
        if person is not None and person.status in ("active", "invited"):
            writes += returned_room(user_id, person, now)
        commit(deployment, banned, [*writes, *caller_unchanged(room, caller, entry)])
        return banned.message

    return until_room_is_changed(deployment, tally, room, step)
