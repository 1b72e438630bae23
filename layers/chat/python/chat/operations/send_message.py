"""Send a message: exactly once, in order, within the limits.

One transaction carries membership, proof, head and message. When it is refused, the refusal brings back what stood in
the way, so the next attempt starts from there without a read.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from chat.deployment import Deployment
from chat.rules.access import Access, View, open_room
from chat.rules.errors import ChatError, IdempotencyMismatch, NotRoomMember, RateLimited
from chat.rules.identifiers import at, chance_of
from chat.rules.models import Caller, Message, RoomSettings, Sent
from chat.rules.tally import Tally
from chat.steps.draft import Draft, check_draft
from chat.steps.retry import attempts
from chat.storage import keys
from chat.storage.aws import OutcomeUnknown, TransientFailure
from chat.storage.charging import limits_at, member_refusal, milliseconds
from chat.storage.items import Envelope
from chat.storage.memory import FRESH_S
from chat.storage.store import Refused

AT_ONCE = 1
"""How often a send that others overtook is tried again without a pause, before it lets others go first."""


def send_message(
    deployment: Deployment, caller: Caller, arguments: Mapping[str, Any], tally: Tally
) -> Message:
    """Store the message that `arguments` (`roomId`, `text`, `clientMessageId`, `attachments`) describe, or find it stored
    already.

    Raises `InvalidInput`, `NotRoomMember`, `NotAllowed` (not adopted yet, no attachments here), `IdempotencyMismatch`,
    `Muted`, `RateLimited` and `ServiceUnavailable`, judged in that order; attachments that cannot be sent (`InvalidInput`)
    are found after all of these. After `ServiceUnavailable` the message may have been stored: sending it again under the
    same clientMessageId tells.
    """
    draft = check_draft(deployment, caller, arguments)
    if arguments.get("attachments"):
        from chat.steps.attachments import SendWithAttachments  # noqa: PLC0415  the others are not to pay for it

        return SendWithAttachments(deployment, draft, tally, arguments["attachments"]).run()
    return Send(deployment, draft, tally).run()


class Send:
    """One send on its way: the draft, and the latest that is known of the room."""

    def __init__(self, deployment: Deployment, draft: Draft, tally: Tally) -> None:
        self._deployment = deployment
        self._draft = draft
        self._tally = tally
        self._member_key = (draft.room.partition_key, draft.sender)
        self._send_key = (*self._member_key, draft.client_message_id)
        self._access: Access | None = None
        self._remembered = False
        self._doubt = deployment.memory.sends.get(self._send_key) is not None
        self._earlier: Sent | None = None
        self._overtaken = 0

    def run(self) -> Message:
        for _ in attempts(self._deployment, at_once=self._hurries):
            self._tally.add("Attempts")
            try:
                with self._deployment.memory.turn(self._draft.room.partition_key):
                    self._catch_up()
                    if message := self._attempt():
                        return message
                self._overtaken += 1
            except TransientFailure:
                self._tally.add("TransientFailures")
                self._overtaken = AT_ONCE + 1
            if not (self._hurries() or self._earlier):
                self._access = None  # it will have aged by the end of the pause
        raise AssertionError("attempts end by raising")

    def _hurries(self) -> bool:
        """Whether to try again at once: a refusal that brought the current head makes a pause only lose it again."""
        return self._overtaken <= AT_ONCE

    def _attempt(self) -> Message | None:
        """Commit, or find the message stored already; `None` when others came first. Raises the refusal."""
        if self._earlier:
            return self._stored(self._earlier)
        access = self._access or self._look()
        refusal = self._refusal(access)
        if self._remembered and (self._doubt or (refusal and not self._refused_lately(refusal))):
            # What is remembered may neither show a stored message nor be the first to refuse.
            access = self._look()
            refusal = self._refusal(access)
        if self._doubt or (refusal and self._draft.named and not self._remembered):
            if earlier := self._proof():
                return self._repeat(earlier)
            self._doubt = False
        if refusal:
            self._remember_refusal(refusal)
            raise refusal
        return self._commit(access)

    def _recalled(self) -> Access | None:
        memory, since = self._deployment.memory, self._deployment.monotonic() - FRESH_S
        head = memory.likely_head(self._draft.room.partition_key, since)
        member = memory.members.get(self._member_key, since)
        return Access(head, member) if head and member else None

    def _catch_up(self) -> None:
        """Take over a later head that another thread of this process has seen meanwhile."""
        recalled = self._recalled()
        if recalled and (self._access is None or recalled.head.rev > self._access.head.rev):
            self._access, self._remembered = recalled, True

    def _look(self) -> Access:
        """One consistent look at the room. Raises `NotRoomMember` and `NotAllowed`."""
        with self._tally.timing("StoreMs"):
            view = self._deployment.store.view(self._draft.room, self._draft.sender, consistent=True)
        return self._know(view)

    def _know(self, view: View) -> Access:
        """Take over what was just seen. Raises `NotRoomMember` and `NotAllowed`."""
        memory, at = self._deployment.memory, self._deployment.monotonic()
        try:
            self._access = access = open_room(view, "send")
        except NotRoomMember:
            memory.members.forget(self._member_key)
            raise
        self._remembered = False
        memory.see_head(self._draft.room.partition_key, access.head, at)
        memory.members.put(self._member_key, access.member, at)
        return access

    def _settings(self) -> RoomSettings:
        defaults = self._deployment.defaults
        return self._access.head.settings(defaults) if self._access else defaults

    def _refusal(self, access: Access) -> ChatError | None:
        """Why this member may not send now: muted, then the person's rate, then the room's."""
        now, settings = self._deployment.now(), self._settings()
        if refusal := member_refusal(access, settings, now):
            return refusal
        at = limits_at(access.head, now)
        if wait := settings.room_rate.wait(access.head.tat, at):
            return RateLimited(milliseconds(wait + at - now * 1_000), "room")
        return None

    def _refused_lately(self, refusal: ChatError) -> bool:
        """Whether the store itself said so a moment ago. Only a limit may be refused from memory: it passes by itself."""
        lately = self._deployment.memory.refusals.get(
            self._member_key, self._deployment.monotonic() - FRESH_S
        )
        return isinstance(refusal, RateLimited) and lately is not None

    def _remember_refusal(self, refusal: ChatError) -> None:
        if isinstance(refusal, RateLimited) and not self._remembered:
            self._deployment.memory.refusals.put(self._member_key, True, self._deployment.monotonic())

    def _commit(self, access: Access) -> Message | None:
        envelope = self._stamp(access)
        try:
            with self._tally.timing("StoreMs"):
                self._write(envelope)
        except Refused as refused:
            return self._learn(access, refused)
        except OutcomeUnknown:
            self._doubt = True
            self._deployment.memory.sends.put(self._send_key, True, self._deployment.monotonic())
            raise
        memory, at = self._deployment.memory, self._deployment.monotonic()
        known, ts = access.head, envelope.message.ts
        head = replace(
            known,
            rev=known.rev + 1,
            seq=known.seq + 1,
            ts=ts,
            tat=envelope.head_tat,
            last_id=envelope.message.id,
        )
        taken = envelope.person.taken(access.member.tat, envelope.limits_at)
        memory.heads.put(self._draft.room.partition_key, head, at)
        memory.members.put(self._member_key, replace(access.member, tat=taken), at)
        memory.sends.put(self._send_key, True, at)
        self._tally.add("Sends")
        return envelope.message

    def _write(self, envelope: Envelope) -> None:
        """Raises as `Store.commit` does."""
        self._deployment.store.commit(envelope)

    def _stamp(self, access: Access) -> Envelope:
        """Number and instant for this attempt: the next ones after the head that is known."""
        draft, head, settings = self._draft, access.head, self._settings()
        now = self._deployment.now()
        ts, judged_at = max(now, head.ts + 1), limits_at(head, now)
        message = Message(
            id=at(draft.message_id, ts),
            room_id=draft.room.id,
            room_type=draft.room.type,
            guild_id=draft.room.guild_id,
            sender_id=draft.sender,
            text=draft.text,
            ts=ts,
            seq=head.seq + 1,
            epoch=head.epoch,
            client_message_id=draft.client_message_id,
        )
        return Envelope(
            room=draft.room,
            message=message,
            fingerprint=draft.fingerprint,
            head=head,
            head_tat=settings.room_rate.taken(head.tat, judged_at),
            person=settings.person_rate(access.member.role),
            member=access.member,
            now=now,
            limits_at=judged_at,
            expires_at=(ts + settings.retention_ms) // 1_000,
        )

    def _learn(self, access: Access, refused: Refused) -> Message | None:
        """Take over what refused the transaction; the proof of an earlier send ends the search.

        Raises `NotRoomMember` first: somebody who has left is not told what they once sent.
        """
        found = refused.found
        if head := found.get("head"):
            self._tally.add("StaleHeads")
            self._tally.add("RevisionsBehind", head.rev - access.head.rev)
        self._know(View(found.get("head", access.head), found.get("member", access.member)))
        sent: Sent | None = found.get("sent")
        return self._repeat(sent) if sent else None

    def _proof(self) -> Sent | None:
        draft, now_s = self._draft, self._deployment.now() // 1_000
        with self._tally.timing("StoreMs"):
            return self._deployment.store.sent(draft.room, draft.sender, draft.client_message_id, now_s)

    def _repeat(self, sent: Sent) -> Message:
        """The stored message as it is now. Raises `IdempotencyMismatch`, and `RateLimited` beyond a small budget."""
        memory, at = self._deployment.memory, self._deployment.monotonic()
        memory.sends.put(self._send_key, True, at)
        if sent.hash != self._draft.fingerprint:
            raise IdempotencyMismatch
        if not sent.message_sk.endswith(
            chance_of(self._draft.message_id)
        ):  # else only this call's answer was lost
            self._charge_repeat()
            self._tally.add("Repeats")
        self._earlier = sent
        return self._stored(sent)

    def _stored(self, sent: Sent) -> Message:
        """The message that `sent` proves, as far as the room's retention leaves it."""
        now = self._deployment.now()
        if sent.message_sk < keys.message_floor(now - self._settings().retention_ms):
            return self._expired(sent)
        with self._tally.timing("StoreMs"):
            stored = self._deployment.store.message(self._draft.room, sent.message_sk, now // 1_000)
        return stored or self._expired(sent)

    def _charge_repeat(self) -> None:
        """A repeat costs units too: each process grants a person as many as it grants messages."""
        memory, now = self._deployment.memory, round(self._deployment.monotonic() * 1_000_000)
        rate = self._settings().person_rate(self._access.member.role if self._access else "member")
        tat = memory.repeats.get(self._member_key) or 0
        if wait := rate.wait(tat, now):
            raise RateLimited(milliseconds(wait), "person")
        memory.repeats.put(self._member_key, rate.taken(tat, now), self._deployment.monotonic())

    def _expired(self, sent: Sent) -> Message:
        """What is left of a message that is gone while its proof still stands: everything but the text."""
        _, ts, message_id = sent.message_sk.split("#", 2)
        draft = self._draft
        return Message(
            id=message_id,
            room_id=draft.room.id,
            room_type=draft.room.type,
            guild_id=draft.room.guild_id,
            sender_id=draft.sender,
            ts=int(ts),
            seq=sent.seq,
            client_message_id=draft.client_message_id,
        )
