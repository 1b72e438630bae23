"""More recent changes of a room than one request reads."""

import uuid
from typing import Any

from chat.rules.gaps import Recency
from chat.rules.models import Head
from chat.rules.rooms import Room
from chat.storage.change_log import LogEntry, log_writes, recent_changes
from chat.storage.store import Store

NOW = 1_800_000_000_000
CHANGES = 150


def head(rev: int) -> Head:
    return Head(rev=rev, seq=1, ts=0, epoch=1, changed_rev=rev, changed_at=NOW)


def test_the_second_request_reads_on_where_the_engine_allows_it(client: Any) -> None:
    """DynamoDB refuses to start outside of the range that is asked for."""
    room = Room.parse(f"r-{uuid.uuid4()}")
    store = Store(client, {"core": "gg_core", "guild": "gg_guild"})
    for rev in range(1, CHANGES + 1):
        entry = LogEntry(
            id=f"c-{rev}",
            rev=rev,
            prev=rev - 1,
            prev_ts=NOW,
            message_sk=f"m-{rev}",
            seq=1,
            kind="edited",
            ts=NOW,
        )
        store.tables.transact(log_writes(room, head(rev - 1), entry)[1:])
    assert recent_changes(store, room, head(CHANGES), recency=Recency(NOW - 1, NOW)) == {
        f"m-{rev}": rev for rev in range(1, CHANGES + 1)
    }
