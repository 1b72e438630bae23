"""Where each item lies: its table, partition key and sort key."""

from chat.rules.models import Item
from chat.rules.record import record
from chat.rules.rooms import Room, Table
from chat.storage import keys
from chat.storage.items import key


@record(frozen=True, slots=True)
class Place:
    """Where an item lies."""

    table: Table
    partition_key: str
    sort_key: str

    @property
    def key(self) -> Item:
        return key(self.partition_key, self.sort_key)


Found = dict[Place, Item]
"""Those of the items that were asked for that are there."""


def in_room(room: Room, sort_key: str) -> Place:
    """An item of the room's partition."""
    return Place(room.table, room.partition_key, sort_key)


def head_place(room: Room) -> Place:
    return in_room(room, keys.HEAD)


def roster_place(room: Room, user_id: str) -> Place:
    """Somebody's line in the room's roster, which is for listing only."""
    return in_room(room, keys.roster(user_id))


def ban_place(room: Room, user_id: str) -> Place:
    """Somebody's line among the banned, which is for listing only."""
    return in_room(room, keys.banned(user_id))


def invitation_place(room: Room, user_id: str) -> Place:
    """Somebody's line among those invited, which is for listing only."""
    return in_room(room, keys.invited(user_id))


def membership_place(room: Room, user_id: str) -> Place:
    return Place(room.table, keys.user_partition(user_id), keys.membership(room.partition_key))


def receipts_place(room: Room, user_id: str) -> Place:
    return Place(room.table, keys.user_partition(user_id), keys.receipts(room.partition_key))


def notify_setting_place(room: Room, user_id: str) -> Place:
    """That somebody has set what they want of a room: for the stream alone, which their other devices are told by."""
    return Place(room.table, keys.user_partition(user_id), keys.notify_setting(room.partition_key))


def notified_place(room: Room, user_id: str) -> Place:
    """What somebody was notified of last in a room."""
    return Place(room.table, keys.user_partition(user_id), keys.notified(room.partition_key))


def sent_place(room: Room, user_id: str, client_message_id: str) -> Place:
    """The proof of a send."""
    return Place(room.table, keys.user_partition(user_id), keys.sent(room.partition_key, client_message_id))


def draft_place(room: Room, user_id: str) -> Place:
    """What somebody is writing to a room: in the core table, so that all of theirs are read in one order."""
    return personal_place(user_id, keys.draft(room.partition_key))


def personal_place(user_id: str, sort_key: str) -> Place:
    """An item about a person alone. It lies in the core table, for guilds' rooms too."""
    return Place("core", keys.user_partition(user_id), sort_key)


def profile_place(user_id: str) -> Place:
    """What somebody is called and how they look."""
    return personal_place(user_id, keys.PROFILE)


def own_upload_place(user_id: str, upload_id: str) -> Place:
    """A picture of somebody that may be uploaded, and is no room's."""
    return personal_place(user_id, keys.picture(upload_id))


def avatar_place(avatar_id: str) -> Place:
    """Whose picture an uploaded file is."""
    return Place("core", keys.avatar(avatar_id), keys.OWNER)


def held_place(user_id: str) -> Place:
    """That a legal hold covers somebody."""
    return personal_place(user_id, keys.HELD)


def hold_place(sort_key: str) -> Place:
    """A legal hold, or with `keys.HOLDS_REV` the number that moves with each."""
    return Place("core", keys.HOLDS, sort_key)


def named_place(room: Room, user_id: str) -> Place:
    """Under which name somebody is found in the room."""
    return Place(room.table, keys.user_partition(user_id), keys.named(room.partition_key))


def tombstone_place(user_id: str) -> Place:
    """Where it lies that somebody was erased, or is being erased."""
    return personal_place(user_id, keys.ERASED)


def erasing_place(room: Room, user_id: str) -> Place:
    """What somebody's erasure has told in a room so far."""
    return Place(room.table, keys.user_partition(user_id), keys.erasing(room.partition_key))


def request_place(user_id: str, request_id: str) -> Place:
    """A request that somebody's data be exported or erased."""
    return personal_place(user_id, keys.request(request_id))


def open_requests_place(user_id: str) -> Place:
    """Which of somebody's requests are open."""
    return personal_place(user_id, keys.OPEN_REQUESTS)


def due_place(ms: int, kind: str, subject: str) -> Place:
    """A job that begins at an instant (ms)."""
    return Place("core", keys.DUE, keys.due(ms, kind, subject))


def erasure_place(person: str, request_id: str) -> Place:
    """What came of an erasure. `person` is the keyed pseudonym of whose it was."""
    return Place("core", keys.ERASURES, keys.erasure(person, request_id))
