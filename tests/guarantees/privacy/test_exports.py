"""An export has everything of the person and nothing of others, comes to the same bytes however often it is killed, and is
refused or finished, never half told as done."""

import json
import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chat.deployment import Deployment
from chat.operations.run_jobs import run_jobs
from chat.rules.data_requests import OPERATOR
from chat.rules.models import DAY_MS
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.steps.data_requests import EXPORT, Asking, list_erasures, make_request
from chat.steps.export_archive import PART
from chat.steps.export_context import MOST_MS
from chat.steps.jobs import list_jobs
from chat.storage import keys
from chat.storage.export_objects import archive_key
from chat.storage.objects import NOTE, Objects
from chat.storage.uploads import Uploads
from simulator.settings import BUCKET
from tests.guarantees.privacy.exporting import (
    EXPORT_KEY,
    HOSTILE,
    PICTURE,
    Begun,
    Client,
    Killed,
    Person,
    check,
    exporter,
    lines_of,
    opened,
)
from tests.guarantees.support.fixtures import Clock, partition, run_one_piece, send, table_name

pytestmark = pytest.mark.timeout(600)  # an export is made again around each of its writes

FILES = ("put_object", "copy_object", "create_multipart_upload", "upload_part", "complete_multipart_upload")
WRITES = ("put_object", "copy_object", "transact_write_items", "upload_part", "complete_multipart_upload")


@pytest.fixture
def person(client: Any, objects: Any, clock: Clock) -> Person:
    person = Person(client, objects, clock)
    person.live()
    return person


def test_it_has_everything_of_the_person(person: Person, tmp_path: Path) -> None:
    archive = person.ask().finish()
    check(archive, tmp_path)
    files = opened(archive)
    sent = lines_of(files, "messages")
    for room in person.rooms:
        texts = [each.get("text") for each in sent if each["roomId"] == room]
        assert texts == [f"one {room}", f"{HOSTILE} {room}", "three, edited", None, "look"]
    attached = [file["id"] for each in sent for file in each.get("attachments", ())]
    assert len(attached) == 2
    assert [files[f"files/{each}.png"] for each in attached] == [PICTURE, PICTURE]
    assert {each["key"] for each in lines_of(files, "memberships")} == {*_partitions(person)}
    assert [each["item"]["text"] for each in lines_of(files, "drafts")] == ["a draft", "a draft"]
    assert len(lines_of(files, "reactions")) == 2
    assert [each["item"]["name"] for each in lines_of(files, "profile")] == ["Ann"]
    assert len(lines_of(files, "requests")) == len(lines_of(files, "requestRates")) == 1
    assert {"schema.json", "index.en.html", "index.es.html", "index.fr.html", "manifest.json"} <= files.keys()


def _partitions(person: Person) -> list[str]:
    return [room if room.startswith("GUILD#") else f"ROOM#{room}" for room in person.rooms]


def test_it_has_no_text_of_others(person: Person) -> None:
    files = opened(person.ask().finish())
    assert [name for name, body in files.items() if b"SECRET" in body] == []


def test_no_page_has_a_script_and_no_name_leads_out(person: Person) -> None:
    files = opened(person.ask().finish())
    pages = {name: body.decode() for name, body in files.items() if name.endswith(".html")}
    assert len(pages) == 3 + 2
    for body in pages.values():
        assert "<script" not in body
        assert "<img" not in body
        assert "default-src 'none'" in body
    assert not [name for name in files if ".." in name or name.startswith("/") or "\\" in name or "<" in name]


def test_killed_around_each_write_it_comes_to_the_same_bytes(
    person: Person, client: Any, objects: Any, clock: Clock, tmp_path: Path
) -> None:
    begun = person.ask()
    whole = begun.finish()
    begun.again()
    killed: set[str] = set()

    def around(operation: str, named: Mapping[str, Any], call: Callable[[], Any]) -> Any:
        what = f"{operation} {json.dumps(named, default=repr, sort_keys=True)}"
        if operation not in WRITES:
            return call()
        is_of_chance = (
            '"archive"' in what
        )  # it names the upload that was begun just before, another each time
        if f"before {what}" not in killed and not is_of_chance:
            killed.add(f"before {what}")
            raise Killed
        answer = call()
        if f"after {what}" not in killed:
            killed.add(f"after {what}")
            raise Killed
        return answer

    ours = exporter(Client(client, around), Client(objects, around), clock)
    deaths = 0
    while begun.request.state == "RUNNING":
        try:
            run_jobs(ours, 60.0, Tally())
        except Killed:
            deaths += 1
    print(f"killed {deaths} times")
    assert deaths > 200
    archive = begun.archive()
    check(archive, tmp_path)
    assert archive == whole


def test_two_runners_at_each_piece_come_to_the_same_bytes(
    person: Person, client: Any, objects: Any, clock: Clock, tmp_path: Path
) -> None:
    begun = person.ask()
    whole = begun.finish()
    begun.again()
    is_inner = False

    def around(operation: str, named: Mapping[str, Any], call: Callable[[], Any]) -> Any:
        nonlocal is_inner
        if operation in FILES and not is_inner:
            is_inner = True
            run_one_piece(person.deployment)
            is_inner = False
        return call()

    ours = exporter(Client(client, around), Client(objects, around), clock)
    archive = begun.finish(ours)
    check(archive, tmp_path)
    assert archive == whole


def test_who_writes_meanwhile_breaks_nothing(
    person: Person, client: Any, objects: Any, clock: Clock, tmp_path: Path
) -> None:
    """Two runners that read different things at the same piece go the way of the one that was first."""
    begun = person.ask()
    others = 0

    def around(operation: str, named: Mapping[str, Any], call: Callable[[], Any]) -> Any:
        nonlocal others
        if operation == "put_object" and others < 40:
            others += 1
            clock.jump(1_000)
            send(
                person.deployment,
                person.rooms[others % 2],
                person.user,
                f"meanwhile {others}",
                f"{others:03d}",
            )
            run_one_piece(person.deployment)
        return call()

    archive = begun.finish(exporter(Client(client, around), Client(objects, around), clock))
    check(archive, tmp_path)
    sent = [each["id"] for each in lines_of(opened(archive), "messages")]
    assert len(sent) == len(set(sent))
    assert len(sent) >= 10


def test_a_file_that_is_gone_is_left_out(person: Person, objects: Any, tmp_path: Path) -> None:
    for each in objects.list_objects_v2(Bucket=BUCKET, Prefix="kept/")["Contents"]:
        objects.delete_object(Bucket=BUCKET, Key=each["Key"])
    archive = person.ask().finish()
    check(archive, tmp_path)
    files = opened(archive)
    assert not [name for name in files if name.startswith("files/")]
    counts = json.loads(files["manifest.json"])["counts"]
    assert (counts["attachmentsNamed"], counts.get("attachment", 0)) == (2, 0)


@pytest.mark.parametrize("is_deleted", [False, True])
def test_a_file_that_has_ended_before_its_message_is_left_out(
    person: Person, client: Any, clock: Clock, tmp_path: Path, *, is_deleted: bool
) -> None:
    """Whether DynamoDB has deleted its item by now, or not yet; the bucket has the file still."""
    for room in map(Room.parse, person.rooms):
        table = table_name(room)
        for item in partition(client, table, room.partition_key, keys.UPLOADS):
            if is_deleted:
                client.delete_item(TableName=table, Key={name: item[name] for name in ("PK", "SK")})
            else:
                ended = {"expiresAt": {"N": str(clock.ms // 1_000 - 1)}}
                client.put_item(TableName=table, Item=item | ended)
    archive = person.ask().finish()
    check(archive, tmp_path)
    files = opened(archive)
    assert not [name for name in files if name.startswith("files/")]
    assert [len(each["attachments"]) for each in lines_of(files, "messages") if "attachments" in each] == [
        1,
        1,
    ]
    counts = json.loads(files["manifest.json"])["counts"]
    assert (counts["attachmentsNamed"], counts.get("attachment", 0)) == (2, 0)


def test_files_that_are_larger_than_a_part_come_whole(person: Person, tmp_path: Path) -> None:
    sizes = (PART + 1_000_000, 3_000_000, PART)
    contents = [PICTURE + random.Random(size).randbytes(size - len(PICTURE)) for size in sizes]  # noqa: S311
    for content in contents:
        person.attach(person.rooms[0], content)
    begun = person.ask()
    archive = begun.finish()
    assert len(archive) > 2 * PART
    check(archive, tmp_path)
    files = opened(archive)
    assert all(content in files.values() for content in contents)
    found = person.s3.head_object(Bucket=BUCKET, Key=archive_key(begun.request_id))
    assert int(found["ETag"].strip('"').rpartition("-")[2]) >= 3  # of so many parts


def test_without_a_key_it_waits_for_one(person: Person, client: Any, clock: Clock, tmp_path: Path) -> None:
    begun = person.ask()
    without = exporter(client, person.s3, clock)
    keyless = replace(without, export_key=type(without)(store=without.store).export_key)
    run = run_jobs(keyless, 60.0, Tally())
    assert [(each.step, each.error) for each in run.failures] == [("write", "NoExportKey")]
    assert begun.request.state == "RUNNING"
    check(begun.finish(), tmp_path)


@pytest.mark.parametrize("missing", ["key", "bucket"])
def test_what_is_missing_for_too_long_ends_it_by_name_and_keeps_nobody_waiting(
    person: Person, client: Any, clock: Clock, missing: str
) -> None:
    """The first pieces are deleted before the last is written: what is left of it would not be whole."""
    begun = person.ask()
    ours = person.deployment
    if missing == "key":
        broken = replace(ours, export_key=Deployment(store=ours.store).export_key)
    else:
        gone = Uploads(Objects(person.s3, "no-such-bucket"), frozenset(), 1)
        broken = replace(ours, uploads=lambda: gone)
    expected = {"key": "NoExportKey", "bucket": "NoSuchBucket"}[missing]
    assert [each.error for each in run_jobs(broken, 60.0, Tally()).failures] == [expected]
    clock.jump(MOST_MS - DAY_MS)
    run_jobs(broken, 60.0, Tally())
    assert begun.request.state == "RUNNING"
    clock.jump(DAY_MS)
    assert run_jobs(broken, 60.0, Tally()).failures == []
    assert (begun.request.state, begun.request.reason) == ("REFUSED", "exportExpired")
    assert EXPORT not in {job.kind for _, job in list_jobs(ours)}
    assert opened(person.ask().finish()), "whoever asks again is not refused"


@pytest.mark.parametrize("step", ["write", "archive", "finish"])
def test_a_bucket_that_is_taken_away_at_any_step_ends_it_by_name(person: Person, step: str) -> None:
    begun = person.ask()
    while step not in steps_of(person.deployment):
        run_one_piece(person.deployment)
    run_jobs(replace(person.deployment, uploads=lambda: None), 60.0, Tally())
    assert (begun.request.state, begun.request.reason) == ("REFUSED", "attachmentsOff")


@pytest.mark.parametrize("step", ["write", "archive", "finish"])
def test_of_an_export_that_is_refused_no_piece_stays(person: Person, clock: Clock, step: str) -> None:
    begun = person.ask()
    while not begun.stored() or step not in steps_of(person.deployment):
        run_one_piece(person.deployment)
    clock.jump(MOST_MS)
    run_jobs(person.deployment, 60.0, Tally())
    assert (begun.request.state, begun.request.reason) == ("REFUSED", "exportExpired")
    assert begun.stored() == []


def steps_of(ours: Deployment) -> set[str]:
    """At which exports are."""
    return {job.step for _, job in list_jobs(ours) if job.kind == EXPORT}


def test_no_archive_outlives_an_erasure(person: Person) -> None:
    begun = person.ask()
    begun.finish()
    assert archive_key(begun.request_id) in begun.stored()
    ours = replace(person.deployment, pseudonym=lambda _: "somebody")
    make_request(ours, person.user, "ERASURE", Asking(OPERATOR, None), 0, Tally())
    while run_jobs(ours, 60.0, Tally()).waiting:
        pass
    assert begun.stored() == []
    assert [each.state for each in list_erasures(ours, person.user)] == ["DONE"]


def test_nobody_reads_it_by_the_log_or_by_the_notes(person: Person) -> None:
    """What stands beside the objects names no text: it is seen by whoever lists them."""
    begun = person.ask()
    begun.finish()
    for each in begun.stored():
        note = person.s3.head_object(Bucket=BUCKET, Key=each)["Metadata"].get(NOTE, "")
        assert len(note) < 1_900
        assert EXPORT_KEY.decode() not in note


def test_the_receipt_counts(person: Person) -> None:
    begun: Begun = person.ask()
    archive = begun.finish()
    receipt = begun.request.counted()
    assert receipt["bytes"] == len(archive)
    assert receipt["counts"]["messages"] == 10
    assert receipt["counts"]["attachment"] == receipt["counts"]["attachmentsNamed"] == 2
    assert receipt["counts"]["memberships"] == 2
