"""Many items of a room or of a person, written straight into the engine as the product writes them."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from chat.rules.identifiers import uuid7
from chat.rules.models import Item
from chat.rules.rooms import Room
from chat.storage import keys
from chat.storage.items import key, values
from tests.guarantees.support.fixtures import change_room, table_name

RETENTION_S = 365 * 86_400


def put_all(client: Any, table: str, items: Iterable[Item]) -> None:
    """Write items of a table, 25 a request."""
    source = iter(items)
    while batch := [*islice(source, 25)]:
        puts = [{"PutRequest": {"Item": item}} for item in batch]
        assert not client.batch_write_item(RequestItems={table: puts})["UnprocessedItems"]


def load_messages(
    client: Any, room_id: str, count: int, begin: int, sender: str = "ann", step_ms: int = 1_000
) -> list[Item]:
    """Write messages 1 to `count` of a room that has none, of 320 bytes, `step_ms` apart from `begin` (ms)
    on, and move its head. Answers them in their order."""
    room = Room.parse(room_id)
    items = [*_messages(room, count, begin, sender, step_ms)]
    put_all(client, table_name(room), items)
    ts = begin + count * step_ms
    dated = {"datedSeq": 1, "datedTs": begin + step_ms, "datedDays": 365}
    last = items[-1]["id"]["S"]
    change_room(client, room_id, seq=count, ts=ts, lastId=last, **dated)
    return items


def _messages(room: Room, count: int, begin: int, sender: str, step_ms: int) -> Iterator[Item]:
    owner = {"guildId": room.guild_id} if room.guild_id is not None else {"roomId": room.id}
    for seq in range(1, count + 1):
        ts = begin + seq * step_ms
        message_id = uuid7(ts)
        yield key(room.partition_key, keys.message(ts, message_id)) | values(
            {
                "type": "Message", "id": message_id, **owner, "senderId": sender, "text": f"{seq:<34}", "ts": ts,
                "roomType": room.type, "seq": seq, "epoch": 1, "clientMessageId": message_id,
                "expiresAt": ts // 1_000 + RETENTION_S,
            }
        )  # fmt: skip


def load_members(client: Any, room_id: str, count: int) -> list[str]:
    """Write the roster lines and memberships of `count` plain members; their user ids."""
    room = Room.parse(room_id)
    users = [f"member-{number:05d}" for number in range(count)]
    member = {"role": "member", "status": "active", "joinedSeq": 0}
    put_all(
        client,
        table_name(room),
        (
            item
            for user in users
            for item in (
                key(room.partition_key, keys.roster(user)) | values({"type": "Member", **member}),
                key(keys.user_partition(user), keys.membership(room.partition_key))
                | values({"type": "Membership", **member}),
            )
        ),
    )
    return users
