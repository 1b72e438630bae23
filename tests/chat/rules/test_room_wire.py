"""A room and its members as the schema has them."""

from chat.rules.models import Head, Member, RoomSettings
from chat.rules.room_wire import member_to_wire, room_to_wire
from chat.rules.rooms import Room

HEAD = Head(rev=5, seq=2, ts=1_000, epoch=3, name="Lobby", visibility="public", person_burst=3)


def test_a_room_is_answered_with_the_rules_in_force() -> None:
    wire = room_to_wire(Room.parse("GUILD#dragons"), HEAD, RoomSettings(room_burst=7), member_count=4)
    assert wire == {
        "roomId": "GUILD#dragons",
        "roomType": "guild",
        "guildId": "dragons",
        "name": "Lobby",
        "description": None,
        "avatarUrl": None,
        "avatarId": None,
        "visibility": "PUBLIC",
        "historyFrom": "BEGINNING",
        "archivedAt": None,
        "directWith": None,
        "historyRev": 0,
        "personPerSecond": 1.0,
        "personBurst": 3,
        "roomPerSecond": 50.0,
        "roomBurst": 7,
        "retentionDays": 365,
        "slowModeSeconds": 0,
        "memberCount": 4,
        "head": {"seq": 2, "ts": "1970-01-01T00:00:01.000Z", "epoch": 3, "rev": 5, "pinsRev": 0},
        "me": None,
    }


def test_visitors_do_not_get_the_head() -> None:
    assert room_to_wire(Room.parse("lobby"), HEAD, RoomSettings(), reads=False)["head"] is None


def test_a_mute_that_is_over_is_none() -> None:
    muted = Member(role="moderator", muted_until=2_000, joined_seq=4)
    assert member_to_wire("ann", muted, 1_999) == {
        "userId": "ann",
        "role": "MODERATOR",
        "status": "ACTIVE",
        "mutedUntil": "1970-01-01T00:00:02.000Z",
        "joinedSeq": 4,
    }
    assert member_to_wire("ann", muted, 2_000)["mutedUntil"] is None
