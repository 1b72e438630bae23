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
