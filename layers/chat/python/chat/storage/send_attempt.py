"""One attempt to store a message, as the writes of its transaction."""

from dataclasses import replace

from chat.rules.access import Access
from chat.rules.models import Head, Member, Message, RoomSettings
from chat.rules.record import record
from chat.rules.retention import dating
from chat.rules.rooms import Room
from chat.storage import keys
from chat.storage.charging import charge, charged
from chat.storage.event_items import TRACE_ID
from chat.storage.items import expiring
from chat.storage.places import head_place, in_room, sent_place
from chat.storage.tables import Write

SENT_OUTLIVES_MESSAGE_S = 14 * 86_400
"""TTL may delete days late and in any order; the proof of a send must outlast its message."""


@record(frozen=True, slots=True)
class SendAttempt:
    """A message as it is stamped on `access.head`, and what it is judged by: the sender's membership and the
    room's settings, at `now` (ms). `expires_at` is in seconds. `trace_id`: of the trace that its event goes on with."""

    room: Room
    message: Message
    fingerprint: str
    access: Access
    settings: RoomSettings
    now: int
    expires_at: int
    trace_id: str | None = None

    @property
    def is_held(self) -> bool:
        """Whether a legal hold covers it."""
        return bool(self.access.head.held or self.access.member.held)

    @property
    def sort_key(self) -> str:
        return keys.message(self.message.ts, self.message.id)

    @property
    def charged_head(self) -> Head:
        """The room's head once this is stored."""
        head, message = self.access.head, self.message
        rated = charged(self.settings.room_rate, head, self.now)
        return replace(
            head,
            rev=head.rev + 1,
            seq=head.seq + 1,
            ts=message.ts,
            last_id=message.id,
            tat=rated["tat"],
            written_at=rated["writtenAt"],
        ).ruled(self.marks)

    @property
    def charged_member(self) -> Member:
        """The sender's membership once this is stored."""
        member = self.access.member
        rated = charged(self.settings.person_rate(member.role), member, self.now)
        return replace(member, tat=rated["tat"], written_at=rated["writtenAt"])

    @property
    def marks(self) -> dict[str, int | str]:
        """What the head has to say besides: of when its messages are from, and which mentions everybody."""
        message = self.message
        marks = dating(self.access.head, self.settings, message.seq or 0, message.ts)
        return marks | {"allSeq": message.seq or 0} if message.mentions_all else marks


def send_writes(attempt: SendAttempt) -> list[Write]:
    """The four writes of a send, in the order of `store.REFUSING`: member, proof, head, message."""
    sender, access = attempt.message.sender_id, attempt.access
    sent = {"lastSentSeq": access.head.seq + 1}
    return [
        charge(attempt.room, sender, access, attempt.settings, attempt.now, sent),
        _proof(attempt),
        _moved_head(attempt),
        _message(attempt),
    ]


def _proof(attempt: SendAttempt) -> Write:
    message = attempt.message
    return Write(
        sent_place(attempt.room, message.sender_id, message.client_message_id or message.id),
        condition="attribute_not_exists(PK) OR expiresAt < :now",
        given={":now": attempt.now // 1_000},
        set={
            "type": "Sent",
            "messageSk": attempt.sort_key,
            "seq": message.seq,
            "hash": attempt.fingerprint,
            **expiring(attempt.expires_at + SENT_OUTLIVES_MESSAGE_S, held=bool(attempt.access.member.held)),
        },
        whole=True,
    )


def _moved_head(attempt: SendAttempt) -> Write:
    head, message = attempt.access.head, attempt.message
    return Write(
        head_place(attempt.room),
        condition="#rev = :rev",
        given={":rev": head.rev},
        set={
            "rev": head.rev + 1,
            "seq": message.seq,
            "ts": message.ts,
            "lastId": message.id,
            **attempt.marks,
            **charged(attempt.settings.room_rate, head, attempt.now),
        },
    )


def _message(attempt: SendAttempt) -> Write:
    """The message itself, which is the event of its sending, too. Nothing guards it: its key is new."""
    message, room = attempt.message, attempt.room
    owner = {"guildId": room.guild_id} if room.guild_id is not None else {"roomId": room.id}
    item = {
        "type": "Message",
        "id": message.id,
        **owner,
        "senderId": message.sender_id,
        "text": message.text,
        "ts": message.ts,
        "roomType": room.type,
        "seq": message.seq,
        "epoch": message.epoch,
        "clientMessageId": message.client_message_id,
        "sentRev": attempt.access.head.rev + 1,
        **expiring(attempt.expires_at, held=attempt.is_held),
    }
    optional = {
        "attachments": message.attachments,
        "replyTo": message.reply_to,
        "mentions": message.mentions,
        "mentionsAll": message.mentions_all,
        "writtenAt": message.written_at,
        TRACE_ID: attempt.trace_id,
    }
    item |= {name: value for name, value in optional.items() if value is not None}
    return Write(in_room(room, attempt.sort_key), set=item, whole=True)
