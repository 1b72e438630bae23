"""Change a room's name, picture and rules."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from chat.deployment import Deployment
from chat.rules.access import enter_room
from chat.rules.errors import InvalidInput
from chat.rules.models import Caller, Message, Notice
from chat.rules.retention import kept_since
from chat.rules.room_rules import (
    Rules,
    archived_since,
    check_limits,
    check_rules,
    clean_description,
    clean_name,
    with_history,
)
from chat.rules.room_wire import room_to_wire
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.steps.notices import notice_message
from chat.steps.retry import until_room_is_changed
from chat.steps.revision import commit, next_revision
from chat.steps.roster import caller_unchanged

if TYPE_CHECKING:
    from chat.rules.hooks import AskAboutText, Clean, TextKind
    from chat.storage.tables import Write

TEXTS: "Mapping[str, tuple[TextKind, Clean]]" = {
    "name": ("room_name", clean_name),
    "description": ("room_description", clean_description),
}
"""The rules that are texts of people's: of what kind each is, and what makes it what is stored."""


def update_room(
    deployment: Deployment, caller: Caller, arguments: Mapping[str, Any], tally: Tally
) -> Message:
    """A notice of the room as it is with the rules in `arguments`; those that `reset` names are the
    deployment's again.

    Raises `InvalidInput`, `NotRoomMember`, `NotAllowed` (also for a limit above what owners may set),
    `ServiceUnavailable`, and what a rule of the deployment's own says. The next message is judged
    by the new rules in whichever process it is sent, since they move the head's `rev`.
    """
    room = Room.parse(arguments.get("roomId"))
    rules = with_history(check_rules(room, arguments, deployment.avatar_hosts), deployment.history_from)
    if not rules:
        raise InvalidInput("room.nothing")
    hooks = {name: deployment.before_text(tally) for name in TEXTS}
    return until_room_is_changed(
        deployment, tally, room, lambda: _step(deployment, caller, room, rules, hooks)
    )


def _step(
    deployment: Deployment,
    caller: Caller,
    room: Room,
    rules: Rules,
    hooks: "Mapping[str, AskAboutText | None]",
) -> Message:
    view = deployment.store.view(room, caller.user_id, consistent=True)
    entry = enter_room(view, caller, "updateRoom")
    rules = check_limits(entry.head, rules, deployment.defaults, by_admin=entry.standing == "admin")
    rules = archived_since(entry.head, rules, deployment.now())
    for name, (kind, clean) in TEXTS.items():
        text, hook = rules.get(name), hooks[name]
        if hook and text != getattr(entry.head, name) and isinstance(text, str):
            rules = {**rules, name: hook(kind, text, clean, room, entry, caller)}
    head = entry.head.ruled(rules)
    if head == entry.head:
        shown = room_to_wire(room, head, deployment.defaults)
        notice = Notice(kind="ROOM_UPDATED", rev=head.ruled_rev, room=shown)
        return notice_message(deployment, room, caller, head.epoch, notice)
    rev = entry.head.rev + 1
    since = kept_since(entry.head, head, deployment.defaults, deployment.now())
    changes = {**rules, "ruledRev": rev} | ({"keptSince": since} if since != entry.head.kept_since else {})
    # It ends the epoch, so that nobody who has not heard of it goes on hearing: what is visible to them is another part.
    switches = head.history_from != entry.head.history_from
    if switches:
        changes, head = {**changes, "historyRev": rev}, replace(head, history_rev=rev, epoch=head.epoch + 1)
    head = replace(head, rev=rev)
    notice = Notice(kind="ROOM_UPDATED", room=room_to_wire(room, head, deployment.defaults))
    updated = next_revision(deployment, room, entry.head, caller, notice, changes=changes)
    writes = _picture_writes(deployment, room, caller, entry.head.avatar_id, head.avatar_id)
    commit(deployment, updated, [*caller_unchanged(room, caller, entry), *writes])
    return updated.message


def _picture_writes(
    deployment: Deployment, room: Room, caller: Caller, before: str | None, after: str | None
) -> list["Write"]:
    if after == before:
        return []
    from chat.steps.avatars import room_avatar_writes  # noqa: PLC0415  only who changes the picture is to pay for it

    return room_avatar_writes(deployment, room, caller.user_id, before, after)
