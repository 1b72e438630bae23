"""Say what the caller wants to be notified of in a room, and until when of nothing."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from chat.deployment import Deployment
from chat.rules.access import open_room
from chat.rules.errors import InvalidInput, RateLimited
from chat.rules.instants import from_wire
from chat.rules.models import Caller, Receipts
from chat.rules.notifications import LEVELS, Level, setting_to_wire
from chat.rules.rate import Rate, to_ms
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.steps.receipt_items import member_state, member_state_places
from chat.steps.retry import until_committed
from chat.storage import keys
from chat.storage.notification_items import setting_writes

SETTING = Rate(0.1, 20)
"""How often somebody may change theirs of a room: once in ten seconds, twenty times at once."""


def set_notifications(
    deployment: Deployment, caller: Caller, arguments: Mapping[str, Any], tally: Tally
) -> dict[str, Any]:
    """The schema's `NotificationSetting` of the caller in the room of `arguments` (`roomId`, `level`, `mutedUntil`), which replaces
    what was set before. Without a level it is the default; without an instant, or with one that has passed, nothing is muted.

    What is set already changes nothing. Raises `InvalidInput`, `NotRoomMember`, `NotAllowed`, `RateLimited` and
    `ServiceUnavailable`.
    """
    room, level = Room.parse(arguments.get("roomId")), _level(arguments.get("level"))
    asked_until, user_id = _until(arguments.get("mutedUntil")), caller.user_id

    def step() -> dict[str, Any]:
        found = deployment.store.tables.batch(member_state_places(room, user_id), consistent=True)
        state, now = member_state(found, room, user_id), deployment.now()
        open_room(state.view, "mark")
        before, until = state.receipts, asked_until if asked_until > now else 0
        is_muted = before.notify_muted_until if before.notify_muted_until > now else 0
        if (before.notify_level, is_muted) == (level, until):
            return setting_to_wire(room, before, now)
        after = _after(before, level, until, now)
        deployment.store.tables.transact(setting_writes(room, user_id, before, after, now))
        return setting_to_wire(room, after, now)

    return until_committed(deployment, tally, step)


def _after(before: Receipts, level: Level | None, until: int, now: int) -> Receipts:
    """Raises `RateLimited`."""
    if wait := SETTING.wait(before.notify_tat, now * 1_000):
        raise RateLimited(to_ms(wait), "person", "notifications.tooFast")
    tat = SETTING.taken(before.notify_tat, now * 1_000)
    return replace(before, notify_level=level, notify_muted_until=until, notify_tat=tat)


def _level(value: object) -> Level | None:
    """Raises `InvalidInput`."""
    if value is None:
        return None
    for level in LEVELS:
        if value == level.upper():
            return level
    raise InvalidInput("notifications.level", argument="level")


def _until(value: object) -> int:
    """In ms, 0 for no mute. Raises `InvalidInput`."""
    if value is None:
        return 0
    try:
        floor, exact = from_wire(value)
    except ValueError:
        raise InvalidInput("history.instant", argument="mutedUntil") from None
    return min(floor + (not exact), keys.LATEST_MS)
