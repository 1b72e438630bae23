"""Send a message: exactly once, in order, within the limits.

    knowing ──judged──▶ committing ──────────────────────▶ stored
       ▲  └─refused─▶ refusal  │  │                           ▲
       └──overtaken, throttled─┘  └─found stored─▶ repeating ─┘

One transaction carries membership, proof, head and message. *Knowing* the room takes one read, or none where
this process has seen it within two seconds. Where the transaction is refused, the refusal brings back what
stood in the way, so the next attempt starts from there without a read. *Repeating*: the proof of an earlier
send under this clientMessageId was found.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from chat.deployment import Deployment
from chat.rules.access import Access, View, open_room
from chat.rules.errors import ChatError, NotAllowed, NotRoomMember, RateLimited, ServiceUnavailable
from chat.rules.identifiers import chance_of, was_composed_before
from chat.rules.models import Caller, Message, RoomSettings, Sent
from chat.rules.tally import Tally
from chat.rules.text import clean_text
from chat.steps.draft import Draft, check_draft
from chat.steps.repeat import charge_repeat, proof_of, stored_message
from chat.steps.retry import attempts, retried
from chat.storage.aws import OutcomeUnknown, TransientFailure
from chat.storage.charging import member_refusal, wait_ms
from chat.storage.items import is_expired
from chat.storage.memory import FRESH_S
from chat.storage.places import head_place, membership_place, sent_place
from chat.storage.send_attempt import SendAttempt
from chat.storage.store import Refused

if TYPE_CHECKING:
    from chat.steps.attachments import Attachments
    from chat.steps.references import References

REFERRING: Mapping[str, object] = {"replyTo": None, "mentions": [], "mentionsAll": False}
"""The arguments by which a send refers to a message or to people, each with what says as much as its absence."""

MOST_UNPAUSED = 1
"""How often a send that others overtook is tried again without a pause, before it lets others go first."""


def send_message(
    deployment: Deployment,
    caller: Caller,
    arguments: Mapping[str, Any],
    tally: Tally,
    trace_id: str | None = None,
) -> Message:
    """Store the message that `arguments` (`roomId`, `text`, `clientMessageId`, `attachments`, `replyTo`, `mentions`,
    `mentionsAll`) describe, or find it stored already. `trace_id` is stored with it.

    Raises `InvalidInput`, `NotRoomMember`, `NotAllowed` (not adopted yet, no attachments here, composed before the sender's
    data was erased, no right to mention everybody), `IdempotencyMismatch`, `Muted`, `RateLimited` and `ServiceUnavailable`, judged in that order; what cannot be
    referred to (`InvalidInput`), what a rule of the deployment's own says, and attachments that cannot be sent
    (`InvalidInput`), come after all of these. After `ServiceUnavailable` the message
    may have been stored: sending it again under the same clientMessageId tells.
    """
    draft, attachments, references = check_draft(deployment, caller, arguments), None, None
    if trace_id:
        draft = replace(draft, trace_id=trace_id)
    if any(_says_something(arguments.get(name), nothing) for name, nothing in REFERRING.items()):
        from chat.steps.references import check_references  # noqa: PLC0415  the others are not to pay for it

        references = check_references(deployment, draft.room, arguments)
        draft = replace(draft, fingerprint=references.fingerprint(draft.fingerprint))
    if _says_something(arguments.get("attachments"), []):
        from chat.steps.attachments import check_attachments  # noqa: PLC0415  the others are not to pay for it

        attachments = check_attachments(deployment, draft.room, arguments["attachments"])
        draft = replace(draft, fingerprint=attachments.fingerprint(draft.fingerprint))
    send = _Send(deployment, caller, draft, attachments, references, tally)
    return send.run() if attachments is None else _with_copies(send, attachments)


def _says_something(value: object, nothing: object) -> bool:
    """Whether an argument is to be looked at. Only what is absent, or empty in the argument's own type, is not: `0` is no
    list and no flag, though Python has it equal `False`."""
    return value is not None and (type(value) is not type(nothing) or value != nothing)


def _with_copies(send: "_Send", attachments: "Attachments") -> Message:
    """Run the send; its copies of files go again if it is refused, or turns out to repeat an earlier send."""
    try:
        message = send.run()
    except ChatError:
        if not send.is_in_doubt:
            attachments.delete_copies()
        raise
    if not send.has_stored(message):
        attachments.delete_copies()
    return message


class _Send:
    """One send: the draft, and the latest that is known of the room."""

    def __init__(
        self,
        deployment: Deployment,
        caller: Caller,
        draft: Draft,
        attachments: "Attachments | None",
        references: "References | None",
        tally: Tally,
    ) -> None:
        self._deployment = deployment
        self._caller = caller
        self._hook = deployment.before_text(tally)
        self._is_judged = self._hook is None and references is None
        """Whether the deployment's own rule has passed the text, if there is one, and what is referred to was found."""
        self._draft = draft
        self._attachments = attachments
        self._references = references
        self._tally = tally
        self._member_key = (draft.room.partition_key, draft.sender)
        self._send_key = (*self._member_key, draft.client_message_id)
        self._access: Access | None = None
        self._is_recalled = False
        """Whether `_access` comes from memory, and no read of this send has confirmed it."""
        self._may_be_stored = deployment.memory.sends.get(self._send_key) is not None
        self._earlier: Sent | None = None
        self._overtaken = 0
        self.is_in_doubt = False
        """Whether a transaction of this send may have been committed although its answer was lost."""

    def run(self) -> Message:
        if self._attachments or self._references or self._hook:
            retried(self._deployment, self._prepare)
        for _ in attempts(self._deployment, at_once=self._may_hurry):
            self._tally.add("Attempts")
            try:
                with self._deployment.memory.turn(self._draft.room.partition_key):
                    self._recall_later_head()
                    if message := self._attempt():
                        return message
                self._overtaken += 1
            except TransientFailure:
                self._tally.add("TransientFailures")
                self._overtaken = MOST_UNPAUSED + 1
            if not (self._may_hurry() or self._earlier):
                self._access = None  # it will have aged by the end of the pause
        raise AssertionError("attempts end by raising")

    def has_stored(self, message: Message) -> bool:
        """Whether this send stored the message, and no earlier one."""
        return chance_of(message.id) == chance_of(self._draft.message_id)

    def _may_hurry(self) -> bool:
        """Whether to try again at once: a refusal that brought the current head makes a pause only lose it
        again."""
        return self._overtaken <= MOST_UNPAUSED

    def _attempt(self) -> Message | None:
        """Commit, or find the message stored already; `None` when others came first. Raises the refusal."""
        if self._earlier:
            return self._answer(self._earlier)
        access = self._access or self._read_room()
        refusal = self._refusal(access)
        if self._is_recalled and (self._may_be_stored or (refusal and not self._refused_lately(refusal))):
            # What is remembered may neither show a stored message nor be the first to refuse.
            access = self._read_room()
            refusal = self._refusal(access)
        if self._may_be_stored or (refusal and self._draft.named and not self._is_recalled):
            if earlier := proof_of(self._deployment, self._draft, self._tally):
                return self._repeat(earlier)
            self._may_be_stored = False
        if refusal:
            self._remember_refusal(refusal)
            raise refusal
        return self._commit(access)

    # knowing the room

    def _recalled(self) -> Access | None:
        memory, since = self._deployment.memory, self._deployment.monotonic() - FRESH_S
        head = memory.likely_head(self._draft.room.partition_key, since)
        member = memory.members.get(self._member_key, since)
        return Access(head, member) if head and member and not head.ended_at else None

    def _recall_later_head(self) -> None:
        """Take over a later head that another thread of this process has seen meanwhile."""
        recalled = self._recalled()
        if recalled and (self._access is None or recalled.head.rev > self._access.head.rev):
            self._access, self._is_recalled = recalled, True

    def _read_room(self) -> Access:
        """One consistent read of the room. Raises `NotRoomMember` and `NotAllowed`."""
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
        self._is_recalled = False
        memory.see_head(self._draft.room.partition_key, access.head, at)
        memory.members.put(self._member_key, access.member, at)
        return access

    def _prepare(self) -> None:
        """Read the room, the proof, the uploads and what is referred to at once, judge as every send is judged, ask the
        deployment's own rule, and copy the files. Where the send may be a repeat nobody is asked, and nothing is copied:
        the run finds the message, or refuses.

        Raises `NotRoomMember`, `NotAllowed`, `Muted`, `RateLimited`, `InvalidInput` for what cannot be referred to, what the
        rule says, then `InvalidInput` for what cannot be sent.
        """
        draft, now_s = self._draft, self._deployment.now() // 1_000
        head, member = head_place(draft.room), membership_place(draft.room, draft.sender)
        proof = sent_place(draft.room, draft.sender, draft.client_message_id)
        parts = [part for part in (self._attachments, self._references) if part]
        places = [head, member, proof, *(place for part in parts for place in part.places)]
        with self._tally.timing("StoreMs"):
            found = self._deployment.store.tables.batch(places, consistent=True)
        access = self._know(View.of(found.get(head), found.get(member)))
        if (earlier := found.get(proof)) and not is_expired(earlier, now_s):
            self._may_be_stored = True
            return
        if refusal := self._refusal(access):
            self._remember_refusal(refusal)
            raise refusal
        if self._references:
            self._references.judge(self._deployment, found, access)
        if self._hook:
            clean = partial(clean_text, limits=self._deployment.text_limits)
            text = self._hook("message", draft.text, clean, draft.room, access, self._caller)
            self._draft = replace(draft, text=text)
        self._is_judged = True
        if self._attachments:
            with self._tally.timing("ObjectsMs"):
                is_held = bool(access.head.held or access.member.held)
                self._attachments.copy(found, draft, self._settings().retention_days, held=is_held)

    # deciding

    def _settings(self) -> RoomSettings:
        defaults = self._deployment.defaults
        return self._access.head.settings(defaults) if self._access else defaults

    def _refusal(self, access: Access) -> ChatError | None:
        """Why this member may not send now: composed before their data was erased, by their role, muted, then the person's
        rate, then the room's, then the clock."""
        now, settings, draft = self._deployment.now(), self._settings(), self._draft
        erased_at = access.member.erased_at
        # An id that was made here says by this clock, which may be behind, that the send is made now.
        if erased_at and draft.named and was_composed_before(draft.client_message_id, erased_at):
            return NotAllowed("privacy.erased", reason="erased")
        if self._references and (denied := self._references.refusal(access)):
            return denied
        if refusal := member_refusal(access, settings, now):
            return refusal
        if wait := wait_ms(settings.room_rate, access.head, now):
            return RateLimited(wait, "room")
        return ServiceUnavailable(reason="clock") if self._deployment.clock_in_doubt() else None

    def _refused_lately(self, refusal: ChatError) -> bool:
        """Whether the store itself said so a moment ago. Only a limit may be refused from memory: it passes
        by itself."""
        memory, since = self._deployment.memory, self._deployment.monotonic() - FRESH_S
        return isinstance(refusal, RateLimited) and memory.refusals.get(self._member_key, since) is not None

    def _remember_refusal(self, refusal: ChatError) -> None:
        if isinstance(refusal, RateLimited) and not self._is_recalled:
            self._deployment.memory.refusals.put(self._member_key, True, self._deployment.monotonic())

    # committing

    def _commit(self, access: Access) -> Message | None:
        if not self._is_judged:
            raise ServiceUnavailable  # a repeat was expected, and its proof has expired in between
        attempt = self._stamp(access)
        more = self._attachments.writes(attempt) if self._attachments else []
        if self._references:
            more += self._references.writes(attempt)
        try:
            with self._tally.timing("StoreMs"):
                self._deployment.store.commit(attempt, more)
        except Refused as refused:
            return self._learn(access, refused)
        except OutcomeUnknown:
            self._may_be_stored = self.is_in_doubt = True
            self._deployment.memory.sends.put(self._send_key, True, self._deployment.monotonic())
            raise
        self._remember(attempt)
        self._tally.add("Sends")
        return attempt.message

    def _stamp(self, access: Access) -> SendAttempt:
        """Number and instant for this attempt: the next ones after the head that is known."""
        draft, head, settings = self._draft, access.head, self._settings()
        now = self._deployment.now()
        ts = max(now, head.ts + 1)
        attachments = self._attachments.to_json() if self._attachments else None
        message = draft.message(
            ts,
            seq=head.seq + 1,
            epoch=head.epoch,
            attachments=attachments,
            written_at=now if ts - now > self._deployment.max_clock_skew_ms else None,
            **(self._references.stamped if self._references else {}),
        )
        expires_at = (ts + settings.retention_ms) // 1_000
        return SendAttempt(
            draft.room, message, draft.fingerprint, access, settings, now, expires_at, draft.trace_id
        )

    def _remember(self, attempt: SendAttempt) -> None:
        """Let this process's next send start from what this one has left behind."""
        memory, at = self._deployment.memory, self._deployment.monotonic()
        memory.heads.put(self._draft.room.partition_key, attempt.charged_head, at)
        memory.members.put(self._member_key, attempt.charged_member, at)
        memory.sends.put(self._send_key, True, at)

    def _learn(self, access: Access, refused: Refused) -> Message | None:
        """Take over what refused the transaction; the proof of an earlier send ends the search.

        Raises `NotRoomMember` first: somebody who has left does not get what they once sent. Raises
        `InvalidInput` when nothing refused but an upload, which another message has taken meanwhile.
        """
        found = refused.found
        if self._attachments and not found:
            raise self._attachments.taken() from None
        if head := found.get("head"):
            self._tally.add("StaleHeads")
            self._tally.add("RevisionsBehind", head.rev - access.head.rev)
        self._know(View(found.get("head", access.head), found.get("member", access.member)))
        sent: Sent | None = found.get("sent")
        return self._repeat(sent) if sent else None

    # repeating

    def _repeat(self, sent: Sent) -> Message:
        """The stored message as it is now. Raises `IdempotencyMismatch`, and `RateLimited` beyond a small
        budget."""
        self._deployment.memory.sends.put(self._send_key, True, self._deployment.monotonic())
        rate = self._settings().person_rate(self._access.member.role if self._access else "member")
        charge_repeat(self._deployment, self._draft, sent, rate, self._tally)
        self._earlier = sent
        return self._answer(sent)

    def _answer(self, sent: Sent) -> Message:
        head = self._access.head if self._access else None
        return stored_message(self._deployment, self._draft, sent, head, self._tally)
