"""Put a room or a person under a legal hold."""

from collections.abc import Mapping
from typing import Any

from chat.deployment import Deployment
from chat.rules.arguments import check_user
from chat.rules.errors import InvalidInput, NotRoomMember
from chat.rules.holds import MOST_HOLDS, Hold, Holds, check_end, check_reason, may_hold
from chat.rules.models import Caller
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.steps.hold_ends import end_set_writes
from chat.steps.holds import read_holds, set_writes
from chat.steps.retry import until_committed
from chat.storage.places import head_place


def set_hold(
    deployment: Deployment, caller: Caller, arguments: Mapping[str, Any], tally: Tally
) -> dict[str, Any]:
    """The schema's `LegalHold` of the room (`roomId`) or the person (`userId`) that `arguments` name, for a `reason`. It
    stands at once, and is `PENDING` until a job has stopped the end of all that is stored. It ends by itself at `endsAt`, where
    that is given.

    A hold of the same author that stands already for the same reason and until the same instant is answered as it is. Raises `InvalidInput`,
    `NotAllowed`, `NotRoomMember` (no such room) and `ServiceUnavailable`.
    """
    may_hold(caller)
    room, user_id = _subject(arguments)
    now = deployment.now()
    wanted = Hold(
        id=deployment.new_id(now),
        reason=check_reason(arguments.get("reason")),
        author=caller.user_id,
        created_at=now,
        room_id=None if room is None else room.id,
        user_id=user_id,
        ends_at=check_end(arguments.get("endsAt"), now),
    )

    def step() -> dict[str, Any]:
        holds = read_holds(deployment)
        if there := _same(holds, wanted):
            return there.to_wire()
        if len(holds.standing) >= MOST_HOLDS:
            raise InvalidInput("privacy.tooManyHolds", max=MOST_HOLDS)
        if room is not None and deployment.store.tables.get(head_place(room)) is None:
            raise NotRoomMember
        deployment.store.tables.transact([*set_writes(holds, wanted), *end_set_writes(wanted)])
        return wanted.to_wire()

    return until_committed(deployment, tally, step)


def _subject(arguments: Mapping[str, Any]) -> tuple[Room | None, str | None]:
    """The room or the person: one of the two. Raises `InvalidInput`."""
    if (arguments.get("roomId") is None) == (arguments.get("userId") is None):
        raise InvalidInput("privacy.subject", argument="roomId")
    if arguments.get("userId") is not None:
        return None, check_user(arguments)
    return Room.parse(arguments["roomId"]), None


def _same(holds: Holds, wanted: Hold) -> Hold | None:
    def named(hold: Hold) -> tuple[str | int | None, ...]:
        return hold.room_id, hold.user_id, hold.author, hold.reason, hold.ends_at

    return next((hold for hold in holds.standing if named(hold) == named(wanted)), None)
