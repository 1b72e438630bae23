"""What a send adds for its attachments: copies of the uploaded files, and the writes that give it the
uploads."""

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from chat.deployment import Deployment
from chat.rules.errors import InvalidInput, NotAllowed, ServiceUnavailable
from chat.rules.models import DAY_MS, Item
from chat.rules.retention import days_of_files
from chat.rules.rooms import Room
from chat.rules.text import fingerprint
from chat.steps.draft import Draft
from chat.steps.posted_files import Refusals, posted_file
from chat.storage.aws import StoreFailure
from chat.storage.places import Found, Place
from chat.storage.send_attempt import SendAttempt
from chat.storage.tables import Write
from chat.storage.uploads import (
    MOST_ATTACHMENTS,
    Upload,
    Uploads,
    is_upload_id,
    kept_key,
    pending_key,
    upload_place,
    use_write,
)

REFUSALS = Refusals("upload.notFinished", "upload.mismatch", "attachments")


class Attachments:
    """The uploads that one send refers to, by `ids`, and the copies of its own that it makes of them before
    its commit."""

    def __init__(self, deployment: Deployment, uploads: Uploads, room: Room, ids: Sequence[str]) -> None:
        self._deployment = deployment
        self._objects = uploads.objects
        self._ids = ids
        self._copied: list[Upload] = []
        self._targets: list[str] = []
        self.places: list[Place] = [upload_place(room, each) for each in ids]
        """Where the uploads lie."""

    def fingerprint(self, of_text: str) -> str:
        """The hash that a repeat must match: over these uploads, and over the text by its own."""
        return fingerprint(",".join(self._ids), of_text)

    def copy(self, found: Found, draft: Draft, retention_days: int, *, held: bool) -> None:
        """Copy all files at once, for as long as they are kept with a message that is for `retention_days`, or a legal hold
        (`held`) stands. `found` has the uploads that are there.

        Raises `InvalidInput` for an upload that the sender may not send now, or whose file is not there yet, or begins as
        one of another type.
        """
        now_s = self._deployment.now() // 1_000
        uploads = [_usable(found.get(place), draft.sender, now_s) for place in self.places]
        days = days_of_files(retention_days, self._deployment.file_days)
        self._targets = [kept_key(each.id, draft.message_id, days, held=held) for each in uploads]
        threads = self._deployment.threads()
        copies = [threads.submit(self._copy, *each) for each in zip(uploads, self._targets, strict=True)]
        # All are waited for, failed or not, since what is still on its way cannot be taken back.
        failures = [failure for copy in copies if (failure := copy.exception())]
        if failures:
            raise failures[0]
        self._copied = [copy.result() for copy in copies]

    def _copy(self, upload: Upload, target: str) -> Upload:
        stored = posted_file(self._objects, upload, REFUSALS)
        self._objects.copy(pending_key(upload.id), target, stored.etag)
        return replace(upload, s3_key=target, size=stored.size)

    def to_json(self) -> str:
        """The list of the schema's `Attachment`, as a message's item holds it."""
        return json.dumps([each.to_wire() for each in self._copied], ensure_ascii=False)

    def writes(self, attempt: SendAttempt) -> list[Write]:
        """Give the uploads to the message, in its own transaction.

        Raises `ServiceUnavailable` where nothing was copied: a repeat was expected, and its proof has expired
        in between.
        """
        if not self._copied:
            raise ServiceUnavailable
        now_s = attempt.now // 1_000
        days = days_of_files(attempt.settings.retention_days, self._deployment.file_days)
        ends_at = (attempt.message.ts + days * DAY_MS) // 1_000
        return [
            use_write(attempt.room, each, attempt.sort_key, ends_at, now_s, held=attempt.is_held)
            for each in self._copied
        ]

    def delete_copies(self) -> None:
        """Delete this send's copies, as far as that succeeds: what is left ends with its folder's time."""
        if self._targets:
            with suppress(StoreFailure):
                self._objects.delete(self._targets)

    @staticmethod
    def taken() -> InvalidInput:
        """The refusal where another message has taken an upload meanwhile."""
        return _unknown()


def check_attachments(deployment: Deployment, room: Room, attachments: object) -> Attachments:
    """The attachments that a send names by a list of upload ids. Reads nothing.

    Raises `InvalidInput`, and `NotAllowed` where there are no attachments.
    """
    uploads = deployment.uploads()
    if uploads is None:
        raise NotAllowed("upload.off", reason="attachmentsOff")
    if not isinstance(attachments, list) or len(attachments) > MOST_ATTACHMENTS:
        raise InvalidInput("upload.tooMany", argument="attachments", max=MOST_ATTACHMENTS)
    if not all(is_upload_id(each) for each in attachments):
        raise _unknown()
    if len(set(attachments)) < len(attachments):
        raise InvalidInput("upload.tooMany", argument="attachments", max=MOST_ATTACHMENTS)
    return Attachments(deployment, uploads, room, attachments)


def _usable(item: Item | None, sender: str, now_s: int) -> Upload:
    """The upload, if this sender may send it now. Raises `InvalidInput`."""
    upload = Upload.found(item)
    if upload is None or upload.sender_id != sender:
        raise _unknown()
    if upload.status != "pending" or upload.expires_at < now_s:
        raise _unknown()
    return upload


def _unknown() -> InvalidInput:
    return InvalidInput("upload.unknown", argument="attachments")
