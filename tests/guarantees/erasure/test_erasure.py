"""A person is erased to the end, wherever the job was interrupted and however many are at it; rooms keep their numbers, and
whoever follows them ends equal to the server."""

import json
import os
import uuid
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from chat.deployment import Deployment
from chat.operations.block_user import block_user
from chat.operations.edit_message import edit_message
from chat.operations.lift_hold import lift_hold
from chat.operations.mark_read import mark_read
from chat.operations.pin_message import pin_message
from chat.operations.react import react
from chat.operations.run_jobs import run_jobs
from chat.operations.save_draft import save_draft
from chat.operations.send_message import send_message
from chat.operations.set_hold import set_hold
from chat.operations.set_notifications import set_notifications
from chat.operations.update_me import update_me
from chat.rules.erasure import ERASED_SENDER
from chat.rules.models import Caller, Head, Message, Role
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.steps.data_requests import Asking, list_erasures, make_request, read_request
from chat.steps.erasure import KIND
from chat.steps.jobs import Run, list_jobs
from chat.storage import keys
from chat.storage.aws import client as aws_client
from chat.storage.places import head_place, membership_place, tombstone_place
from chat.storage.uploads import Upload, Uploads, kept_key, upload_write
from privacy.places import Place
from privacy.scan import findings, kept_of, traces_of
from privacy.scan_buckets import Bucket as ScannedBucket
from privacy.scan_tables import Table
from simulator.settings import REGION, TABLES
from tests.guarantees.erasure.places import Bucket, Followed, Memory
from tests.guarantees.support.fixtures import (
    Clock,
    follow,
    new_room,
    partition,
    process,
    read_changes,
    send,
    store_of,
    stored,
    table_name,
)
from tests.resolvers.rights import Rights

pytestmark = pytest.mark.usefixtures("few_items")


class Killed(BaseException):
    """The runner's process ends."""


class Doomed:
    """A client whose process ends at the write after so many."""

    def __init__(self, client: Any, writes: int, *, after_commit: bool) -> None:
        self._client, self.left, self._after_commit = client, writes, after_commit

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def transact_write_items(self, **request: Any) -> Any:
        return self._write(self._client.transact_write_items, request)

    def update_item(self, **request: Any) -> Any:
        return self._write(self._client.update_item, request)

    def batch_write_item(self, **request: Any) -> Any:
        return self._write(self._client.batch_write_item, request)

    def _write(self, write: Any, request: dict[str, Any]) -> Any:
        self.left -= 1
        if self.left < 0:
            if self.left == -1 and self._after_commit:
                write(**request)
            raise Killed
        return write(**request)


@dataclass
class World:
    """Rooms in which somebody has left something of every kind."""

    client: Followed
    ours: Deployment
    bucket: Bucket
    person: str = field(default_factory=lambda: f"eve-{uuid.uuid4()}")
    request: str = field(default_factory=lambda: str(uuid.uuid4()))
    rooms: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    heads: dict[str, dict[str, Any]] = field(default_factory=dict)
    secret: str = field(default_factory=lambda: f"my heart is a glacier {uuid.uuid4()}")

    def lived_in(self, messages: int = 2) -> "World":
        me, one, other = self.person, f"bob-{uuid.uuid4()}", f"cat-{uuid.uuid4()}"
        self.other = one
        places: tuple[tuple[str, Role], ...] = (("", "owner"), ("GUILD#", "member"))
        for prefix, role in places:
            room = new_room(self.client, members={me: role, one: "member", other: "moderator"}, prefix=prefix)
            self.rooms.append(room)
            own = [self._say(room, me, f"{self.secret} {number}") for number in range(messages)]
            theirs = self._say(room, one, "hello", mentions=[me])
            self._mention(room, me, theirs)
            own.append(self._say(room, me, self.secret, mentions=[one], replyTo=theirs.id))
            self._say(room, other, "bye")
            own.append(self._say(room, me, f"{self.secret}, once more"))
            self._attach(room, own[0])
            edit_message(
                self.ours, Caller(me), {"roomId": room, "id": own[1].id, "text": f"{self.secret}!"}, Tally()
            )
            react(self.ours, (), Caller(me), {"roomId": room, "id": theirs.id, "emoji": "👍"}, Tally())
            pin_message(self.ours, Caller(other), {"roomId": room, "id": own[0].id}, Tally())
            mark_read(self.ours, Caller(me), {"roomId": room, "seq": 1}, Tally())
            save_draft(self.ours, Caller(me), {"roomId": room, "text": self.secret}, Tally())
            set_notifications(self.ours, Caller(me), {"roomId": room, "level": "NONE"}, Tally())
            self.counts[room] = len(own)
            self.heads[room] = read_changes(self.ours, room, one, since=0)["head"]
        update_me(self.ours, Caller(me), {"name": f"Eve {self.secret}"}, Tally())
        block_user(self.ours, Caller(me), {"userId": other}, Tally())
        asked = make_request(self.ours, me, "ERASURE", Asking("OPERATOR", None), 0, Tally())
        self.request = asked.request_id
        return self

    def _say(self, room: str, user: str, text: str, **more: Any) -> Message:
        named = {"roomId": room, "text": text, "clientMessageId": str(uuid.uuid4()), **more}
        return send_message(self.ours, Caller(user), named, Tally())

    def _mention(self, room: str, user: str, message: Message) -> None:
        """What the projection writes."""
        from chat.storage.mention_items import mention_place, mention_write

        place = mention_place(Room.parse(room), user, message.seq or 0)
        self.ours.store.tables.transact([mention_write(place, message, None)])

    def _attach(self, room: str, message: Message) -> None:
        """As if the message had been sent with a file."""
        place, upload_id = Room.parse(room), self.ours.new_id(self.ours.now())
        upload = Upload(
            id=upload_id, sender_id=self.person, s3_key=f"kept/365/{upload_id}", content_type="image/png",
            size=7, status="used", name=self.secret,
        )  # fmt: skip
        self.ours.store.tables.transact([upload_write(place, upload)])
        self.bucket.objects[upload.s3_key] = f"a picture of {self.person}: {self.secret}".encode()
        self.client.update_item(
            TableName=table_name(place),
            Key={
                "PK": {"S": place.partition_key},
                "SK": {"S": keys.message(message.ts, message.id)},
            },
            UpdateExpression="SET attachments = :a",
            ExpressionAttributeValues={":a": {"S": json.dumps([upload.to_wire()])}},
        )

    def run(self, ours: Deployment | None = None) -> Run:
        return run_jobs(ours or self.ours, 1_000.0, Tally())

    def doomed(self, writes: int, *, after_commit: bool) -> Deployment:
        client = Doomed(self.client, writes, after_commit=after_commit)
        return replace(self.ours, store=store_of(client))

    def found(self) -> list[str]:
        """Where `privacy scan` finds the person or what they said, in both tables, the bucket and a gateway's memory."""
        tables = [
            Table(self.client, each, kept_keys=kept_of(self.person)) for each in ("gg_core", "gg_guild")
        ]
        places: list[Place] = [*tables, ScannedBucket(self.bucket, "uploads"), Memory(self.client.rooms)]
        return findings(places, traces_of(self.person, [self.secret]))

    def is_erased(self) -> None:
        assert self.found() == []
        tombstone = self.ours.store.tables.get(tombstone_place(self.person))
        assert tombstone is not None
        assert tombstone["state"] == {"S": "erased"}
        (done,) = list_erasures(self.ours, self.person)
        receipt = json.loads(done.receipt or "{}")
        assert receipt["messages"] == sum(self.counts.values())
        assert receipt["revisions"] == len(self.rooms)
        assert len(self.bucket.deleted) >= len(self.rooms)
        for room in self.rooms:
            self._is_whole(room)

    def _is_whole(self, room: str) -> None:
        items, place = stored(self.client, room), Room.parse(room)
        assert [item["seq"] for item in items] == [*range(1, len(items) + 1)]
        erased = [item for item in items if item["senderId"] == ERASED_SENDER]
        assert len(erased) == self.counts[room]
        for item in erased:
            assert "removedAt" in item
            assert not item.keys() & {"text", "attachments", "clientMessageId", "mentions", "reactions"}
        told = [
            item
            for item in partition(self.client, table_name(place), place.partition_key, keys.EVENTS)
            if item["kind"] == {"S": "ERASED"}
        ]
        assert len(told) == 1
        head = Head.of(self.ours.store.tables.get(head_place(place)) or {})
        assert (head.pins, head.owners) == (0, 1 if room == self.rooms[0] else head.owners)
        self._followed(room, {item["seq"] for item in erased})

    def _followed(self, room: str, erased: set[int]) -> None:
        """Who held the room from before is told exactly which messages hold nothing any more."""
        before = self.heads[room]
        page = read_changes(self.ours, room, self.other, since=before["rev"], after=before["ts"])
        named = {seq for run in page["erased"] for seq in range(run["from"], run["to"] + 1)}
        assert (named, page["reset"]) == (erased, False)


@pytest.fixture
def bucket() -> Bucket:
    return Bucket()


@pytest.fixture
def followed(client: Any) -> Followed:
    return Followed(client)


@pytest.fixture
def ours(client: Any, followed: Followed, clock: Clock, bucket: Bucket) -> Deployment:
    uploads: Any = Uploads(bucket, frozenset({"image/png"}), 1_000)  # type: ignore[arg-type]
    ours = process(followed, clock, uploads=lambda: uploads)
    for place, _ in list_jobs(ours):
        client.delete_item(TableName=TABLES[f"{place.table.upper()}_TABLE"], Key=place.key)
    for item in partition(client, TABLES["CORE_TABLE"], keys.DUE):
        client.delete_item(TableName=TABLES["CORE_TABLE"], Key={name: item[name] for name in ("PK", "SK")})
    return ours


def test_nothing_of_a_person_is_left_but_numbers(
    followed: Followed, ours: Deployment, bucket: Bucket
) -> None:
    world = World(followed, ours, bucket).lived_in()
    assert world.found()
    run = world.run()
    assert run.failures == []
    world.is_erased()


def test_a_file_that_ended_before_its_message_goes_too(
    followed: Followed, ours: Deployment, bucket: Bucket
) -> None:
    """Its item is gone, and the bucket empties its folder later."""
    world = World(followed, ours, bucket).lived_in()
    for room in map(Room.parse, world.rooms):
        (item,) = partition(followed, table_name(room), room.partition_key, keys.UPLOADS)
        (message,) = [
            each for each in stored(followed, room.id) if item["id"]["S"] in str(each.get("attachments"))
        ]
        file = bucket.objects.pop(item["s3Key"]["S"])
        bucket.objects[kept_key(item["id"]["S"], str(message["id"]), 31)] = file
        key = {name: item[name] for name in ("PK", "SK")}
        followed.delete_item(TableName=table_name(room), Key=key)
    assert world.run().failures == []
    world.is_erased()
    assert bucket.objects == {}


def test_the_proof_finds_what_is_left_behind(followed: Followed, ours: Deployment, bucket: Bucket) -> None:
    """In each place: an item of either table, an object, a timeline."""
    world = World(followed, ours, bucket).lived_in()
    before = world.found()
    assert {each.partition(": ")[0] for each in before} == {"gg_core", "gg_guild", "s3://uploads", "gateway"}
    world.run()
    assert world.found() == []
    place, planted = membership_place(Room.parse(world.rooms[0]), world.person), {"text": {"S": world.secret}}
    followed.put_item(TableName="gg_core", Item=place.key | planted)
    key = place.partition_key + " " + place.sort_key
    assert sorted(world.found()) == [f"gg_core: {key} (PK)", f"gg_core: {key} (text)"]
    followed.delete_item(TableName="gg_core", Key=place.key)
    bucket.objects["kept/365/late"] = world.secret.encode()
    assert world.found() == ["s3://uploads: kept/365/late (content)"]


STRIDE = 1 if os.environ.get("PROVE") else 23
"""Between the writes at which the job is killed: a prime, so that two tables' pieces are met at different places."""


@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("after_commit", [False, True], ids=["before the commit", "after the commit"])
def test_a_job_killed_at_any_write_comes_to_the_same(
    followed: Followed, ours: Deployment, bucket: Bucket, after_commit: bool
) -> None:
    kills = 0
    while True:
        world = World(followed, ours, bucket).lived_in()
        try:
            world.run(world.doomed(kills, after_commit=after_commit))
        except Killed:
            kills += STRIDE
        else:
            break
        assert world.run().failures == []
        world.is_erased()
    world.is_erased()
    assert kills > 30


def test_two_runners_at_once_come_to_the_same(followed: Followed, ours: Deployment, bucket: Bucket) -> None:
    """The second runs a piece before each write of the first."""

    class Overtaken(Doomed):
        def _write(self, write: Any, request: dict[str, Any]) -> Any:
            if self.left > 0:
                self.left -= 1
                run_jobs(ours, 0.001, Tally())
            return write(**request)

    world = World(followed, ours, bucket).lived_in()
    both = replace(ours, store=store_of(Overtaken(followed, 500, after_commit=False)))
    for _ in range(20):
        world.run(both)
        if not [job for _, job in list_jobs(ours) if job.kind == KIND]:
            break
    world.run()
    world.is_erased()


def test_an_erased_message_is_neither_unread_nor_new(
    followed: Followed, ours: Deployment, bucket: Bucket
) -> None:
    from chat.operations.my_rooms import my_rooms
    from tests.guarantees.support.fixtures import CURSOR_KEYS

    world = World(followed, ours, bucket).lived_in()
    world.run()
    for room in world.rooms:
        others = [each for each in follow(ours, room, world.other) if each.sender_id != ERASED_SENDER]
        assert send(ours, room, world.other, "who was that?").seq == world.counts[room] + len(others) + 1
    page = my_rooms(ours, CURSOR_KEYS, Caller(world.other), {}, Tally())
    assert {each["unread"] for each in page["items"]} == {0}


PRIVACY = Caller("ann", frozenset({"privacy"}))


@pytest.mark.parametrize("whom", ["userId", "roomId"])
def test_a_legal_hold_stops_an_erasure_that_has_begun(
    followed: Followed, ours: Deployment, bucket: Bucket, whom: str
) -> None:
    world = World(followed, ours, bucket).lived_in()
    with pytest.raises(Killed):
        world.run(world.doomed(12, after_commit=True))
    named = {"userId": world.person} if whom == "userId" else {"roomId": world.rooms[1]}
    hold = set_hold(ours, PRIVACY, {"reason": "a lawsuit", **named}, Tally())
    texts = {room: [item.get("text") for item in stored(followed, room)] for room in world.rooms}
    assert "ServiceUnavailable" in {each.error for each in world.run().failures}
    assert {room: [item.get("text") for item in stored(followed, room)] for room in world.rooms} == texts
    lift_hold(ours, PRIVACY, {"id": hold["id"]}, Tally())
    while [job for _, job in list_jobs(ours) if job.kind == KIND]:
        world.run()
    world.is_erased()


def test_a_legal_hold_refuses_an_erasure(followed: Followed, ours: Deployment, bucket: Bucket) -> None:
    world = World(followed, ours, bucket).lived_in()
    set_hold(ours, PRIVACY, {"reason": "a lawsuit", "userId": world.person}, Tally())
    world.run()
    request = read_request(ours, world.person, world.request)
    assert request is not None
    assert (request.state, request.reason) == ("REFUSED", "legalHold")
    assert ours.store.tables.get(tombstone_place(world.person)) is None


def test_the_function_has_the_rights_for_all_of_it(
    followed: Followed, endpoint: str, ours: Deployment, bucket: Bucket
) -> None:
    world = World(followed, ours, bucket).lived_in()
    watched = aws_client("dynamodb", region=REGION, endpoint=endpoint, timeout=20)
    function = replace(ours, store=store_of(watched))
    rights = Rights(function.store)
    rights.begin()
    world.run(function)
    assert rights.lacking("run_jobs") == set()
    watched.close()
