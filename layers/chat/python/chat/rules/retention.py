"""From which instant on a room's messages may be read: the one rule for every field that reads any."""

from chat.rules.models import Head, RoomSettings


def readable_since(head: Head | None, defaults: RoomSettings, now: int) -> int:
    """What is older than this instant is gone for readers, though its item may stand; all in ms. `head` is
    `None` where it is not known (yet)."""
    if head is None:
        return now - defaults.retention_ms
    return max(now - head.settings(defaults).retention_ms, head.kept_since)


def kept_since(before: Head, after: Head, defaults: RoomSettings, now: int) -> int:
    """The instant (ms) that the head has to keep when its rules change: what a shorter retention hides, before
    or after this, does not come back under a longer one.

    It only grows, and never beyond the newest message, so that a clock that is ahead hides nothing that is
    sent later.
    """
    old, new = before.settings(defaults).retention_ms, after.settings(defaults).retention_ms
    if old == new:
        return before.kept_since
    return max(before.kept_since, min(now - min(old, new), before.ts + 1))
