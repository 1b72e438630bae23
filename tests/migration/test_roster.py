"""Memberships come from a roster, which says where it is wrong."""

import json
from pathlib import Path
from typing import Any

import pytest

from chat.deployment import wall_clock
from chat.storage import keys
from chat.storage.items import key
from migration.roster import BadRoster, read_roster
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
        ("lobby a/b owner", ":1: user_id: a/b is not a user id"),
        ("lobby alice owner\nlobby alice member", ":2: alice has another role in lobby already"),
        ('{"lob#by": {}}', ": lob#by is not a room id"),
        ('{"lobby": {"a/b": "owner"}}', ": lobby: a/b is not a user id"),
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


def test_a_roster_that_an_editor_has_marked_as_unicode_is_read(tmp_path: Path) -> None:
    path = tmp_path / "roster.json"
    path.write_text('{"lobby": {"alice": "owner"}}', encoding="utf-8-sig")
    assert read_roster(path) == {"lobby": {"alice": "owner"}}
