"""What docs/adopting.md says of tables that are there: the items of ours, and the check for what is in their way."""

import importlib
import json
import pkgutil
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import pytest

import chat
from chat.rules.models import Item, Stored, attribute
from chat.storage import keys
from chat.storage.items import key, values
from migration.copies import OURS
from simulator.engine import PROJECT
from simulator.settings import TABLES
from tests.contract.tables_page import PAGE, rows
from tests.contract.test_imports import ROOTS
from tests.guarantees.support.fixtures import Clock, new_room, process, send

ROWS = rows()
WHOLE = {"JOBS", "DUE", "NOTIFYING", "ERASURES", "HOLDS"}
"""Partition keys that are no beginnings."""
KINDS = {
    "Head": "Room",
    "Hold": "LegalHold",
    "Member": "Membership",
    "Receipts": "Receipts",
    "Sent": "Sent",
    "Message": "Message",
    "LogEntry": "Change",
    "Upload": "Upload",
    "Profile": "Profile",
    "Named": "Named",
    "Preparing": "Preparing",
    "Presence": "Presence",
    "Quota": "Quota",
    "Block": "Block",
    "Own": "Mine",
    "Pin": "Pin",
    "SavedDraft": "Draft",
    "Job": "Job",
    "Due": "Due",
    "DataRequest": "DataRequest",
    "OpenRequests": "DataRequests",
    "MentionItem": "Mention",
    "Told": "Erasing",
    "Tombstone": "Tombstone",
    "Notifying": "Notifying",
    "Judged": "Judged",
    "Notified": "Notification",
}
"""The `type` of the items that each class reads."""


def test_every_class_of_items_is_known() -> None:
    assert {cls.__name__ for cls in classes()} == KINDS.keys()


@pytest.mark.parametrize("name", KINDS)
def test_every_attribute_that_is_read_is_in_the_table(name: str) -> None:
    row = ROWS[KINDS[name]]
    told = row.strings | row.numbers | {"expiresAt", *(["notice", "quote"] if name == "Message" else [])}
    for cls in classes():
        if cls.__name__ == name:
            assert {attribute(field.name) for field in fields(cls)} <= told


def classes() -> list[Any]:
    """A record is made of a class that nothing uses afterwards, and that may be there still."""
    for module in pkgutil.walk_packages(chat.__path__, "chat."):
        importlib.import_module(module.name)
    every: list[Any] = Stored.__subclasses__()
    return [cls for cls in every if is_dataclass(cls)]


def test_every_type_that_is_written_has_its_row_and_no_other() -> None:
    sources = [path for name in ("chat", "migration") for path in ROOTS[name].rglob("*.py")]
    written = {
        kind for path in sources for kind in re.findall(r'"type": "(\w+)"', path.read_text(encoding="utf-8"))
    }
    assert written == ROWS.keys()


def test_what_an_adoption_writes_anew_is_in_the_table() -> None:
    row = ROWS["Message"]
    assert (
        OURS - {"PK", "SK", "type", "expiresAt", "notice", "quote", "adoptedTs"} <= row.strings | row.numbers
    )


def check() -> Mapping[str, Any]:
    """The third of the checks, as a request."""
    (command,) = re.findall(r"^    (aws dynamodb scan .*?)\n\n", PAGE, re.MULTILINE | re.DOTALL)
    words = iter(shlex.split(command.replace("\\\n", " ")))
    given = dict(zip(words, words, strict=False)) if next(words) == "aws" else {}
    del given["dynamodb"]
    return {
        "Select": given["--select"],
        "FilterExpression": given["--filter-expression"],
        "ExpressionAttributeValues": json.loads(given["--expression-attribute-values"]),
    }


@pytest.fixture
def theirs(client: Any) -> Iterator[str]:
    """A table of another team."""
    name = "theirs_of_a_test"
    described = client.describe_table(TableName=TABLES["CORE_TABLE"])["Table"]
    client.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=described["KeySchema"],
        AttributeDefinitions=described["AttributeDefinitions"],
    )
    yield name
    client.delete_table(TableName=name)


FINE = [
    ("USER#1", "PROFILE"), ("USER#1", "ORDER#7"), ("USER#1", "INVOICE"), ("USER#1", "PRESENCE#1"), ("ORDER#1", "HEAD"),
    ("JOBS#1", "REMOVE"), ("TENANT#a#USER#1", "IN#b"), ("user#1", "IN#b"), ("ROOMS", "HEAD"),
    ("REACTOR#1", "HEAD"), ("USER#1", "REACTION#1"),
]  # fmt: skip
IN_THE_WAY = [
    ("ROOM#1", "META"), ("GUILD#1", "MSG#1#2"), ("JOBS", "x"), ("LIVE#1", "x"), ("LEDGER#1", "x"), ("USER#1", "PRESENCE"),
    ("REACT#1", "x"), ("REACTIONS#1", "x"), ("USER#1", "REACTED#1"),
    ("USER#1", "QUOTA"), ("USER#1", "UPLOADING"), ("USER#1", "IN#berlin"), ("USER#1", "AT#1"), ("USER#1", "SENT#1"),
    ("USER#1", "BLOCK#2"), ("USER#1", "MENTION#1"), ("USER#1", "DRAFT#1"), ("USER#1", "NOTIFYSET#1"), ("USER#1", "NOTIFY#1"), ("NOTIFYING", "x"),
    ("USER#1", "CHATPROFILE"), ("USER#1", "PICTURE#2"), ("USER#1", "NAMED#ROOM#1"), ("AVATAR#2", "x"),
]  # fmt: skip


def count(client: Any, table: str) -> int:
    answered: int = client.scan(TableName=table, **check())["Count"]
    return answered


def test_the_check_counts_what_is_in_the_way_and_nothing_else(client: Any, theirs: str) -> None:
    for partition_key, sort_key in FINE:
        client.put_item(TableName=theirs, Item=key(partition_key, sort_key) | values({"theirs": 1}))
    assert count(client, theirs) == 0
    for number, (partition_key, sort_key) in enumerate(IN_THE_WAY, start=1):
        client.put_item(TableName=theirs, Item=key(partition_key, sort_key) | values({"theirs": 1}))
        assert count(client, theirs) == number, (partition_key, sort_key)


def test_the_check_knows_every_key_in_the_table(client: Any, theirs: str) -> None:
    for row in ROWS.values():
        is_whole = row.partition_key in WHOLE
        own = key(row.partition_key if is_whole else f"{row.partition_key}1", row.sort_key or "x")
        client.put_item(TableName=theirs, Item=own)
    places = {(row.partition_key, row.sort_key or "x") for row in ROWS.values()}
    assert count(client, theirs) == len(places)


def test_items_are_as_the_table_says(client: Any) -> None:
    """Those of a send; tests/tooling/test_events.py looks at all that events leave."""
    room = new_room(client, "ann", members={"ann": "owner"})
    send(process(client, Clock()), room, "ann", "hello")
    partitions = [f"ROOM#{room}", keys.user_partition("ann")]
    items: list[Item] = []
    for partition_key in partitions:
        items += client.query(
            TableName=TABLES["CORE_TABLE"],
            KeyConditionExpression="PK = :pk",
            ExpressionAttributeValues=values({":pk": partition_key}),
        )["Items"]
    assert {item["type"]["S"] for item in items} >= {"Room", "Message", "Member", "Membership", "Sent"}
    for item in items:
        row = ROWS[item["type"]["S"]]
        assert item["SK"]["S"].startswith(row.sort_key)
        assert row.unexpected(item) == set()


def test_the_pages_command_is_one_that_make_takes() -> None:
    (command,) = re.findall(r"^    make schema (.*) > merged.graphql$", PAGE, re.MULTILINE)
    variables = [word.partition("=")[0] for word in command.split()]
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
    (recipe,) = re.findall(r"^schema:.*\n((?:\t.*\n)+)", makefile, re.MULTILINE)
    assert set(variables) <= set(re.findall(r"call given,\w+,(\w+)", recipe))
