"""One run over many rooms: find them, write their memberships, adopt them, and report."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial

from chat.rules.errors import InvalidInput
from chat.rules.rooms import Room, Table
from chat.storage.aws import StoreFailure
from migration.adopt_room import Rules, adopt_room
from migration.memberships import add_members
from migration.plan import Skipped
from migration.report import Report, RoomReport
from migration.revert_room import revert_room
from migration.roster import Roster
from migration.tables import Tables

Progress = Callable[[str], None]
PREFIXES: dict[Table, str] = {"core": "ROOM#", "guild": "GUILD#"}
PAGES_PER_LINE = 50


def find_rooms(tables: Tables, report: Report, progress: Progress) -> list[Room]:
    """The rooms with messages to adopt, by a scan of both tables. Other partitions go into the report."""
    rooms: list[Room] = []
    for table in PREFIXES:
        found: dict[str, None] = {}
        pages = 0
        for partition_key in tables.partitions(table):
            if partition_key is not None:
                found.setdefault(partition_key)
                continue
            pages += 1
            if pages % PAGES_PER_LINE == 0:
                progress(f"scanning the {table} table: {pages:,} pages, {len(found):,} rooms")
        progress(f"scanned the {table} table: {pages:,} pages, {len(found):,} rooms")
        for partition_key in sorted(found):
            room = _room_of(table, partition_key)
            if room is None:
                report.foreign.append(Skipped(partition_key, "MSG#", "partition"))
            else:
                rooms.append(room)
    return rooms


def _room_of(table: Table, partition_key: str) -> Room | None:
    room_id = partition_key.removeprefix("ROOM#") if table == "core" else partition_key
    try:
        room = Room.parse(room_id)
    except InvalidInput:
        return None
    return room if (room.table, room.partition_key) == (table, partition_key) else None


def with_roster(rooms: Iterable[Room], roster: Roster) -> list[Room]:
    """These rooms, and those of the roster, each once."""
    return list(dict.fromkeys([*rooms, *(Room.parse(room_id) for room_id in roster)]))


def revert_rooms(
    tables: Tables, rooms: Iterable[Room], rules: Rules, report: Report, progress: Progress
) -> None:
    """Each room in turn. One that fails does not stop the others."""
    for room in rooms:
        own = RoomReport(room.id)
        report.rooms.append(own)
        show = partial(_show, progress, room)
        with _one_of_many(own):
            revert_room(tables, room, rules, own, show)
        show(own.outcome)


def adopt_rooms(
    tables: Tables,
    rooms: Iterable[Room],
    roster: Roster,
    rules: Rules,
    report: Report,
    progress: Progress,
    *,
    members_only: bool,
) -> None:
    """Each room in turn. One that fails does not stop the others."""
    for room in rooms:
        own = RoomReport(room.id)
        report.rooms.append(own)

        show = partial(_show, progress, room)
        with _one_of_many(own):
            members = roster.get(room.id, {})
            own.members_added, own.members_kept = add_members(tables, room, members, dry_run=rules.dry_run)
            if members_only:
                own.outcome = "membersOnly"
            else:
                adopt_room(tables, room, rules, own, show)
        show(own.outcome)


@contextmanager
def _one_of_many(own: RoomReport) -> Iterator[None]:
    """A failure of the tables is the room's outcome."""
    try:
        yield
    except StoreFailure as failure:
        own.outcome, own.why = "failed", f"DynamoDB: {failure}. Start again to go on."


def _show(progress: Progress, room: Room, text: str) -> None:
    progress(f"{room.id}: {text}")
