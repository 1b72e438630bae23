"""Whether a page takes as long in a room of a million messages as in one of a thousand. Prints a table.

    python -m tests.guarantees.costs.deep_room [messages in the deep room] [endpoint]
    python -m tests.guarantees.costs.deep_room --room ROOM MESSAGES ENDPOINT

The messages are written straight into the engine, as the product writes them. Pages are read in turn from
both rooms, so that what else the machine does falls on both. With a room, it is only filled.
"""

import statistics
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Any

from chat.deployment import Deployment
from chat.rules.identifiers import uuid7
from chat.rules.instants import to_wire
from chat.rules.models import Item
from chat.rules.rooms import Room
from chat.storage import keys
from chat.storage.aws import client as aws_client
from chat.storage.items import key, values
from simulator.settings import REGION, TABLES
from tests.guarantees.support.engine import engine
from tests.guarantees.support.fixtures import change_room, new_room, read, store_of
from tests.guarantees.support.meter import Count, metered

SHALLOW, STEP_MS, PAIRS, LOADERS = 1_000, 1_000, 60, 6
LOADING_S = 480


def items(room: Room, count: int, begin: int) -> Iterator[Item]:
    """Messages 1 to `count`, a second apart, of 320 bytes."""
    for seq in range(1, count + 1):
        ts = begin + seq * STEP_MS
        message_id = uuid7(ts)
        yield key(room.partition_key, keys.message(ts, message_id)) | values(
            {
                "type": "Message", "id": message_id, "roomId": room.id, "senderId": "ann", "text": f"{seq:<34}",
                "ts": ts, "roomType": room.type, "seq": seq, "epoch": 1, "clientMessageId": message_id,
                "expiresAt": ts // 1_000 + 365 * 86_400,
            }
        )  # fmt: skip


def load(client: Any, room_id: str, count: int, begin: int) -> int:
    """Write `count` messages, or as many as fit into `LOADING_S`; how many there are then."""
    room, deadline = Room.parse(room_id), time.monotonic() + LOADING_S

    def write(batch: list[Item]) -> int:
        if time.monotonic() > deadline:
            return 0
        puts = {TABLES["CORE_TABLE"]: [{"PutRequest": {"Item": item}} for item in batch]}
        assert not client.batch_write_item(RequestItems=puts)["UnprocessedItems"]
        return len(batch)

    source, written = items(room, count, begin), 0
    with ThreadPoolExecutor(LOADERS) as pool:
        while batches := [batch for _ in range(40) if (batch := list(islice(source, 25)))]:
            written += sum(pool.map(write, batches))
    change_room(client, room_id, seq=written, ts=begin + written * STEP_MS)
    return written


def pages(count: int, begin: int) -> dict[str, dict[str, Any]]:
    """Which pages of a room of `count` messages are read."""
    middle, late = (to_wire(begin + seq * STEP_MS) for seq in (count // 2, count - 51))
    return {
        "newest": {"order": "NEWEST_FIRST"},
        "middle, newest first": {"order": "NEWEST_FIRST", "before": middle},
        "middle, forward": {"order": "OLDEST_FIRST", "after": middle},
        "oldest": {"order": "OLDEST_FIRST"},
        "after, to catch up": {"order": "OLDEST_FIRST", "after": late},
    }


def compare(deployment: Deployment, count: Count, rooms: dict[str, int], begin: int) -> None:
    print(
        f"{'page of 50':24} {'ms at 1,000':>12} {'ms deep':>9} {'ratio':>6} {'RCU at 1,000':>13} {'RCU deep':>9}"
    )
    for name in pages(SHALLOW, begin):
        times: dict[str, list[float]] = {room: [] for room in rooms}
        units: dict[str, float] = {}
        for _ in range(PAIRS):
            for room, size in rooms.items():
                count.clear()
                asked = pages(size, begin)[name]
                started = time.perf_counter()
                read(deployment, room, "ann", **asked)
                times[room].append((time.perf_counter() - started) * 1_000)
                units[room] = count.read_units
        shallow, deep = (times[room] for room in rooms)
        ratio = statistics.median(d / s for s, d in zip(shallow, deep, strict=True))
        medians = [statistics.median(each) for each in (shallow, deep)]
        few, many = units.values()
        print(
            f"{name:24} {medians[0]:>12.1f} {medians[1]:>9.1f} {ratio:>6.2f} {few:>13} {many:>9}", flush=True
        )


def fill(room: str, count: int, endpoint: str) -> None:
    """Give a room that is there `count` messages, an hour old and older."""
    client = aws_client("dynamodb", region=REGION, endpoint=endpoint, timeout=20, connections=LOADERS)
    written = load(client, room, count, time.time_ns() // 1_000_000 - count * STEP_MS - 3_600_000)
    print(f"{written:,} messages written", flush=True)


def main(wanted: int, endpoint: str | None) -> None:
    with engine(endpoint) as address:
        client = aws_client("dynamodb", region=REGION, endpoint=address, timeout=20, connections=LOADERS)
        begin = time.time_ns() // 1_000_000 - wanted * STEP_MS - 3_600_000
        rooms: dict[str, int] = {}
        for count in (SHALLOW, wanted):
            started, room = time.monotonic(), new_room(client, "ann")
            rooms[room] = load(client, room, count, begin)
            print(f"{rooms[room]:,} messages written in {time.monotonic() - started:.0f} s", flush=True)
        reader = aws_client("dynamodb", region=REGION, endpoint=address, timeout=20, lean=True)
        compare(Deployment(store=store_of(reader)), metered(reader), rooms, begin)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--room"]:
        fill(sys.argv[2], int(sys.argv[3]), sys.argv[4])
        sys.exit()
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000, sys.argv[2] if len(sys.argv) > 2 else None)
