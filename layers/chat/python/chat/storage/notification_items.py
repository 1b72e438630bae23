"""Items about notifications: that somebody has set what they want, and (`NOTIFY#`) what they were notified of last.

What somebody wants lies in their receipts of the room, which whoever needs it reads anyway.
"""

from chat.rules.models import DAY_MS, Item, Receipts
from chat.rules.rooms import Room
from chat.storage import keys
from chat.storage.places import notify_setting_place, receipts_place
from chat.storage.tables import Write

SETTING_KEPT_MS = DAY_MS
"""As long as the stream has it."""


def setting_writes(room: Room, user_id: str, before: Receipts, after: Receipts, now: int) -> list[Write]:
    """What is set, on condition that it is as it was read: each change moves `notify_tat`. `now` is in ms."""
    level, until = after.notify_level, after.notify_muted_until
    stored = {"notifyLevel": level, "notifyMutedUntil": until or None, "notifyTat": after.notify_tat}
    receipts = Write(
        receipts_place(room, user_id),
        condition="#notifyTat = :was" if before.notify_tat else "attribute_not_exists(#notifyTat)",
        given={":was": before.notify_tat} if before.notify_tat else {},
        set={"type": "Receipts", **{name: value for name, value in stored.items() if value is not None}},
        remove=[name for name, value in stored.items() if value is None],
    )
    told = {"type": "NotificationsSet", "at": now, "expiresAt": (now + SETTING_KEPT_MS) // 1_000}
    return [receipts, Write(notify_setting_place(room, user_id), set=told, whole=True)]


def is_setting(partition_key: str, sort_key: str) -> bool:
    """Whether it lies there that somebody has set what they want."""
    return partition_key.startswith("USER#") and sort_key.startswith(keys.NOTIFY_SETTINGS)


def setting_of(item: Item) -> tuple[str, Room, int]:
    """Who has set it, in which room, and when (ms). Raises `KeyError`, `TypeError` or `ValueError` for one that cannot be read."""
    room = Room.lying_in(item["SK"]["S"].removeprefix(keys.NOTIFY_SETTINGS))
    return keys.user_in(item["PK"]["S"]), room, int(item["at"]["N"])
