"""A restore, rehearsed: a world that is used, copied as it is, used further, and set up again from the copy.

The copy is the test's own, of the items of both tables and of the objects of the bucket: what an engine calls a restore to a
point in time copies the present, and could not fail here.
"""

import json
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from chat.deployment import Deployment
from chat.operations.create_upload import create_upload
from chat.operations.send_message import send_message
from chat.rules.models import Caller, Item, Message
from chat.rules.rooms import Table
from chat.rules.tally import Tally
from chat.steps.taken_back_projection import TakenBackLogged
from chat.storage.objects import Objects
from chat.storage.store import Store
from chat.storage.taken_back_log import LocalKeys, TakenBackLog
from chat.storage.uploads import Uploads
from restore.outcomes import Outcomes
from restore.replay import finish_jobs, read_log, replay
from restore.wanted import Wanted
from simulator.demo import create_tables, make_bucket
from simulator.settings import BUCKET, TABLES
from tests.guarantees.support.fixtures import Clock, partition, process
from tests.guarantees.support.projected import NOW_S, Projected, Stream

KEY = b"a key of the log's, of 32 bytes."
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
LIVE: Mapping[Table, str] = {"core": TABLES["CORE_TABLE"], "guild": TABLES["GUILD_TABLE"]}
Operation = Callable[[Deployment, Caller, Mapping[str, Any], Tally], Any]


@dataclass
class World:
    """The chat over the engine, its stream, and the log. `prefix` begins every id of this test's."""

    client: Any
    s3: Any
    s3_address: str
    random: Random = field(default_factory=lambda: Random(1))  # noqa: S311  repeatable
    clock: Clock = field(default_factory=Clock)
    prefix: str = field(default_factory=lambda: f"r{uuid.uuid4().hex[:8]}")
    items: dict[Table, list[Item]] = field(default_factory=dict)
    objects: dict[str, bytes] = field(default_factory=dict)
    instant_ms: int = 0
    stream: Stream = field(init=False)
    log: TakenBackLog = field(init=False)
    function: Projected = field(init=False)

    def __post_init__(self) -> None:
        self.stream = Stream(self.client)
        self.log_bucket = f"{self.prefix}-log"
        make_bucket(self.s3_address, self.log_bucket)
        self.log = TakenBackLog(self.s3, self.log_bucket, LocalKeys(KEY), self.clock.monotonic)
        self.function = Projected(self.stream, [TakenBackLogged(lambda: self.log)], batch_size=7)
        self.live = self._process(process(self.stream.client, self.clock), BUCKET)

    def _process(self, deployment: Deployment, bucket: str) -> Deployment:
        uploads = Uploads(Objects(self.s3, bucket), frozenset({"image/png"}), 1_000)
        return replace(deployment, uploads=lambda: uploads)

    def call(self, operation: Operation, user: str, *roles: str, **arguments: Any) -> Any:
        """One call by somebody, a second later than the last."""
        self.clock.jump(1_000)
        return operation(self.live, Caller(user, frozenset(roles)), arguments, Tally())

    def send(self, room_id: str, user: str, text: str, *, file: bytes | None = None) -> Message:
        """A message, with a file of this content if there is one."""
        attached = [self._upload(room_id, user, file)] if file is not None else None
        name = f"{self.prefix}-{uuid.uuid4().hex[:8]}"
        given = {"roomId": room_id, "text": text, "clientMessageId": name, "attachments": attached}
        message: Message = self.call(send_message, user, **given)
        return message

    def _upload(self, room_id: str, user: str, content: bytes) -> str:
        given = {"roomId": room_id, "contentType": "image/png", "size": 100}
        made = self.call(create_upload, user, **given)
        key = f"pending/{made['id']}"
        self.s3.put_object(Bucket=BUCKET, Key=key, Body=PNG_SIGNATURE + content, ContentType="image/png")
        return str(made["id"])

    def snapshot(self) -> None:
        """What a restore to this instant would bring back, of what was written here: other tests share the tables."""
        self.function.run()  # what was before is in the log as well, by its overlap
        self.items = {
            table: [each for each in scanned(self.client, name) if self._is_ours(name, each)]
            for table, name in LIVE.items()
        }
        self.objects = contents(self.s3, BUCKET)
        self.instant_ms = NOW_S * 1_000  # of the stream, whose records name the objects of the log

    def _is_ours(self, table: str, item: Item) -> bool:
        return (table, item["PK"]["S"], item["SK"]["S"]) in self.stream.written

    def restored(self, client: Any = None) -> "Restored":
        """New tables and a new bucket, with what there was. `client`: of DynamoDB, through which all is asked."""
        name = f"{self.prefix}-{uuid.uuid4().hex[:6]}"
        tables: dict[Table, str] = {table: f"{live}-{name}" for table, live in LIVE.items()}
        create_tables(self.client, {"core": tables["core"], "guild": tables["guild"]})
        make_bucket(self.s3_address, name)
        for table, items in self.items.items():
            for start in range(0, len(items), 25):
                puts = [{"PutRequest": {"Item": item}} for item in items[start : start + 25]]
                self.client.batch_write_item(RequestItems={tables[table]: puts})
        for key, body in self.objects.items():
            self.s3.put_object(Bucket=name, Key=key, Body=body, ContentType="image/png")
        store = Store(client or self.client, tables, 2)
        deployment = replace(process(client or self.client, self.clock), store=store)
        return Restored(self, tables, name, self._process(deployment, name))

    def wanted(self) -> Wanted:
        """What the log asks for, once the stream has told of everything, some of it twice and late."""
        self.function.run_as_lambda_may(self.random)
        self.function.again(self.random)
        assert self.function.letters.put_aside == []
        return read_log(self.log, self.instant_ms, lambda _: None)


@dataclass
class Restored:
    """The restored tables and the restored bucket; `deployment` is over them, in the second generation."""

    world: World
    tables: Mapping[Table, str]
    bucket: str
    deployment: Deployment

    def replay(self, wanted: Wanted, *, dry_run: bool = False) -> Outcomes:
        outcomes = replay(self.deployment, wanted, lambda _: None, dry_run=dry_run)
        if not dry_run:
            run = finish_jobs(self.deployment, lambda _: None)
            assert (run.waiting, run.failures) == (0, [])
        return outcomes

    def call(self, operation: Operation, user: str, *roles: str, **arguments: Any) -> Any:
        fresh = process(self.world.client, self.world.clock)
        deployment = replace(
            self.deployment, store=Store(self.world.client, self.tables, 2), memory=fresh.memory
        )
        return operation(deployment, Caller(user, frozenset(roles)), arguments, Tally())

    def find(self, *needles: str) -> list[str]:
        """Where any of these texts stands: keys of items of both tables and of objects of the bucket, in names and values."""
        found = [
            f"{item['PK']['S']} {item['SK']['S']}"
            for name in self.tables.values()
            for item in scanned(self.world.client, name)
            if any(each in json.dumps(item, ensure_ascii=False) for each in needles)
        ]
        held = contents(self.world.s3, self.bucket).items()
        return found + [key for key, body in held if any(each.encode() in body for each in needles)]

    def partition(self, table: Table, partition_key: str, prefix: str = "") -> list[Item]:
        return partition(self.world.client, self.tables[table], partition_key, prefix)


def scanned(client: Any, table: str) -> Iterator[Item]:
    """All items of a table."""
    request: dict[str, Any] = {"TableName": table, "ConsistentRead": True}
    while True:
        page = client.scan(**request)
        yield from page["Items"]
        if not page.get("LastEvaluatedKey"):
            return
        request["ExclusiveStartKey"] = page["LastEvaluatedKey"]


def contents(s3: Any, bucket: str) -> dict[str, bytes]:
    """All objects of a bucket of up to a thousand, by their names."""
    names = [each["Key"] for each in s3.list_objects_v2(Bucket=bucket).get("Contents", ())]
    return {name: s3.get_object(Bucket=bucket, Key=name)["Body"].read() for name in names}


def statuses(items: list[Item]) -> Counter[str]:
    return Counter(item["status"]["S"] for item in items)
