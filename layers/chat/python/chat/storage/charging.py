"""What writing costs a member: the limits they are judged by, and the write that charges them for one
message."""

from collections.abc import Mapping
from types import MappingProxyType

from chat.rules.access import Access, write_refusal
from chat.rules.errors import ChatError, RateLimited
from chat.rules.models import Head, Member, RoomSettings
from chat.rules.rate import Charge, Rate, to_ms
from chat.rules.rooms import Room
from chat.storage.places import membership_place
from chat.storage.tables import Write


def charged(rate: Rate, state: Head | Member, now: int) -> dict[str, int]:
    """The attributes of a room or a membership that is charged for one message at `now` (ms)."""
    tat, at = _seen(rate, state, now)
    return {"tat": rate.taken(tat, at), "writtenAt": at // 1_000}


def wait_ms(rate: Rate, state: Head | Member, now: int) -> int:
    """For how long this process has to wait from `now` on, in milliseconds."""
    tat, at = _seen(rate, state, now)
    wait = rate.wait(tat, at)
    return to_ms(wait + at - now * 1_000) if wait else 0


def _seen(rate: Rate, state: Head | Member, now: int) -> tuple[int, int]:
    return rate.seen(state.tat, state.written_at * 1_000, now * 1_000)


def member_refusal(access: Access, settings: RoomSettings, now: int) -> ChatError | None:
    """Why this member may not write now (ms): nobody may, muted, or faster than their rate."""
    if refusal := write_refusal(access, now):
        return refusal
    if wait := wait_ms(settings.person_rate(access.member.role), access.member, now):
        return RateLimited(wait, "person")
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
    charge, at = _charge(settings.person_rate(member.role), member, now)
    given = {":active": "active", ":nowMs": now, **charge.given}
    condition = (
        "attribute_exists(PK) AND #status = :active"
        " AND (attribute_not_exists(#mutedUntil) OR #mutedUntil <= :nowMs)"
        f"{'' if member.held else ' AND attribute_not_exists(#held)'}"
        f"{'' if member.erased_at else ' AND attribute_not_exists(#erasedAt)'} AND {charge.condition}"
    )
    if member.role != "member":
        condition += " AND #role = :role"
        given[":role"] = member.role
    return Write(
        membership_place(room, user_id),
        condition=condition,
        given=given,
        set={**more, "writtenAt": at // 1_000, **({} if charge.value is None else {"tat": charge.value})},
        add={} if charge.step is None else {"tat": charge.step},
    )


def _charge(rate: Rate, member: Member, now: int) -> tuple[Charge, int]:
    """What one message does to the member's state, and the instant (µs) at which it does."""
    tat, at = _seen(rate, member, now)
    if tat == member.tat:
        return rate.charge(tat, at), at
    return Charge("tat = :was", {":was": member.tat}, value=rate.taken(tat, at)), at
