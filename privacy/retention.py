"""What is kept for how long: each kind of item, log, backup, queue and file, from the constants and settings that decide it.

`tests/privacy/test_retention.py` holds that every kind of item of `docs/adopting.md` is here, with the same numbers.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from chat.deployment import Deployment
from chat.rules import data_requests, retention
from chat.steps import holds, ledger, occupancy, quota, roster
from chat.storage import (
    due_notification_items,
    erased_items,
    export_objects,
    notification_items,
    send_attempt,
    uploads,
)
from privacy.configuration import Configured, configured
from privacy.settings import Settings

Part = Literal["tables", "bucket", "logs", "backups", "queues", "requests"]
DAY_S, HOUR_S = 86_400, 3_600
QUEUES_S = 14 * DAY_S
"""`message_retention_seconds` of the queues in `terraform/reader.tf`, the longest that SQS has."""
PENDING_S = DAY_S
"""The lifecycle of `pending/` in `terraform/uploads.tf`."""


FILES_BY = "FILE_DAYS; with its message, where that ends before"


@dataclass(frozen=True, slots=True)
class Kept:
    """One kind of thing. It is gone `seconds` after `since`; where `seconds` is `None`, when `since` says. `by` is what
    decides it: a setting, a variable of Terraform's, or a constant."""

    part: Part
    kind: str
    seconds: int | None
    since: str
    by: str

    def to_json(self) -> dict[str, Any]:
        """What an operator is shown."""
        for_how_long = {} if self.seconds is None else {"kept": in_words(self.seconds)}
        when = "since" if self.seconds is not None else "until"
        return {"part": self.part, "kind": self.kind, **for_how_long, when: self.since, "by": self.by}


def in_words(seconds: int) -> str:
    """`365 days`, or `23 hours` where it is no whole number of days."""
    number, unit = amount(seconds)
    return f"{number} {unit}" + ("" if number == 1 else "s")


def amount(seconds: int) -> tuple[int, Literal["day", "hour"]]:
    """The number and its unit. Anything below an hour counts as one."""
    if seconds % DAY_S == 0 and seconds:
        return seconds // DAY_S, "day"
    return -(-seconds // HOUR_S), "hour"


def report(own: Configured) -> list[Kept]:
    """Everything, in the order of the parts."""
    return [*_tables(own), *_bucket(own), *_logs(own), *_backups(own), *_queues(), *_requests(own)]


def _tables(own: Configured) -> Iterator[Kept]:
    for kind, seconds, since, by in _expiring(own):
        yield Kept("tables", kind, seconds, since, by)
    for kinds, until in UNTIL.items():
        for kind in kinds:
            yield Kept("tables", kind, None, until, "what people do")


def _expiring(own: Configured) -> Iterable[tuple[str, int, str, str]]:
    """Kinds of items that end by themselves. DynamoDB deletes them within days; nobody can read them as soon as they have
    expired."""
    catching_up = "chat/rules/retention.py:KEPT_MS"
    usable = ("it was made, or with the attachment that it has become", "chat/storage/uploads.py:USABLE_S")
    return (
        ("Message", own.retention_days * DAY_S, "it was sent", "RETENTION_DAYS; a room's own number wins"),
        ("Change", retention.KEPT_MS // 1_000, "it was made", catching_up),
        ("Event", retention.KEPT_MS // 1_000, "it happened", catching_up),
        ("Unsummarised", retention.KEPT_MS // 1_000, "somebody reacted", catching_up),
        ("Upload", uploads.USABLE_S, *usable),
        ("Picture", uploads.USABLE_S, "it was made", "chat/storage/uploads.py:USABLE_S"),
        (
            "Preparing",
            uploads.PREPARING_KEPT_S,
            "the last upload",
            "chat/storage/uploads.py:PREPARING_KEPT_S",
        ),
        (
            "Membership",
            roster.LEFT_IS_KEPT_MS // 1_000,
            "the person left",
            "chat/steps/roster.py:LEFT_IS_KEPT_MS",
        ),
        (
            "Sent",
            send_attempt.SENT_OUTLIVES_MESSAGE_S,
            "its message is gone",
            "chat/storage/send_attempt.py:SENT_OUTLIVES_MESSAGE_S",
        ),
        ("Presence", own.presence_days * DAY_S, "the last heartbeat", "PRESENCE_DAYS"),
        ("Quota", quota.KEPT_S, "the last change", "chat/steps/quota.py:KEPT_S"),
        (
            "Notifying",
            due_notification_items.KEPT_MS // 1_000,
            "its messages were due, unless they are judged, which is at once",
            "chat/storage/due_notification_items.py:KEPT_MS",
        ),
        (
            "Judged",
            due_notification_items.KEPT_MS // 1_000,
            "its messages were due",
            "chat/storage/due_notification_items.py:KEPT_MS",
        ),
        (
            "Notification",
            due_notification_items.KEPT_MS // 1_000,
            "the person was notified",
            "chat/storage/due_notification_items.py:KEPT_MS",
        ),
        (
            "NotificationsSet",
            notification_items.SETTING_KEPT_MS // 1_000,
            "it was set",
            "chat/storage/notification_items.py:SETTING_KEPT_MS",
        ),
        ("Draft", own.draft_days * DAY_S, "it was saved", "DRAFT_DAYS"),
        ("Live", occupancy.KEPT_S, "its half a minute", "chat/steps/occupancy.py:KEPT_S"),
        ("Deliveries", ledger.KEPT_MS // 1_000, "its hour", "chat/steps/ledger.py:KEPT_MS"),
        (
            "Tombstone",
            erased_items.OUTBOX_KEPT_MS // 1_000,
            "the person was erased",
            "chat/storage/erased_items.py:OUTBOX_KEPT_MS",
        ),
        (
            "ErasedBan",
            erased_items.OUTBOX_KEPT_MS // 1_000,
            "the person was erased, unless ERASURE_KEEPS_BANS is false",
            "chat/storage/erased_items.py:OUTBOX_KEPT_MS",
        ),
        (
            "DataRequest",
            data_requests.KEPT_MS // 1_000,
            "it ended",
            "chat/rules/data_requests.py:KEPT_MS",
        ),
        ("Erasure", data_requests.KEPT_MS // 1_000, "it ended", "chat/rules/data_requests.py:KEPT_MS"),
        (
            "LegalHold",
            holds.LIFTED_IS_KEPT_MS // 1_000,
            "it was lifted",
            "chat/steps/holds.py:LIFTED_IS_KEPT_MS",
        ),
    )


UNTIL = {
    ("Mention", "Pin", "Reaction", "ReactionCount", "ReactionKinds", "Reacted"): "its message is gone",
    ("Room",): "the room ends",
    ("Member", "Name", "Named"): "the person leaves the room",
    ("Invitation",): "it is answered or taken back",
    ("Ban",): "it is lifted, the room ends, or the person is erased",
    ("Block",): "it is lifted, or the person is erased",
    ("Profile", "Receipts", "Mine", "DataRequests"): "the person is erased",
    ("Avatar",): "the picture is replaced, or the person is erased",
    ("Original", "Held"): "the legal hold is lifted",
    ("HoldsRev",): "never: a number that names nobody",
    ("Adoption", "Job", "Due", "Erasing"): "the work is done",
}
"""Kinds of items that end with something else."""


def _bucket(own: Configured) -> Iterator[Kept]:
    lifecycle = "the lifecycle of terraform/uploads.tf"
    days = retention.days_of_files(own.retention_days, own.file_days)
    folder = next(each for each in uploads.KEPT_DAYS if each >= min(days, uploads.KEPT_DAYS[-1]))
    yield Kept("bucket", "pending/", PENDING_S, "it was uploaded", lifecycle)
    yield Kept("bucket", "attachments", days * DAY_S, "its message was sent", FILES_BY)
    yield Kept("bucket", f"kept/{folder}/", (folder + 1) * DAY_S, "its message was sent", lifecycle)
    yield Kept(
        "bucket", export_objects.PREFIX, export_objects.KEPT_DAYS * DAY_S, "the export was made", lifecycle
    )
    yield Kept("bucket", uploads.HELD_FILES, None, "the legal hold is lifted", "what people do")
    yield Kept(
        "bucket", "avatars/", None, "the picture is replaced, or the person is erased", "what people do"
    )


def _logs(own: Configured) -> Iterator[Kept]:
    yield Kept("logs", "logs", own.log_retention_days * DAY_S, "it was written", "log_retention_days")
    yield Kept("logs", "audit", own.audit_retention_days * DAY_S, "it was written", "audit_retention_days")


def _backups(own: Configured) -> Iterator[Kept]:
    window, by = own.recovery_period_in_days, "recovery_period_in_days"
    yield Kept("backups", "backups", window * DAY_S, "it was changed or erased", by)
    yield Kept("backups", "taken-back/", (window + 1) * DAY_S, "it was taken back", f"{by}, and a day")


def _queues() -> Iterator[Kept]:
    yield Kept("queues", "events", QUEUES_S, "it happened, unless a consumer takes it", "terraform/reader.tf")
    yield Kept("queues", "dead letters", QUEUES_S, "it was set aside", "terraform/reader.tf")


def _requests(own: Configured) -> Iterator[Kept]:
    waiting = "it was asked for: it begins then"
    yield Kept("requests", "EXPORT", own.export_wait_hours * HOUR_S, waiting, "EXPORT_WAIT_HOURS")
    yield Kept("requests", "ERASURE", own.erasure_wait_days * DAY_S, waiting, "ERASURE_WAIT_DAYS")


def lines(_: Deployment, own: Settings) -> Iterator[dict[str, Any]]:
    """The command `retention`. Raises `BadDeployment` and `OSError`."""
    for each in report(configured(own.deployment)):
        yield each.to_json()
