"""`python -m migration` as an operator starts it: options, roster, progress, report, and a kill that cannot be caught."""

import json
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from chat import keys
from chat.deployment import wall_clock
from chat.errors import NotRoomMember
from chat.items import key
from chat.rooms import Room
from migration.roster import BadRoster, read_roster
from migration.tables import Pace, Tables
from simulator.settings import REGION
from tests.guarantees.world import DAY_MS, Clock, follow, process, read, send
from tests.migration.old import (
    MILLISECOND,
    NAMES,
    SECOND,
    Form,
    Killed,
    Mortal,
    Old,
    adopt,
    old_room,
    partition,
    put,
    run,
)


@pytest.fixture
def clock() -> Clock:
    """The program's own time is the real one."""
    return Clock(wall_clock())


def recent(count: int, *, ago_ms: int = DAY_MS) -> list[Old]:
    start = (wall_clock() - ago_ms) * MILLISECOND
    return [Old(start + number * SECOND, f"{number:04d}", Form("iso", 3)) for number in range(count)]


ENVIRONMENT = {
    "PYTHONPATH": ".:layers/chat/python",
    "AWS_ACCESS_KEY_ID": "local",
    "AWS_SECRET_ACCESS_KEY": "local",
}


def command(endpoint: str, *options: str) -> list[str]:
    return [sys.executable, "-m", "migration", "--endpoint", endpoint, "--region", REGION, *options]


def migration(project: Path, endpoint: str, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(endpoint, *options),
        cwd=project,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def rooms_of(path: Path) -> dict[str, Any]:
    report = json.loads(path.read_text(encoding="utf-8"))
    return {room["room"]: room for room in report["rooms"]}


def test_the_way_of_an_operator(
    project: Path, client: Any, endpoint: str, tmp_path: Path, clock: Clock
) -> None:
    """Members first, a dry run, one room, then all that are left: general, guild, and empty ones of the roster."""
    general, guild = old_room(client, recent(5)), old_room(client, recent(4), prefix="GUILD#")
    bad = recent(1)[0].item(general) | {"SK": {"S": "MSG#yesterday#secret-id"}}
    put(client, general, bad)
    empty = f"empty-{uuid.uuid4().hex[:8]}"
    roster, report = tmp_path / "roster.json", tmp_path / "report.json"
    roster.write_text(
        json.dumps(
            {
                general.id: {"ann": "owner", "bob": "member"},
                guild.id: {"ann": "owner"},
                empty: {"ann": "owner"},
            }
        )
    )
    with pytest.raises(NotRoomMember):
        read(process(client, clock), general.id, "ann")

    done = migration(project, endpoint, "--all", "--roster", str(roster), "--members-only")
    assert done.returncode == 0
    ours = process(client, clock)
    assert len(list(follow(ours, general.id, "bob", limit=2))) == 5
    before = partition(client, general)

    options = ["--all", "--roster", str(roster), "--report", str(report), "--rate", "10000"]
    done = migration(project, endpoint, *options, "--dry-run")
    found = rooms_of(report)
    assert (found[general.id]["outcome"], found[general.id]["messages"]) == ("wouldAdopt", 5)
    assert "nothing was written" in done.stdout
    assert partition(client, general) == before

    done = migration(
        project, endpoint, "--room", general.id, "--report", str(report), "--roster", str(roster)
    )
    assert done.returncode == 0
    assert list(rooms_of(report)) == [general.id]
    assert f"{general.id}: 5 of 5 messages numbered\n" in done.stderr

    done = migration(project, endpoint, *options)
    found = rooms_of(report)
    assert [found[each]["outcome"] for each in (general.id, guild.id, empty)] == [
        "alreadyAdopted",
        "adopted",
        "adopted",
    ]
    assert [found[each]["membersKept"] for each in (general.id, guild.id, empty)] == [2, 1, 1]
    assert found[general.id]["skipped"] == [
        {"partitionKey": general.partition_key, "sortKey": "MSG#yesterday#secret-id", "reason": "key"}
    ]
    assert f"left as it is (key): {general.partition_key} MSG#yesterday#secret-id\n" in done.stdout
    for text in (done.stdout, done.stderr, report.read_text(encoding="utf-8")):
        assert "text of" not in text
    ours = process(client, clock)
    sent = [send(ours, room_id, "ann", "hi").seq for room_id in (general.id, guild.id, empty)]
    assert sent == [6, 5, 1]


def test_killed_outright_and_started_again(project: Path, client: Any, endpoint: str, clock: Clock) -> None:
    room = old_room(client, recent(200), "ann")
    options = ["--room", room.id, "--rate", "100"]
    with subprocess.Popen(
        command(endpoint, *options),
        cwd=project,
        env=ENVIRONMENT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process_of_it:
        assert process_of_it.stderr
        line = process_of_it.stderr.readline()
        os.kill(process_of_it.pid, signal.SIGKILL)
    assert line == f"{room.id}: 25 of 200 messages numbered\n"
    assert process_of_it.returncode == -signal.SIGKILL
    assert keys.HEAD not in partition(client, room)
    roster = ["--room", room.id, "--rate", "10000"]
    done = migration(project, endpoint, *roster)
    assert "nobody on the roster" not in done.stdout
    assert done.returncode == 0
    found = list(follow(process(client, clock), room.id, "ann", order="OLDEST_FIRST", limit=100))
    assert [message.seq for message in found] == list(range(1, 201))
    assert [message.id for message in found] == [f"{number:04d}" for number in range(200)]


def test_a_room_that_is_refused_does_not_stop_the_others_and_shows_in_the_status(
    project: Path, client: Any, endpoint: str, tmp_path: Path
) -> None:
    old, young = old_room(client, recent(2, ago_ms=400 * DAY_MS), "ann"), old_room(client, recent(2), "ann")
    report = tmp_path / "report.json"
    both = ["--room", old.id, "--room", young.id, "--report", str(report)]
    done = migration(project, endpoint, *both)
    found = rooms_of(report)
    assert done.returncode == 1
    assert [found[room.id]["outcome"] for room in (old, young)] == ["refused", "adopted"]
    assert "--retention-days 402 keeps them" in done.stdout
    assert migration(project, endpoint, *both, "--retention-days", "402").returncode == 0


def test_a_room_id_that_was_mistyped_makes_no_room(project: Path, client: Any, endpoint: str) -> None:
    done = migration(project, endpoint, "--room", "lobbby")
    assert (done.returncode, "nobody on the roster" in done.stdout) == (1, True)
    assert partition(client, Room.parse("lobbby")) == {}


def test_an_engine_that_is_not_there_is_a_sentence(project: Path) -> None:
    done = migration(project, "http://127.0.0.1:1", "--room", "lobby", "--rate", "10000")
    assert done.returncode == 1
    assert "EndpointConnectionError. Start again to go on." in done.stdout
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ([], "one of the arguments --room --all is required"),
        (["--all", "--room", "a"], "not allowed with argument"),
        (["--room", "a#b"], "a#b is not a room id"),
        (["--all", "--rate", "0"], "must be from 0.1 to 10000"),
        (["--all", "--rate", "fast"], "must be a number"),
        (["--all", "--retention-days", "6"], "must be from 7 to 36500"),
        (["--all", "--retention-days", "7.5"], "must be a whole number"),
        (["--all", "--members-only"], "--members-only needs --roster"),
        (["--all", "--endpoint", "localhost"], "must start with http"),
        (["--all", "--report", "nowhere/at-all.json"], "there is no folder nowhere"),
        (["--all", "--roster", "nowhere.json"], "nowhere.json"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_bad_options_are_told_apart(project: Path, options: Sequence[str], sentence: str) -> None:
    done = migration(project, "http://127.0.0.1:1", *options)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


# what it finds


def test_partitions_that_are_no_rooms_are_reported(
    client: Any, project: Path, endpoint: str, tmp_path: Path
) -> None:
    report = tmp_path / "report.json"
    partition_key = f"DM#{uuid.uuid4()}"
    item = recent(1)[0].item(Room.parse("x")) | {"PK": {"S": partition_key}}
    client.put_item(TableName="gg_core", Item=item)
    try:
        migration(project, endpoint, "--all", "--dry-run", "--report", str(report))
        found = json.loads(report.read_text(encoding="utf-8"))["foreign"]
    finally:
        client.delete_item(TableName="gg_core", Key=key(partition_key, item["SK"]["S"]))
    assert found == [{"partitionKey": partition_key, "sortKey": "MSG#", "reason": "partition"}]


def test_a_room_whose_adoption_was_killed_is_found_by_all(client: Any) -> None:
    """Also when all its keys were right, so that no item without a number is left to be found."""
    start = (wall_clock() - DAY_MS) * MILLISECOND
    room = old_room(client, [Old(start + n * SECOND, f"{n}", Form("milliseconds")) for n in range(2)], "ann")
    with pytest.raises(Killed):
        adopt(Mortal(client, 2), room, now=wall_clock)
    assert all(
        "seq" in item for sort_key, item in partition(client, room).items() if sort_key.startswith("MSG#")
    )
    names: Any = NAMES
    tables = Tables(client, names, Pace(1e9, lambda: 0.0, lambda _: None))
    assert room.partition_key in set(tables.partitions("core"))


# memberships


def test_memberships_are_added_and_those_that_are_there_stay(client: Any) -> None:
    room = old_room(client, recent(1), "ann")
    client.update_item(
        TableName="gg_core",
        Key=key(room.partition_key, keys.roster("bob")),
        UpdateExpression="SET nick = :nick",
        ExpressionAttributeValues={":nick": {"S": "b"}},
    )
    roster = {room.id: {"ann": "owner", "bob": "moderator"}}
    for added, kept in ((1, 1), (0, 2)):
        (own,) = run(client, [room], roster, now=wall_clock).rooms
        assert (own.members_added, own.members_kept) == (added, kept)
    stored = partition(client, room)
    assert stored[keys.roster("ann")]["role"] == {"S": "member"}
    assert stored[keys.roster("bob")] == key(room.partition_key, keys.roster("bob")) | {
        "nick": {"S": "b"},
        "role": {"S": "moderator"},
        "status": {"S": "active"},
        "joinedSeq": {"N": "0"},
        "type": {"S": "Member"},
    }


def test_a_roster_is_json_or_lines(tmp_path: Path) -> None:
    path = tmp_path / "roster"
    expected = {"lobby": {"alice": "owner", "bob": "member"}, "GUILD#dragons": {"carol": "moderator"}}
    path.write_text(json.dumps(expected))
    assert read_roster(path) == expected
    path.write_text(
        "# room user role\nlobby alice owner\n\nlobby\tbob  member\nGUILD#dragons carol moderator\n"
    )
    assert read_roster(path) == expected


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("lobby alice", ":1: write a room id, a user id and a role"),
        ("lobby alice owner\nlobby bob king", ":2: the role of bob must be one of owner, moderator, member"),
        ("lob#by alice owner", "lob#by is not a room id"),
        ("lobby a/b owner", "a/b is not a user id"),
        ("lobby alice owner\nlobby alice member", "alice has another role in lobby already"),
        ('{"lobby": ["alice"]}', "must hold a role for each user id"),
        ('{"lobby": {"alice": 7}}', "the role of alice must be"),
        ('{"lobby": {"alice": "owner", "alice": "member"}}', "alice stands there twice"),
        ('{"lobby": ', "Expecting value"),
    ],
)
def test_a_roster_that_cannot_be_used_says_where(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "roster"
    path.write_text(text)
    with pytest.raises(BadRoster, match=r".") as caught:
        read_roster(path)
    assert sentence in str(caught.value)


def test_the_pace_is_kept_on_average() -> None:
    clock = Clock(0)
    pace = Pace(100, clock.monotonic, clock.sleep)
    for _ in range(11):
        pace.take(50)
    assert clock.seconds == pytest.approx(5)
