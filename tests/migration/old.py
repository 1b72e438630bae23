"""Rooms as they were written before numbering, and what is expected of them, from how each was made."""

import threading
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from hypothesis import strategies as st

from chat.rules.models import Item
from chat.rules.rooms import Room
from chat.storage import keys
from chat.storage.clock import wall_clock
from chat.storage.items import key, values
from migration.adopt_room import Rules, adopt_room
from migration.memberships import add_members
from migration.report import Report, RoomReport
from migration.run import adopt_rooms
from migration.tables import RateLimiter, Tables
from simulator.settings import TABLES
from tests.guarantees.support.fixtures import DAY_MS, NOON, Clock, follow, process

SECOND, MILLISECOND = 1_000_000_000, 1_000_000
NAMES = {"core": TABLES["CORE_TABLE"], "guild": TABLES["GUILD_TABLE"]}
ENOUGH = 1_000_000


@dataclass(frozen=True)
class Form:
    """How an instant is written. `digits` of a second; `None` for minutes alone. `offset` in minutes, `None` for none."""

    kind: str
    digits: int | None = 0
    offset: int | None = 0
    zulu: bool = True

    @property
    def unit(self) -> int:
        if self.kind == "milliseconds":
            return MILLISECOND
        return 60 * SECOND if self.digits is None else int(10 ** (9 - self.digits))

    def floor(self, instant: int) -> int:
        return instant // self.unit * self.unit

    def write(self, instant: int) -> str:
        instant = self.floor(instant)
        seconds, part = divmod(instant, SECOND)
        if self.kind == "milliseconds":
            return str(instant // MILLISECOND)
        fraction = f".{part:09d}"[: 1 + self.digits] if self.digits else ""
        if self.kind == "seconds":
            return f"{seconds}{fraction}"
        zone = timezone(timedelta(minutes=self.offset or 0))
        local = datetime.fromtimestamp(seconds, UTC).astimezone(zone).isoformat()
        shown = local[:16] if self.digits is None else local[:19] + fraction
        if self.offset is None:
            return shown
        return shown + ("Z" if self.offset == 0 and self.zulu else local[19:])


@dataclass(frozen=True)
class Old:
    """A message from before: its true instant (ns), its id, and how key and `ts` were written."""

    instant: int
    id: str
    key_form: Form = Form("iso", 3)
    ts_form: Form = Form("iso", 3)
    number: bool = False

    @property
    def sort_key(self) -> str:
        return f"MSG#{self.key_form.write(self.instant)}#{self.id}"

    @property
    def known(self) -> int:
        """The instant as far as key and `ts` tell it."""
        return max(self.key_form.floor(self.instant), self.ts_form.floor(self.instant))

    @property
    def order(self) -> tuple[int, str, str]:
        return self.known, self.id, self.sort_key

    def item(self, room: Room) -> Item:
        ts = self.ts_form.write(self.instant)
        owner = {"guildId": room.guild_id} if room.guild_id else {"roomId": room.id}
        return (
            key(room.partition_key, self.sort_key)
            | values(
                {
                    "id": self.id,
                    **owner,
                    "senderId": "ann",
                    "text": f"text of {self.id}",
                    "type": "Message",
                    "roomType": room.type,
                }
            )
            | {"ts": {"N": ts} if self.number else {"S": ts}}
        )


OFFSETS = st.sampled_from([0, 0, 0, 120, -300, 330, 840, -720])
FORMS = st.one_of(
    st.builds(Form, st.just("iso"), st.sampled_from([None, 0, 0, 1, 3, 3, 6, 9]), OFFSETS, st.booleans()),
    st.builds(Form, st.just("iso"), st.sampled_from([0, 3]), st.none()),
    st.builds(Form, st.just("seconds"), st.sampled_from([0, 0, 3, 6])),
    st.just(Form("milliseconds")),
)
NUMBERS = st.one_of(
    st.builds(Form, st.just("seconds"), st.sampled_from([0, 3])), st.just(Form("milliseconds"))
)
# Many at the same instant, many in the same second or minute, some days apart.
INSTANTS = st.builds(
    lambda day, second, part: NOON * MILLISECOND - (day * 86_400 + second) * SECOND - part,
    st.sampled_from([1, 1, 1, 1, 2, 30]),
    st.sampled_from([0, 1, 1, 30, 61, 3_600, 43_000]),
    st.sampled_from([0, 0, 1_000_000, 5_000_000, 123_456_789]),
)
MESSAGES = st.builds(
    lambda number, numeric, message: replace(message, ts_form=numeric, number=True) if number else message,
    st.booleans(),
    NUMBERS,
    st.builds(Old, INSTANTS, st.sampled_from([f"{each:02d}" for each in range(40)]), FORMS, FORMS),
)
ROOMS = st.lists(MESSAGES, min_size=1, max_size=14, unique_by=lambda each: each.id)


def mixture(count: int = 12) -> list[Old]:
    """Every form, ties and neighbours, in no order of their keys."""
    forms = [
        Form("iso", 3),
        Form("seconds"),
        Form("milliseconds"),
        Form("iso", None),
        Form("iso", 0, 120),
        Form("iso", 6, 0, zulu=False),
        Form("seconds", 3),
        Form("iso", 0, None),
    ]
    start = (NOON - 86_400_000) * MILLISECOND
    return [
        Old(
            start + number // 3 * 700 * MILLISECOND,
            f"{number:02d}",
            forms[number % len(forms)],
            Form("iso", 9),
        )
        for number in range(count)
    ]


def expected(messages: Iterable[Old]) -> list[str]:
    return [each.id for each in sorted(messages, key=lambda each: each.order)]


def old_room(client: Any, messages: Iterable[Old], *users: str, prefix: str = "") -> Room:
    """A room as an old writer has left it: messages, and memberships for `users`."""
    room = Room.parse(f"{prefix}old-{uuid.uuid4().hex[:12]}")
    put(client, room, *(each.item(room) for each in messages))
    add_members(tables_of(client), room, dict.fromkeys(users, "member"), dry_run=False)
    return room


def put(client: Any, room: Room, *items: Item) -> None:
    for item in items:
        client.put_item(TableName=NAMES[room.table], Item=item)


def partition(client: Any, room: Room) -> dict[str, Item]:
    """Everything in a room's partition, by sort key."""
    answer = client.query(
        TableName=NAMES[room.table],
        KeyConditionExpression="PK = :room",
        ExpressionAttributeValues=values({":room": room.partition_key}),
        ConsistentRead=True,
    )
    assert "LastEvaluatedKey" not in answer
    return {item["SK"]["S"]: item for item in answer["Items"]}


class Crashed(Exception):
    """The process has ended here."""


class CrashingClient:
    """A client whose process ends after `writes` writes; `between` is called after each."""

    def __init__(self, client: Any, writes: int = ENOUGH, between: Callable[[], None] = lambda: None) -> None:
        self._client = client
        self._between = between
        self.writes_left = writes

    def transact_write_items(self, **request: Any) -> Any:
        if self.writes_left == 0:
            raise Crashed
        self.writes_left -= 1
        answer = self._client.transact_write_items(**request)
        self._between()
        return answer

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)


def tables_of(client: Any) -> Tables:
    """The tables without any limit of rate and without pauses."""
    return Tables(
        client,
        {"core": NAMES["core"], "guild": NAMES["guild"]},
        RateLimiter(1e9, lambda: 0.0, lambda _: None),
    )


def rules(**changes: Any) -> Rules:
    given = {"retention_days": 365, "allow_expiry": False, "dry_run": False, "now": lambda: NOON, "batch": 2}
    return Rules(**{**given, **changes})


def adopt(client: Any, room: Room, **changes: Any) -> RoomReport:
    """Adopt a room that has members already."""
    report = RoomReport(room.id, members_kept=1)
    adopt_room(tables_of(client), room, rules(**changes), report, lambda _: None)
    return report


def run(client: Any, rooms: list[Room], roster: Any = None, **changes: Any) -> Report:
    """A whole run over these rooms."""
    report = Report(dry_run=bool(changes.get("dry_run")), started_at=NOON)
    adopt_rooms(
        tables_of(client), rooms, roster or {}, rules(**changes), report, lambda _: None, members_only=False
    )
    return report


ORDERS = ("OLDEST_FIRST", "NEWEST_FIRST")


def ordered(messages: list[Old], order: str) -> list[str]:
    return expected(messages) if order == "OLDEST_FIRST" else expected(messages)[::-1]


def read_ids(client: Any, room: Room, order: str, limit: int = 4) -> list[str]:
    ours = process(client, Clock())
    return [message.id for message in follow(ours, room.id, "ann", order=order, limit=limit)]


def normal(items: dict[str, Item], room: Room) -> dict[str, Item]:
    """A partition as if its room were called `room`, and events had no ids, which are made by chance."""
    own = {"PK": {"S": "room"}, "roomId": {"S": "room"}}
    return {
        sort_key: {
            name: own.get(name, value)
            for name, value in item.items()
            if name != "id" or not sort_key.startswith(keys.EVENTS)
        }
        for sort_key, item in items.items()
    }


def count_of_writes(client: Any, messages: list[Old]) -> int:
    room = old_room(client, messages, "ann")
    counted = CrashingClient(client)
    start = counted.writes_left
    adopt(counted, room)
    return start - counted.writes_left


class Interrupting:
    """A client that calls `act`, once, before its request of this number."""

    def __init__(self, client: Any, number: int, act: Callable[[], object]) -> None:
        self._client = client
        self._act = act
        self._left = number
        self._lock = threading.Lock()
        self.acted = False

    def __getattr__(self, name: str) -> Any:
        def request(**given: Any) -> Any:
            with self._lock:
                self._left -= 1
                if self._left == 0:
                    self._act()
                    self.acted = True
            return getattr(self._client, name)(**given)

        return request


def recent(count: int, *, ago_ms: int = DAY_MS) -> list[Old]:
    start = (wall_clock() - ago_ms) * MILLISECOND
    return [Old(start + number * SECOND, f"{number:04d}", Form("iso", 3)) for number in range(count)]
