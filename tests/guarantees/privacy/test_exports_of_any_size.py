"""An export takes as much memory for many messages as for few, and its archive comes in parts. PROVE=1 exports 100,000 of
them, and prints the figures that docs/privacy.md has."""

import os
import time
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from chat.steps.export_archive import PART
from chat.storage import keys
from chat.storage.items import key, values
from tests.guarantees.privacy.exporting import Person, check, lines_of, opened
from tests.guarantees.support.bulk import load_messages, put_all
from tests.guarantees.support.fixtures import NOON, Clock, new_room

pytestmark = pytest.mark.real_engine("its own memory would be counted")

FEW = 1_000
SOME, MANY = (20_000, 100_000) if os.environ.get("PROVE") else (FEW, 5_000)


def written(client: Any, objects: Any, clock: Clock, count: int) -> Person:
    """Somebody with so many messages in one room, as sends leave them."""
    person = Person(client, objects, clock)
    room = new_room(client, person.user)
    messages = load_messages(client, room, count, NOON - 10**9, person.user, step_ms=1_000)
    put_all(
        client,
        "gg_core",
        (
            key(keys.user_partition(person.user), keys.sent(f"ROOM#{room}", each["id"]["S"]))
            | values(
                {"type": "Sent", "messageSk": each["SK"]["S"], "seq": int(each["seq"]["N"]), "hash": "0"}
            )
            for each in messages
        ),
    )
    return person


@pytest.mark.timeout(3_000)
def test_memory_is_flat(client: Any, objects: Any, clock: Clock, tmp_path: Path) -> None:
    peaks: dict[int, int] = {}
    for count in (FEW, SOME, MANY):  # what is made once, such as clients' tables, is made by the first
        begun = written(client, objects, clock, count).ask()
        tracemalloc.start()
        begin = time.perf_counter()
        begun.finish_without_reading()
        seconds = time.perf_counter() - begin
        peaks[count] = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        size = begun.request.counted()["bytes"]
        print(f"{count} messages: archive of {size} bytes, peak {peaks[count]} bytes, {seconds:.1f} s")
        archive = begun.archive()
        check(archive, tmp_path)
        sent = lines_of(opened(archive), "messages")
        assert [each["seq"] for each in sent] == list(range(1, count + 1))
    # An archive that is smaller than a part takes less than the part and its copy, which every larger one takes.
    assert peaks[MANY] < max(peaks[SOME], 2 * PART) + 4 * 1_048_576
