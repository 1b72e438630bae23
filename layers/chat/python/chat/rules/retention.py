"""From which instant on a room's messages may be read: the one rule for every field that reads any."""

from chat.rules.models import DAY_MS, Head, RoomSettings
from chat.rules.retention_runs import runs_with

KEPT_MS = 30 * DAY_MS
"""How long somebody may be away and still get each change; and how long events are kept that no message tells."""


def readable_since(head: Head | None, defaults: RoomSettings, now: int) -> int:
    """What is older than this instant is gone for readers, though its item may stand; all in ms. `head` is
    `None` where it is not known (yet)."""
    if head is None:
        return now - defaults.retention_ms
    return max(now - head.settings(defaults).retention_ms, head.kept_since)


def days_of_files(retention_days: int, file_days: int) -> int:
    """For how many days a message's files are kept: `file_days` at the most, where that is not 0, and never longer than the
    message, which is kept for `retention_days`."""
    return min(retention_days, file_days or retention_days)


def files_readable_since(head: Head, defaults: RoomSettings, file_days: int, now: int) -> int:
    """The same as `readable_since`, of the files of messages."""
    days = days_of_files(head.settings(defaults).retention_days, file_days)
    return max(readable_since(head, defaults, now), now - days * DAY_MS)


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


def dating(head: Head, settings: RoomSettings, seq: int, ts: int) -> dict[str, int | str]:
    """What a send of number `seq` at `ts` (ms) has to write to the head, so that it says from when its
    messages are: nothing but after half a retention, or where that has changed."""
    is_near = ts - head.dated_ts <= settings.retention_ms // 2
    if head.dated_days == settings.retention_days and is_near:
        return {}
    dated: dict[str, int | str] = {"datedSeq": seq, "datedTs": ts, "datedDays": settings.retention_days}
    if head.dated_seq and head.dated_days != settings.retention_days:
        dated["retentionRuns"] = runs_with(head, seq, ts, settings.retention_days)
    return dated


def none_expired_from(head: Head, seq: int, defaults: RoomSettings, now: int) -> bool:
    """Whether the head says by itself that no message from number `seq` on has expired."""
    since = max(readable_since(head, defaults, now), now - head.dated_days * DAY_MS)
    return 0 < head.dated_seq <= seq and head.dated_ts >= since
