"""Memberships come from a roster, which says where it is wrong."""

import json
from pathlib import Path
from typing import Any

import pytest

from chat.rules.models import Role
from chat.storage import keys
from chat.storage.clock import wall_clock
from chat.storage.items import key
from migration.roster import BadRoster, read_roster
from tests.chat.rules.test_user_ids import SUBJECTS
from tests.migration.old import (
    old_room,
    partition,
    recent,
    run,
)


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


def test_memberships_of_any_subject_are_added_once_and_follow_a_change(client: Any) -> None:
    room, users = old_room(client, recent(1), "ann"), [each for each in SUBJECTS if each != "alice"]
    roster: dict[str, dict[str, Role]] = {room.id: dict.fromkeys(users, "member")}
    for added, kept in ((len(users), 0), (0, len(users))):
        (own,) = run(client, [room], roster, now=wall_clock).rooms
        assert (own.members_added, own.members_kept) == (added, kept)
    listed = {key for key in partition(client, room) if key.startswith(keys.ROSTER)}
    assert {keys.user_in(key) for key in listed} == {*users, "ann"}


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
        ("lobby alice owner\nlobby bob king", ":2: role: Input should be 'owner', 'moderator' or 'member'"),
        ("lob#by alice owner", ":1: room_id: lob#by is not a room id"),
        ("lobby a\x07b owner", ":1: user_id: 'a\\x07b' is not a user id"),
        ("lobby alice b owner", ":1: write a room id, a user id and a role"),
        ("lobby alice owner\nlobby alice member", ":2: alice has another role in lobby already"),
        ('{"lob#by": {}}', ": lob#by is not a room id"),
        ('{"lobby": {"a\\nb": "owner"}}', ": lobby: 'a\\nb' is not a user id"),
        ('{"lobby": {"' + "x" * 129 + '": "owner"}}', ": lobby: " + "x" * 129 + " is not a user id"),
        ('{"lobby": ["alice"]}', ": lobby: must be an object"),
        ('{"lobby": {"alice": 7}}', ": lobby: alice: Input should be 'owner', 'moderator' or 'member'"),
        ('{"lobby": {"alice": "owner", "alice": "member"}}', ": lobby: alice stands there twice"),
        ('{"lobby": {}, "lobby": {}}', ": lobby stands there twice"),
        ('{"lobby":\n ', ":2: Expecting value"),
        ('{"lobby": ' * 100_000, ": is nested too deeply"),
        ("\xff", ": is not UTF-8"),
    ],
)
def test_a_roster_that_cannot_be_used_says_where(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "roster"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(BadRoster) as caught:
        read_roster(path)
    assert str(caught.value) == f"{path}{sentence}"


def test_any_subject_is_a_user_id_of_a_roster(tmp_path: Path) -> None:
    path = tmp_path / "roster"
    members = {"auth0|a+b@x.example/=~\\#%": "owner", "josé\u2028\u00a0\u3000": "member", "a b": "member"}
    path.write_text(json.dumps({"lobby": members}), encoding="utf-8")
    assert read_roster(path) == {"lobby": members}
    del members["a b"]
    lines = [f"lobby {user} {role}" for user, role in members.items()]
    for end in ("\n", "\r", "\r\n"):
        path.write_bytes(end.join(lines).encode())
        assert read_roster(path) == {"lobby": members}


def test_a_roster_that_an_editor_has_marked_as_unicode_is_read(tmp_path: Path) -> None:
    path = tmp_path / "roster.json"
    path.write_text('{"lobby": {"alice": "owner"}}', encoding="utf-8-sig")
    assert read_roster(path) == {"lobby": {"alice": "owner"}}
