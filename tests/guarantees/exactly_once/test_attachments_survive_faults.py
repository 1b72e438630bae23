"""A message has all of its attachments for as long as it is kept, whatever goes
wrong and whoever sends at the same time."""

import json
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest

from chat.deployment import Deployment
from chat.operations.attachment import attachment
from chat.operations.create_upload import create_upload
from chat.operations.remove_message import remove_message
from chat.operations.send_message import send_message
from chat.rules.errors import InvalidInput, Muted, ServiceUnavailable
from chat.rules.models import Caller, Message
from chat.rules.tally import Tally
from chat.storage.aws import TransientFailure
from chat.storage.aws import client as aws_client
from chat.storage.items import key
from chat.storage.objects import Objects, StoredObject
from chat.storage.uploads import Uploads
from simulator.settings import BUCKET, REGION, TABLES
from tests.guarantees.support import proxy as faults
from tests.guarantees.support.faults import ALL
from tests.guarantees.support.fixtures import Clock, change_member, new_room, process, stored
from tests.guarantees.support.meter import metered
from tests.guarantees.support.proxy import Fault, Proxy
from tests.resolvers.files import PNG

CONTENT = PNG[:100]


class Bucket(Objects):
    """The bucket, where something may happen after each copy, and the next `failing` requests fail."""

    def __init__(self, client: Any) -> None:
        super().__init__(client, BUCKET)
        self.meanwhile: list[Callable[[], object]] = []
        self.failing = 0

    def beginning(self, key: str, count: int) -> StoredObject | None:
        self._fail()
        return super().beginning(key, count)

    def copy(self, key: str, target: str, etag: str) -> None:
        self._fail()
        super().copy(key, target, etag)
        while self.meanwhile:
            self.meanwhile.pop()()

    def delete(self, keys: Sequence[str]) -> None:
        self._fail()
        super().delete(keys)

    def _fail(self) -> None:
        if self.failing:
            self.failing -= 1
            raise TransientFailure("SlowDown")


@dataclass
class AttachmentSetup:
    """A room of a new user, processes to send by, and the bucket."""

    client: Any
    s3: Any
    clock: Clock
    user: str = field(default_factory=lambda: f"ann-{uuid.uuid4()}")
    room: str = ""
    bucket: Bucket = field(init=False)

    def __post_init__(self) -> None:
        self.room = new_room(self.client, self.user)
        self.bucket = Bucket(self.s3)

    def count(self, client: Any, operation: Callable[[Deployment], Any]) -> dict[str, int]:
        """The requests to DynamoDB that an operation of a process that remembers nothing makes."""
        counted = metered(client)
        operation(self.process(client))
        return dict(counted.operations)

    def process(self, client: Any = None, bucket: Objects | None = None) -> Deployment:
        uploads = Uploads(bucket or self.bucket, frozenset({"image/png"}), 1_000)
        return process(client or self.client, self.clock, uploads=lambda: uploads)

    def upload(self) -> str:
        arguments = {"roomId": self.room, "contentType": "image/png", "size": 100}
        made = create_upload(self.process(), Caller(self.user), arguments, Tally())
        self.s3.put_object(Bucket=BUCKET, Key=f"pending/{made['id']}", Body=CONTENT, ContentType="image/png")
        return str(made["id"])

    def send(self, ours: Deployment, name: str, *uploads: str) -> Message:
        arguments = {"roomId": self.room, "text": "look", "clientMessageId": name, "attachments": [*uploads]}
        return send_message(ours, Caller(self.user), arguments, Tally())

    def item(self, upload: str) -> dict[str, str] | None:
        """The strings of an upload's item."""
        place = key(f"ROOM#{self.room}", f"UPLOAD#{upload}")
        item = self.client.get_item(TableName=TABLES["CORE_TABLE"], Key=place, ConsistentRead=True).get(
            "Item"
        )
        return item and {name: value["S"] for name, value in item.items() if "S" in value}

    def is_untouched(self, upload: str) -> bool:
        """Whether nothing was sent: the upload waits, and there is no copy of it."""
        item = self.item(upload)
        pending = item is not None and item["status"] == "pending"
        return pending and self.copies(upload) == 0 and stored(self.client, self.room) == []

    def copies(self, upload: str) -> int:
        listed = self.s3.list_objects_v2(Bucket=BUCKET, Prefix="kept/365/" + upload)
        return len(listed.get("Contents", []))

    def holds(self, *uploads: str) -> None:
        """That one message refers to exactly these, each used by it and kept once."""
        (message,) = stored(self.client, self.room)
        assert [each["id"] for each in json.loads(message["attachments"])] == [*uploads]
        for upload in uploads:
            item = self.item(upload)
            assert item
            assert (item["status"], item["messageSk"]) == ("used", message["SK"])
            found = self.s3.head_object(Bucket=BUCKET, Key=item["s3Key"])
            assert found["ContentLength"] == len(CONTENT)
            assert self.copies(upload) == 1


@pytest.fixture
def setup(client: Any, objects: Any, clock: Clock) -> AttachmentSetup:
    return AttachmentSetup(client, objects, clock)


@pytest.mark.parametrize("fault", ALL)
def test_a_fault_is_tried_again_and_the_message_has_its_attachments(
    setup: AttachmentSetup, proxy: Proxy, proxied: Any, fault: Fault
) -> None:
    first, second = setup.upload(), setup.upload()
    proxy.once("TransactWriteItems", fault, fault)
    sent = setup.send(setup.process(proxied), "m1", first, second)
    setup.holds(first, second)
    assert setup.send(setup.process(), "m1", first, second) == sent
    setup.holds(first, second)


def test_a_bucket_that_fails_in_passing_is_asked_again(setup: AttachmentSetup) -> None:
    upload = setup.upload()
    setup.bucket.failing = 3
    setup.send(setup.process(), "m1", upload)
    setup.holds(upload)


def test_a_bucket_that_stays_away_leaves_nothing_stored(setup: AttachmentSetup) -> None:
    upload = setup.upload()
    setup.bucket.failing = 1_000
    with pytest.raises(ServiceUnavailable):
        setup.send(setup.process(), "m1", upload)
    assert setup.is_untouched(upload)
    setup.bucket.failing = 0
    setup.send(setup.process(), "m1", upload)
    setup.holds(upload)


def test_what_is_refused_after_the_copy_takes_it_back_and_can_be_sent_later(setup: AttachmentSetup) -> None:
    upload = setup.upload()
    until = setup.clock.now() + 1_000
    setup.bucket.meanwhile.append(
        partial(change_member, setup.client, setup.room, setup.user, mutedUntil=until)
    )
    with pytest.raises(Muted):
        setup.send(setup.process(), "m1", upload)
    assert setup.is_untouched(upload)
    setup.clock.sleep(2)
    setup.send(setup.process(), "m1", upload)
    setup.holds(upload)


def test_of_two_messages_with_one_upload_the_first_keeps_it(setup: AttachmentSetup) -> None:
    upload = setup.upload()
    other = setup.process(bucket=Objects(setup.s3, BUCKET))
    setup.bucket.meanwhile.append(partial(setup.send, other, "m1", upload))
    with pytest.raises(InvalidInput):
        setup.send(setup.process(), "m2", upload)
    setup.holds(upload)


def test_of_two_sends_under_one_name_both_answer_the_message_that_holds_the_copy(
    setup: AttachmentSetup,
) -> None:
    upload, answers = setup.upload(), []
    other = setup.process(bucket=Objects(setup.s3, BUCKET))
    setup.bucket.meanwhile.append(lambda: answers.append(setup.send(other, "m1", upload)))
    assert [setup.send(setup.process(), "m1", upload)] == answers
    setup.holds(upload)


def test_a_file_that_is_replaced_while_it_is_copied_is_copied_whole(setup: AttachmentSetup) -> None:
    upload = setup.upload()
    looked = Bucket.beginning

    class Replaced(Bucket):
        def beginning(self, key: str, count: int) -> StoredObject | None:
            found = looked(self, key, count)
            if self.meanwhile:
                self.meanwhile.pop()()
            return found

    bucket = Replaced(setup.s3)
    replace = partial(setup.s3.put_object, Bucket=BUCKET, Key=f"pending/{upload}", ContentType="image/png")
    bucket.meanwhile.append(partial(replace, Body=PNG[:99]))
    sent = setup.send(setup.process(bucket=bucket), "m1", upload)
    assert sent.to_wire()["attachments"][0]["size"] == 99


def test_a_send_whose_outcome_is_unknown_keeps_its_copies(
    setup: AttachmentSetup, proxy: Proxy, proxied: Any
) -> None:
    """The message may be there, or yet come: what it refers to must be there, too."""
    upload = setup.upload()
    proxy.once("TransactWriteItems", faults.lost_answer)
    proxy.always("GetItem", faults.error("ThrottlingException"))
    with pytest.raises(ServiceUnavailable):
        setup.send(setup.process(proxied), "m1", upload)
    proxy.heal()
    setup.holds(upload)
    assert setup.send(setup.process(), "m1", upload).to_wire()["attachments"][0]["id"] == upload


@pytest.mark.parametrize("fault", ALL)
def test_a_fault_while_a_message_is_removed_leaves_none_of_its_files(
    setup: AttachmentSetup, proxy: Proxy, proxied: Any, fault: Fault
) -> None:
    upload = setup.upload()
    sent = setup.send(setup.process(), "m1", upload)
    proxy.once("TransactWriteItems", fault, fault)
    arguments = {"roomId": setup.room, "id": sent.id}
    remove_message(setup.process(proxied), Caller(setup.user), arguments, Tally())
    (message,) = stored(setup.client, setup.room)
    assert "attachments" not in message
    assert (setup.copies(upload), setup.item(upload)) == (0, None)


def test_files_that_cannot_be_deleted_are_counted_and_out_of_reach(setup: AttachmentSetup) -> None:
    upload = setup.upload()
    sent = setup.send(setup.process(), "m1", upload)
    setup.bucket.failing = 1_000
    tally = Tally()
    arguments = {"roomId": setup.room, "id": sent.id}
    remove_message(setup.process(), Caller(setup.user), arguments, tally)
    assert (tally["ObjectsLeft"], setup.item(upload)) == (2, None)


def test_nothing_takes_more_than_two_reads_and_one_transaction(setup: AttachmentSetup, endpoint: str) -> None:
    """And of S3: preparing and reading none, since forms and addresses are signed
    here; sending two a file; removing one."""
    uploads = [setup.upload(), setup.upload()]
    where = {"roomId": setup.room}

    def count(operation: Callable[[Deployment], Any]) -> dict[str, int]:
        client = aws_client("dynamodb", region=REGION, endpoint=endpoint, timeout=20, lean=True)
        return setup.count(client, operation)

    one_each = {"BatchGetItem": 1, "TransactWriteItems": 1}
    caller, file = Caller(setup.user), {"contentType": "image/png", "size": 100}
    assert count(lambda ours: create_upload(ours, caller, where | file, Tally())) == one_each
    assert count(lambda ours: setup.send(ours, "m1", *uploads)) == one_each
    assert count(lambda ours: attachment(ours, caller, where | {"id": uploads[0]}, Tally())) == {
        "BatchGetItem": 1
    }
    (message,) = stored(setup.client, setup.room)
    removal = where | {"id": message["id"]}
    assert count(lambda ours: remove_message(ours, caller, removal, Tally())) == {
        "BatchGetItem": 2,
        "TransactWriteItems": 1,
    }
