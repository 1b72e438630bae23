"""What pinning and unpinning a message have in common: naming it, looking at it, and the revision that changes it."""

from collections.abc import Mapping, Sequence
from typing import Any

from chat.deployment import Deployment
from chat.rules.access import Access, RoomAccess, View, check_writable, open_room
from chat.rules.errors import InvalidInput
from chat.rules.models import Caller, Head, Item, Message, Notice
from chat.rules.record import record
from chat.steps.message_change import Target, check_target
from chat.steps.notices import notice_message
from chat.steps.pins import Pin, pin_place, pinned_attributes
from chat.steps.revision import commit, next_revision
from chat.steps.visible_messages import visible_message
from chat.storage.charging import charge, member_refusal
from chat.storage.places import head_place, membership_place
from chat.storage.tables import Write


@record(frozen=True, slots=True)
class PinView:
    """A room that the caller may pin in, a message (`item` as it is stored) as far as they may see it, and its pin."""

    access: Access
    item: Item | None
    message: Message | None
    pin: Pin | None


def check_pinned(arguments: Mapping[str, Any]) -> Target:
    """The message that `arguments` (`roomId`, `id`) name. Raises `InvalidInput`; reads nothing."""
    return check_target({name: arguments.get(name) for name in ("roomId", "id")})


def read_pin(deployment: Deployment, target: Target, caller: Caller) -> PinView:
    """All of it in one consistent request (4 read units).

    Raises `NotRoomMember`, `NotAllowed` (also in a room that is archived or closed), `Muted`, and `InvalidInput` where there
    is neither such a message nor its pin.
    """
    room, now = target.room, deployment.now()
    places = head_place(room), membership_place(room, caller.user_id), target.place, pin_place(target)
    found = deployment.store.tables.batch(places, consistent=True)
    head, member, item, pin = (found.get(place) for place in places)
    access = open_room(View.of(head, member), "pin")
    check_writable(access, now)
    entry = RoomAccess(access.head, access.member, access.member.role)
    message = visible_message(deployment, room, entry, item, now)
    if message is None and pin is None:
        raise InvalidInput("message.notFound", argument="id")
    return PinView(access, item, message, Pin.found(pin))


def pinned_again(
    deployment: Deployment, target: Target, caller: Caller, head: Head, notice: Notice
) -> Message:
    """The notice of what is so already."""
    return notice_message(deployment, target.room, caller, head.epoch, notice)


def commit_pins(
    deployment: Deployment,
    target: Target,
    caller: Caller,
    seen: PinView,
    notice: Notice,
    pins: int,
    writes: Sequence[Write],
) -> Message:
    """The notice of the revision that leaves so many pins, made with `writes`. It counts as a message for the caller's
    rate, and holds only while they may write and have the role by which they may pin. Raises `RateLimited`."""
    head, now = seen.access.head, deployment.now()
    settings = head.settings(deployment.defaults)
    if refusal := member_refusal(seen.access, settings, now):
        raise refusal
    changed = next_revision(
        deployment, target.room, head, caller, notice, changes=pinned_attributes(head, pins)
    )
    charged = charge(target.room, caller.user_id, seen.access, settings, now)
    commit(deployment, changed, [charged, *writes])
    return changed.message
