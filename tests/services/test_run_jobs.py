"""run_jobs: what is left of rooms that have ended is removed, and what it comes to is told in the log and in metrics."""

import json
import logging
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from chat.rules.models import Role
from chat.rules.rooms import Room
from chat.steps.due_jobs import due_write
from chat.steps.holds import LIFT
from chat.storage import keys
from chat.storage.items import values
from chat_lambda.telemetry import actor
from simulator.keys import SigningKey
from tests.resolvers.files import keys_of, post, prepare
from tests.resolvers.harness import Harness, Refusal
from tests.resolvers.memberships import as_admin
from tests.resolvers.test_set_hold import asked, found

NAME = "run_jobs"
PEOPLE: Mapping[str, Role] = {"ada": "owner", "ben": "member", "cay": "member", "dee": "member"}


@pytest.fixture(scope="module")
def harness(client: Any, key: SigningKey, project: Path) -> Iterator[Harness]:
    harness = Harness(project, key, client)
    yield harness
    harness.functions.close()


@pytest.fixture
def run(harness: Harness, project: Path, objects: Any) -> Any:
    """The schedule's call, after the jobs of other tests are done."""
    event = json.loads((project / "events" / f"{NAME}.json").read_text(encoding="utf-8"))
    for table in ("gg_core", "gg_guild"):
        for item in harness.partition(table, "JOBS"):
            harness.client.delete_item(TableName=table, Key={name: item[name] for name in ("PK", "SK")})
    return lambda: harness.call(NAME, event)


def lived_in(harness: Harness, guild: bool) -> str:
    """A room in which something of every kind has been stored, ended by an administrator."""
    room = harness.room(PEOPLE, guild=guild)
    asked: dict[str, tuple[str, dict[str, Any]]] = {
        "Mutation.markRead": ("ben", {"seq": 1}),
        "Mutation.createUpload": ("ben", {}),
        "Mutation.leaveRoom": ("cay", {}),
        "Mutation.banMember": ("ada", {"userId": "dee"}),
        "Mutation.heartbeat": ("ben", {"watching": room, "rooms": [{"roomId": room, "seq": 1}]}),
    }
    (first, *_) = harness.send(room, "one", "two", user="ada")
    edit = harness.event("Mutation.editMessage", "ada", roomId=room, id=first["id"], text="one more")
    edit["arguments"].pop("ts", None)
    assert not isinstance(harness.invoke(edit), Refusal)
    for name, (user, arguments) in asked.items():
        own = {} if name == "Mutation.heartbeat" else {"roomId": room}
        answer = harness.invoke(harness.event(name, user, **own, **arguments))
        assert not isinstance(answer, Refusal), (name, answer)
    place = Room.parse(room).partition_key
    harness.change(room, f"LIVE#{place}#9", "WINDOW#1", people=1)
    harness.change(room, f"LEDGER#{place}", "HOUR#0000001", due=1)
    harness.change(room, place, "MSG#2019-01-01T00:00:00Z#old", text="from before")
    answer = harness.invoke(as_admin(harness.event("Mutation.deleteRoom", "root", roomId=room)))
    assert not isinstance(answer, Refusal), answer
    return room


def left_of(harness: Harness, room_id: str) -> dict[str, dict[str, Any]]:
    """Every item about a room, wherever it lies, by partition and sort key."""
    room = Room.parse(room_id)
    table = f"gg_{room.table}"
    places = [room.partition_key, f"LEDGER#{room.partition_key}", *map("USER#{}".format, PEOPLE)]
    places += [f"LIVE#{room.partition_key}#{shard}" for shard in range(10)]
    return {
        f"{place} {item['SK']['S']}": item
        for place in places
        for item in harness.partition(table, place)
        if room.partition_key in place or room.partition_key in item["SK"]["S"]
    }


@pytest.mark.parametrize("guild", [False, True], ids=["general", "guild"])
def test_of_a_room_that_has_ended_a_tombstone_and_what_expires_is_left(
    harness: Harness, run: Any, guild: bool
) -> None:
    room = lived_in(harness, guild)
    before = left_of(harness, room)
    kinds = {key.split(" ")[1].split("#")[0] for key in before}
    in_room = {"HEAD", "MSG", "CHG", "EVT", "MEMBER", "BANNED", "UPLOAD"}
    assert kinds == in_room | {"IN", "AT", "SENT", "WINDOW", "HOUR"}
    assert run() == {"ended": 1, "waiting": 0, "failed": 0}
    place = Room.parse(room).partition_key
    after = left_of(harness, room)
    memberships = {key for key in after if " IN#" in key}
    receipts = {f"USER#cay AT#{place}"} & after.keys()  # who left is in no list any more
    (last,) = {key for key in after if " EVT#" in key}
    assert (after[last]["kind"], after[last]["rev"]) == ({"S": "ROOM_DELETED"}, after[f"{place} HEAD"]["rev"])
    assert after.keys() == {f"{place} HEAD", last, *memberships, *receipts}
    assert memberships == {f"USER#{user} IN#{place}" for user in PEOPLE}
    for key in memberships:
        assert after[key]["status"] == {"S": "left"}
        assert int(after[key]["expiresAt"]["N"]) > 1_000_000_000
    head = before[f"{place} HEAD"]
    kept = {name: head[name] for name in ("PK", "SK", "type", "rev", "seq", "ts", "epoch", "endedAt")}
    assert after[f"{place} HEAD"] == kept


def test_its_files_are_gone_from_the_bucket(harness: Harness, run: Any, objects: Any) -> None:
    room = harness.room(PEOPLE)
    sent, pending = prepare(harness, room, "ada"), prepare(harness, room, "ada")
    for upload in (sent, pending):
        assert post(upload).status < 300
    event = harness.event("Mutation.sendMessage", "ada", roomId=room, attachments=[sent["id"]])
    assert not isinstance(harness.invoke(event), Refusal)
    assert keys_of(objects, sent["id"])
    assert keys_of(objects, pending["id"])
    harness.invoke(harness.event("Mutation.deleteRoom", "ada", roomId=room))
    assert run()["ended"] == 1
    assert [*keys_of(objects, sent["id"]), *keys_of(objects, pending["id"])] == []


def test_after_the_removal_there_is_no_such_room_and_its_id_stays_taken(harness: Harness, run: Any) -> None:
    room = lived_in(harness, guild=False)
    run()
    for user in ("ada", "ben", "root"):
        harness.refused(harness.event("Mutation.deleteRoom", user, roomId=room), "NotRoomMember")
        harness.refused(harness.event("Query.messages", user, roomId=room), "NotRoomMember")
        refusal = harness.invoke(harness.event("Mutation.createRoom", user, roomId=room))
        assert (refusal.error_type, refusal.values) == ("NotAllowed", {"reason": "taken"})


def test_who_syncs_after_the_removal_is_told_that_the_room_is_left(harness: Harness, run: Any) -> None:
    room = harness.room({"ada": "owner", "eli-of-jobs": "member"})
    synced = harness.invoke(harness.event("Query.sync", "eli-of-jobs", since=None))
    assert room in {each["roomId"] for each in synced["rooms"]}
    harness.invoke(harness.event("Mutation.deleteRoom", "ada", roomId=room))
    run()
    after = harness.invoke(harness.event("Query.sync", "eli-of-jobs", since=synced["token"]))
    assert [each["left"] for each in after["rooms"] if each["roomId"] == room] == [True]


def test_with_nothing_to_do_it_says_so_and_nobody_did_it(
    harness: Harness, run: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        assert run() == {"ended": 0, "waiting": 0, "failed": 0}
    records = [vars(record) for record in caplog.records]
    (answered,) = [record for record in records if record["msg"] == "Answered"]
    counts = {
        "JobsEnded": 0,
        "JobsWaiting": 0,
        "JobsStuck": 0,
        "JobFailures": 0,
        "OldestJobMs": 0,
        "OldestRequestMs": 0,
    }
    assert {name: answered[name] for name in counts} == counts
    assert "DurationMs" not in answered  # nobody has waited for it
    assert "BackgroundMs" in answered
    assert not [record for record in records if record.get("kind") == "audit"]


def test_a_job_of_a_later_version_is_left_and_told_of(
    harness: Harness, run: Any, caplog: pytest.LogCaptureFixture
) -> None:
    job = {
        "PK": "JOBS",
        "SK": "LATER#x",
        "kind": "LATER",
        "subject": "x",
        "step": "first",
        "rev": 1,
        "tries": 4,
    }
    harness.client.put_item(TableName="gg_core", Item=values(job))
    room = lived_in(harness, guild=False)
    with caplog.at_level(logging.INFO):
        assert run() == {"ended": 1, "waiting": 1, "failed": 1}
    (failed,) = [vars(record) for record in caplog.records if record.msg == "Job failed"]
    assert (failed["job"], failed["step"], failed["error"]) == ("LATER", "first", "UnknownStep")
    (answered,) = [
        vars(record)
        for record in caplog.records
        if record.msg == "Answered" and vars(record)["field"] == NAME
    ]
    assert answered["JobsStuck"] == 1
    assert [each for each in left_of(harness, room) if " MSG#" in each] == []


def test_that_a_legal_hold_has_ended_by_itself_is_an_audit_event(
    harness: Harness, run: Any, caplog: pytest.LogCaptureFixture
) -> None:
    user = f"p-{uuid.uuid4()}"
    arguments = {"roomId": None, "userId": user, "reason": "Case 17", "endsAt": "2100-01-01T00:00:00.000Z"}
    made = harness.invoke(asked(harness, "Mutation.setHold", **arguments))
    subject = keys.hold(keys.user_partition(user), made["id"])
    harness.deployment.store.tables.transact([due_write(LIFT, subject, 1)])  # as if the instant had come
    with caplog.at_level(logging.INFO):
        run()
    (told,) = [each for each in caplog.records if getattr(each, "action", None) == "Mutation.liftHold"]
    names = ("kind", "action", "outcome", "reason", "actor", "room", "hold_id", "target")
    assert [getattr(told, name) for name in names] == [
        *("audit", "Mutation.liftHold", "done", "endsAt", "service", None, made["id"], actor(user)),
    ]
    assert user not in str(vars(told))
    assert found(harness, made["id"])["liftedBy"] is None
