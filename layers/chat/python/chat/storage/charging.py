"""What writing costs a member: the limits they are judged by, and the write that charges them for one
message."""

from collections.abc import Mapping
from types import MappingProxyType

from chat.rules.access import Access
from chat.rules.errors import ChatError, Muted, RateLimited
from chat.rules.instants import to_wire
from chat.rules.models import Head, RoomSettings
from chat.rules.rate import to_ms
from chat.rules.rooms import Room
from chat.storage.places import membership_place
from chat.storage.tables import Write


def limits_at(head: Head, now: int) -> int:
    """The instant (µs) by which rates are judged: never before the room's newest message or change. Else a
    process whose clock is ahead would silence everybody whose clock is right, or leave a state that looks
    like a slower limit's."""
    return max(now, head.ts, head.changed_at) * 1_000


def member_refusal(access: Access, settings: RoomSettings, now: int) -> ChatError | None:
    """Why this member may not write now (ms): muted, or faster than their rate."""
    if access.member.muted_until > now:
        return Muted(to_wire(access.member.muted_until))
    at = limits_at(access.head, now)
    behind = at - now * 1_000
    if wait := settings.person_rate(access.member.role).wait(access.member.tat, at):
        return RateLimited(to_ms(wait + behind), "person")
    return None


def charge(
    room: Room,
    user_id: str,
    access: Access,
    settings: RoomSettings,
    now: int,
    more: Mapping[str, int] = MappingProxyType({}),
) -> Write:
    """The write that charges a member for one message (`now` in ms), on condition of being active, not muted
    and within the rate, and of the role that gave the rate, if that is not everybody's. Whatever a member
    writes is charged by this alone.

    `more`: further attributes of the membership to set.
    """
    member = access.member
    charge = settings.person_rate(member.role).charge(member.tat, limits_at(access.head, now))
    given = {":active": "active", ":nowMs": now, **charge.given}
    condition = (
        "attribute_exists(PK) AND #status = :active"
        f" AND (attribute_not_exists(#mutedUntil) OR #mutedUntil <= :nowMs) AND {charge.condition}"
    )
    if member.role != "member":
        condition += " AND #role = :role"
        given[":role"] = member.role
    return Write(
        membership_place(room, user_id),
        condition=condition,
        given=given,
        set={**more, **({} if charge.value is None else {"tat": charge.value})},
        add={} if charge.step is None else {"tat": charge.step},
    )
