"""The things that are stored and answered. Attribute names in the tables are the names on the wire."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, PlainSerializer
from pydantic.alias_generators import to_camel

from chat.instants import to_wire
from chat.rate import Rate
from chat.rooms import RoomType

Item = dict[str, dict[str, Any]]
"""An item as DynamoDB writes it: `{"seq": {"N": "7"}, "text": {"S": "hi"}}`."""

DAY_MS = 86_400_000

Role = Literal["owner", "moderator", "member"]
Status = Literal["active", "banned"]


class Stored(BaseModel):
    """A part of an item. Unknown attributes are ignored: a later version may have written them."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True, extra="ignore")

    @classmethod
    def of(cls, item: Item) -> "Any":
        """The model for an item of DynamoDB; absent attributes take their defaults."""
        return cls.model_validate({name: next(iter(value.values())) for name, value in item.items()})


class Caller(BaseModel):
    """Who calls, as the authorizer passed it on in `identity.resolverContext`."""

    model_config = ConfigDict(frozen=True)

    user_id: str
    roles: frozenset[str] = frozenset()


class RoomSettings(BaseModel):
    """A room's own rules. In the HEAD item each is optional; what is absent comes from the deployment."""

    model_config = ConfigDict(frozen=True)

    person_per_second: float = 1.0
    person_burst: int = 10
    room_per_second: float = 50.0
    room_burst: int = 100
    retention_days: int = 365

    @property
    def person_rate(self) -> Rate:
        return Rate(self.person_per_second, self.person_burst)

    @property
    def room_rate(self) -> Rate:
        return Rate(self.room_per_second, self.room_burst)

    @property
    def retention_ms(self) -> int:
        return self.retention_days * DAY_MS


class Head(Stored):
    """The room itself. `rev` moves with every write of this item, `seq` only with a message, `epoch` when somebody
    loses access. `ts` is the newest message's instant (ms), `tat` the room's rate state (µs)."""

    rev: int
    seq: int
    ts: int
    epoch: int
    tat: int = 0
    person_per_second: float | None = None
    person_burst: int | None = None
    room_per_second: float | None = None
    room_burst: int | None = None
    retention_days: int | None = None

    def settings(self, defaults: RoomSettings) -> RoomSettings:
        own = {name: getattr(self, name) for name in RoomSettings.model_fields}
        return defaults.model_copy(update={name: value for name, value in own.items() if value is not None})


class Member(Stored):
    """A membership, in the member's partition. `muted_until` is in ms, `tat` is the person's rate state (µs)."""

    role: Role = "member"
    status: Status = "active"
    muted_until: int = 0
    joined_seq: int = 0
    last_sent_seq: int = 0
    tat: int = 0


class Sent(Stored):
    """The proof of a send: where its message lies, and what a repeat must match."""

    message_sk: str
    seq: int
    hash: str


Instant = Annotated[int, PlainSerializer(to_wire, return_type=str)]
"""Stored as epoch milliseconds, answered as `AWSDateTime`."""


class Message(Stored):
    """A message as the schema's `Message` answers it."""

    id: str
    room_id: str
    room_type: RoomType
    guild_id: str | None = None
    sender_id: str
    text: str | None = None
    ts: Instant
    seq: int | None = None
    epoch: int | None = None
    client_message_id: str | None = None
    rev: int | None = None
    edited_at: Instant | None = None
    removed_at: Instant | None = None

    def to_wire(self) -> dict[str, Any]:
        return self.model_dump(by_alias=True)
