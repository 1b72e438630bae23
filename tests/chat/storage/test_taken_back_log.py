"""The log of what was taken back: appended once, read whole, and by nobody without the key."""

from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as some

from chat.rules.taken_back import TakenBack
from chat.storage.aws import StoreFailure
from chat.storage.taken_back_log import LocalKeys, TakenBackLog, Unreadable, object_name
from simulator.demo import make_bucket

KEY, OTHER = b"k" * 32, b"o" * 32
ENTRIES = [
    TakenBack(kind="MESSAGE_REMOVED", at=7, room_id="lobby", rev=3, by="alice", key="MSG#1#a"),
    TakenBack(kind="MEMBER_MUTED", at=8, room_id="lobby", rev=4, user_id="bob", until=0),
    TakenBack(kind="ROOM_UPDATED", at=9, room_id="lobby", rev=5, retention_days=30, private=True),
]
AT_S = 1_800_000_000


@pytest.fixture
def bucket(objects: Any, objects_address: str) -> str:
    name = f"log-{uuid4().hex[:8]}"
    make_bucket(objects_address, name)
    return name


def log_in(objects: Any, bucket: str, key: bytes = KEY) -> TakenBackLog:
    return TakenBackLog(objects, bucket, LocalKeys(key), lambda: 0.0)


def body(objects: Any, bucket: str, name: str) -> bytes:
    content: bytes = objects.get_object(Bucket=bucket, Key=name)["Body"].read()
    return content


def test_what_is_appended_is_read_and_nobody_sees_an_id_in_it(objects: Any, bucket: str) -> None:
    log, name = log_in(objects, bucket), object_name(AT_S, "gg_core", "1", "2")
    log.append(name, ENTRIES)
    assert log_in(objects, bucket).read(name) == ENTRIES
    assert not any(each in body(objects, bucket, name) for each in (b"alice", b"bob", b"lobby", b"MSG#"))


def test_a_batch_that_comes_again_writes_nothing(objects: Any, bucket: str) -> None:
    name = object_name(AT_S, "gg_core", "1", "2")
    log_in(objects, bucket).append(name, ENTRIES)
    first = body(objects, bucket, name)
    log_in(objects, bucket).append(name, ENTRIES)
    assert body(objects, bucket, name) == first


def test_names_come_in_the_order_of_time_from_a_minute_on(objects: Any, bucket: str) -> None:
    log = log_in(objects, bucket)
    names = [object_name(AT_S + 60 * minute, "gg_core", "1", "2") for minute in range(4)]
    for name in names:
        log.append(name, ENTRIES)
    assert list(log.names((AT_S + 60) * 1_000 + 30_000)) == names[1:]
    assert list(log.names(0)) == names


def test_one_that_was_changed_or_lies_elsewhere_is_not_read(objects: Any, bucket: str) -> None:
    log, name = log_in(objects, bucket), object_name(AT_S, "gg_core", "1", "2")
    log.append(name, ENTRIES)
    content = body(objects, bucket, name)
    elsewhere = object_name(AT_S, "gg_core", "1", "3")
    objects.put_object(Bucket=bucket, Key=elsewhere, Body=content)
    for changed in (content[:-1], content + b"x", content[:-1] + bytes([content[-1] ^ 1]), b"", b"{}\n"):
        objects.put_object(Bucket=bucket, Key=name, Body=changed)
        with pytest.raises(Unreadable):
            log.read(name)
    with pytest.raises(Unreadable):
        log.read(elsewhere)


def test_another_key_reads_nothing(objects: Any, bucket: str) -> None:
    name = object_name(AT_S, "gg_core", "1", "2")
    log_in(objects, bucket).append(name, ENTRIES)
    with pytest.raises(StoreFailure):
        log_in(objects, bucket, OTHER).read(name)


@given(
    some.builds(
        TakenBack,
        kind=some.sampled_from(["MESSAGE_EDITED", "BLOCKED", "MEMBER_MUTED"]),
        at=some.integers(0, 2**45),
        room_id=some.none() | some.text(),
        user_id=some.none() | some.text(),
        other=some.none() | some.text(),
        until=some.none() | some.integers(0, 2**45),
        seq=some.integers(0, 2**31),
        joining=some.booleans(),
    )
)
def test_any_entry_is_read_as_it_was_written(entry: TakenBack) -> None:
    line = entry.to_json()
    assert "\n" not in line
    assert TakenBack.parse(line) == entry
