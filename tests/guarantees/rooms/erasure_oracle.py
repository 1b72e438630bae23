"""What is left in a room of a person whose data was erased."""

from chat.rules.erasure import ERASED_SENDER
from chat.storage.erased_items import OUTBOX_KEPT_MS
from tests.guarantees.rooms.message_oracle import KeptBan
from tests.guarantees.rooms.room_oracle import RoomOracle

ORDER = ("moderator", "member")


def erase(room: RoomOracle, now: int, user: str, proved: set[int]) -> bool:
    """`proved`: the numbers of their messages that a proof of the send still leads to. One revision for the end of a
    membership, a ban or an invitation, and one that names what was erased, or takes the creator out of the head. Whether
    anything has led to the room."""
    visible = {each.seq for each in room.visible_messages(now) if each.sender == user}
    assert room.ended_by is not None or visible <= proved  # what an ended room had goes with its proofs
    known = user in room.members or bool(proved)
    _end_membership(room, user, now)
    room.members.pop(user, None)
    room.markers.pop(user, None)
    for each in room.messages:
        if each.seq in proved:
            each.was_sent_by, each.sender, each.text = user, ERASED_SENDER, None
            each.removed_at = max(now, each.ts) if each.removed_at is None else each.removed_at
    if known and room.ended_by is None:
        room.rev += bool(proved) or room.creator == user
        room.changed_at = max(now, room.latest(), room.changed_at) if proved else room.changed_at
        room.creator = "" if room.creator == user else room.creator
    return known


def _end_membership(room: RoomOracle, user: str, now: int) -> None:
    member = room.members.get(user)
    if member is None or room.ended_by is not None or member.status in ("left", "never"):
        return
    if member.status != "active":
        room.rev += 1
        if member.status == "banned":
            room.kept_bans[user] = KeptBan(member.role, (now + OUTBOX_KEPT_MS) // 1_000)
        return
    if room.active_members() == [user] and not room.id.startswith("GUILD#"):
        room.leave(user)
        return
    others = [each for each in room.active_members() if each != user]
    if room.owners() == [user] and others:
        heir = min(
            others,
            key=lambda each: (ORDER.index(room.members[each].role), room.members[each].joined_seq, each),
        )
        room.set_role(room.owners()[0], heir, "owner")
    room.revoke(member, "left", user)
