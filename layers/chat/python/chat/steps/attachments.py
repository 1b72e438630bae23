"""Send a message with attachments: copies of the files first, then one transaction for the message and its uploads."""

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import replace

from chat.deployment import Deployment
from chat.operations.send_message import Send
from chat.rules.access import Access, View
from chat.rules.errors import ChatError, InvalidInput, NotAllowed, ServiceUnavailable
from chat.rules.identifiers import chance_of
from chat.rules.models import Item, Message
from chat.rules.tally import Tally
from chat.rules.text import fingerprint
from chat.steps.draft import Draft
from chat.steps.retry import retried
from chat.steps.roster import seat
from chat.storage import keys
from chat.storage.aws import Cancelled, OutcomeUnknown, StoreFailure
from chat.storage.items import Envelope, is_expired, send_actions, values
from chat.storage.store import Refused, refused_by
from chat.storage.tables import Place
from chat.storage.uploads import (
    MOST_ATTACHMENTS,
    Upload,
    Uploads,
    is_upload_id,
    kept_key,
    pending_key,
    upload_place,
    used,
)

_copying = ThreadPoolExecutor(max_workers=MOST_ATTACHMENTS, thread_name_prefix="copy")


class SendWithAttachments(Send):
    """One send on its way that refers to uploads.

    Before anything is committed it looks at everything at once, judges in the order of every send, and makes copies of its
    own of the uploaded files. If it is refused after that, or only repeats an earlier send, it takes its copies away again.
    """

    def __init__(self, deployment: Deployment, draft: Draft, tally: Tally, attachments: object) -> None:
        """Raises `InvalidInput`, and `NotAllowed` where there are no attachments; reads nothing."""
        self._uploads, self._ids = _check(deployment, attachments)
        whole = replace(draft, fingerprint=fingerprint(",".join(self._ids), draft.fingerprint))
        super().__init__(deployment, whole, tally)
        self._kept: list[Upload] = []
        self._copies: list[str] = []
        self._uncertain = False

    def run(self) -> Message:
        try:
            retried(self._deployment, self._prepare)
            message = super().run()
        except ChatError:
            if not self._uncertain:
                self._take_back()
            raise
        if chance_of(message.id) != chance_of(self._draft.message_id):
            self._take_back()
        return message

    def _prepare(self) -> None:
        """Look, judge and copy. Where the send is a repeat it does not copy: the run finds the message, or refuses.

        Raises `NotRoomMember`, `NotAllowed`, `Muted`, `RateLimited`, then `InvalidInput` for what cannot be sent.
        """
        draft, now_s = self._draft, self._deployment.now() // 1_000
        head = Place(draft.room.table, draft.room.partition_key, keys.HEAD)
        member = seat(draft.room, draft.sender)
        sent = keys.sent(draft.room.partition_key, draft.client_message_id)
        proof = Place(draft.room.table, member.partition_key, sent)
        uploads = [upload_place(draft.room, each) for each in self._ids]
        with self._tally.timing("StoreMs"):
            found = self._deployment.store.tables.batch([head, member, proof, *uploads], consistent=True)
        access = self._know(View.of(_at(found, head), _at(found, member)))
        earlier = _at(found, proof)
        if earlier and not is_expired(earlier, now_s):
            self._doubt = True
            return
        if refusal := self._refusal(access):
            self._remember_refusal(refusal)
            raise refusal
        self._copy([self._judged(_at(found, each), now_s) for each in uploads])

    def _judged(self, item: Item | None, now_s: int) -> Upload:
        """The upload, if this sender may send it now. Raises `InvalidInput`."""
        upload = Upload.of(item) if item else None
        if upload is None or upload.sender_id != self._draft.sender:
            raise _unknown()
        if upload.status != "pending" or upload.expires_at < now_s:
            raise _unknown()
        return upload

    def _copy(self, uploads: list[Upload]) -> None:
        """Copy all at once. Raises `InvalidInput` if one is not there yet."""
        days = self._settings().retention_days
        targets = [kept_key(each.id, self._draft.message_id, days) for each in uploads]
        self._copies = targets
        with self._tally.timing("ObjectsMs"):
            copies = [_copying.submit(self._copied, *each) for each in zip(uploads, targets, strict=True)]
            wait(copies)  # all, since what is still on its way cannot be taken back
        self._kept = [copy.result() for copy in copies]

    def _copied(self, upload: Upload, target: str) -> Upload:
        objects, source = self._uploads.objects, pending_key(upload.id)
        found = objects.look(source)
        if found is None or not 1 <= found.size <= upload.size or found.content_type != upload.content_type:
            raise InvalidInput("upload.notFinished", argument="attachments")
        objects.copy(source, target, found.etag)
        return replace(upload, s3_key=target, size=found.size)

    def _take_back(self) -> None:
        """Delete this send's copies, as far as that succeeds: what is left ends with its folder's time."""
        if self._copies:
            with suppress(StoreFailure):
                self._uploads.objects.delete(self._copies)

    def _stamp(self, access: Access) -> Envelope:
        envelope = super()._stamp(access)
        told = json.dumps([each.to_wire() for each in self._kept], ensure_ascii=False)
        return replace(envelope, message=replace(envelope.message, attachments=told))

    def _write(self, envelope: Envelope) -> None:
        """Raises as `Store.commit` does, and `InvalidInput` when another message has taken an upload meanwhile."""
        if not self._kept:  # the repeat that was expected is none: its proof has expired in between
            raise ServiceUnavailable
        room, tables, now_s = envelope.room, self._deployment.store.tables, envelope.now // 1_000
        actions = send_actions(envelope, tables.name(room.table))
        actions[-1]["Put"]["Item"] |= values({"attachments": envelope.message.attachments})
        taken = [used(room, each, envelope.sort_key, envelope.expires_at, now_s) for each in self._kept]
        names = {room.table: tables.name(room.table)}
        try:
            tables.transact_actions([*actions, *(each.action(names) for each in taken)])
        except OutcomeUnknown:
            self._uncertain = True
            raise
        except Cancelled as cancelled:
            refused = refused_by(cancelled)
            if isinstance(refused, Refused):
                raise refused from None
            if any(code == "ConditionalCheckFailed" for code, _ in cancelled.reasons[len(actions) :]):
                raise _unknown() from None
            raise refused from None


def _check(deployment: Deployment, attachments: object) -> tuple[Uploads, list[str]]:
    uploads = deployment.uploads()
    if uploads is None:
        raise NotAllowed("upload.off", reason="attachmentsOff")
    if not isinstance(attachments, list) or len(attachments) > MOST_ATTACHMENTS:
        raise InvalidInput("upload.tooMany", argument="attachments", max=MOST_ATTACHMENTS)
    if not all(is_upload_id(each) for each in attachments):
        raise _unknown()
    if len(set(attachments)) < len(attachments):
        raise InvalidInput("upload.tooMany", argument="attachments", max=MOST_ATTACHMENTS)
    return uploads, attachments


def _unknown() -> InvalidInput:
    return InvalidInput("upload.unknown", argument="attachments")


def _at(found: Mapping[tuple[str, str], Item], place: Place) -> Item | None:
    return found.get((place.partition_key, place.sort_key))
