"""Query.changes: what happened in a room since a head that was read before, and nothing written."""

import uuid
from typing import Any

import pytest

from tests.resolvers.harness import Harness

EVENT = "Query.changes"


def since(head: dict[str, Any]) -> dict[str, Any]:
    """The arguments that go on from a head."""
    return {"since": head["rev"], "after": head["ts"]}


def head_of(harness: Harness, room: str) -> dict[str, Any]:
    head: dict[str, Any] = harness.invoke(harness.event("Query.messages", roomId=room))["head"]
    return head


def changes(harness: Harness, room: str, user: str = "alice", **arguments: Any) -> Any:
    return harness.run(harness.event(EVENT, user, roomId=room, **arguments), writes=[])


def edit(harness: Harness, message: dict[str, Any], text: str) -> dict[str, Any]:
    event = harness.event(
        "Mutation.editMessage", message["senderId"], roomId=message["roomId"], id=message["id"], text=text
    )
    answer: dict[str, Any] = harness.invoke(event)
    return answer


def remove(harness: Harness, message: dict[str, Any]) -> dict[str, Any]:
    event = harness.event("Mutation.removeMessage", roomId=message["roomId"], id=message["id"])
    answer: dict[str, Any] = harness.invoke(event)
    return answer


def followed(harness: Harness, room: str, **arguments: Any) -> list[dict[str, Any]]:
    """Everything, page by page."""
    found, token = [], None
    while True:
        page = changes(harness, room, nextToken=token, **arguments)
        assert len(page["items"]) <= arguments.get("limit", 50)
        assert page["reset"] is False
        found += page["items"]
        token = page["nextToken"]
        if token is None:
            assert page["head"] == head_of(harness, room)
            return found


@pytest.mark.parametrize("variant", ["", ".guild"])
def test_where_nothing_happened_there_is_nothing(harness: Harness, variant: str) -> None:
    answer = harness.run(harness.prepared(EVENT + variant), writes=[])
    assert answer == {
        "items": [],
        "nextToken": None,
        "head": {"seq": 0, "ts": None, "epoch": 1, "rev": 1, "pinsRev": 0},
        "reset": False,
        "erased": [],
    }


@pytest.mark.parametrize("limit", [1, 2, 3, 50])
def test_changed_messages_come_first_and_then_the_new_ones(harness: Harness, limit: int) -> None:
    room = harness.room()
    one, two, three, _ = harness.send(room, "one", "two", "three", "four")
    head = head_of(harness, room)
    removed = remove(harness, three)
    five, six = harness.send(room, "five", "six")
    edited = edit(harness, one, "uno")
    edit(harness, two, "II")
    six_too = edit(harness, six, "VI")
    two_too = edit(harness, two, "2")
    expected = [removed, edited, two_too, five, six_too]
    got = followed(harness, room, **since(head), limit=limit)
    assert [each for index, each in enumerate(got) if each not in got[:index]] == expected
    assert len(got) - len(expected) <= (1 if limit < 4 else 0)
    assert followed(harness, room, **since(head_of(harness, room)), limit=limit) == []


def test_from_an_empty_room_on_all_messages_are_new(harness: Harness) -> None:
    room = harness.room()
    head = head_of(harness, room)
    sent = harness.send(room, "one", "two")
    assert followed(harness, room, since=head["rev"], after=None) == sent
    assert followed(harness, room, since=head["rev"]) == sent


def test_an_instant_between_two_messages_is_after_the_first(harness: Harness) -> None:
    room = harness.room()
    one, two = harness.send(room, "one", "two")
    just_after = one["ts"].replace("Z", "000001Z")
    assert followed(harness, room, since=2, after=just_after) == [two]
    assert followed(harness, room, since=0, after="1969-01-01T00:00:00Z") == [one, two]
    assert followed(harness, room, since=0, after="9999-12-31T23:59:59Z") == []


def test_a_revision_that_is_yet_to_come_begins_anew(harness: Harness) -> None:
    """As after a restore of the tables: nothing can be promised."""
    room = harness.room()
    harness.send(room, "one")
    answer = changes(harness, room, since=99)
    assert answer == {
        "items": [],
        "nextToken": None,
        "head": head_of(harness, room),
        "reset": True,
        "erased": [],
    }


def test_a_log_that_has_expired_begins_anew(harness: Harness) -> None:
    room = harness.room()
    one, two = harness.send(room, "one", "two")
    head = head_of(harness, room)
    edit(harness, one, "uno")
    after_one = head_of(harness, room)
    edit(harness, two, "due")
    harness.change(room, f"ROOM#{room}", "CHG#000000000005", prevTs=1)
    harness.client.delete_item(
        TableName="gg_core", Key={"PK": {"S": f"ROOM#{room}"}, "SK": {"S": "CHG#000000000004"}}
    )
    assert changes(harness, room, **since(head))["reset"] is True
    assert [each["text"] for each in followed(harness, room, **since(after_one))] == ["due"]


def test_too_far_behind_begins_anew(harness: Harness) -> None:
    room = harness.room()
    (one,) = harness.send(room, "one")
    head = head_of(harness, room)
    harness.head(room, seq=1_001)
    harness.deployment.memory.heads.forget(f"ROOM#{room}")
    (last,) = harness.send(room, "last")
    assert changes(harness, room, **since(head))["reset"] is True
    stored = harness.item(room, f"MSG#{_ms(harness, one)}")
    harness.change(room, stored["PK"], stored["SK"], seq=2)
    assert changes(harness, room, **since(head))["reset"] is False
    assert last["seq"] == 1_002


def _ms(harness: Harness, message: dict[str, Any]) -> str:
    """The digits of the message's key."""
    keys: list[str] = [item["SK"]["S"] for item in harness.partition("gg_core", f"ROOM#{message['roomId']}")]
    (found,) = [key for key in keys if key.endswith(message["id"])]
    return found.split("#")[1]


def test_what_has_expired_is_left_out(harness: Harness) -> None:
    room = harness.room()
    one, two = harness.send(room, "one", "two")
    head = head_of(harness, room)
    edit(harness, one, "uno")
    edit(harness, two, "due")
    stored = harness.item(room, f"MSG#{_ms(harness, one)}")
    harness.change(room, stored["PK"], stored["SK"], expiresAt=1)
    assert [each["text"] for each in followed(harness, room, **since(head))] == ["due"]
    harness.head(room, retentionDays=-1)
    assert followed(harness, room, **since(head)) == []


def test_a_cursor_is_bound_to_its_room_and_its_head(harness: Harness) -> None:
    room, other = harness.room(), harness.room()
    one, two, three = harness.send(room, "one", "two", "three")
    token = changes(harness, room, since=2, after=one["ts"], limit=1)["nextToken"]
    rest = changes(harness, room, since=2, limit=1, nextToken=token)
    assert (rest["items"], rest["nextToken"]) == ([three], None)
    good = {"roomId": room, "since": 2, "after": one["ts"], "nextToken": token}
    foreign = harness.invoke(harness.event("Query.messages", roomId=room, limit=1))["nextToken"]
    for change in (
        {"roomId": other},
        {"since": 3},
        {"after": two["ts"]},
        {"nextToken": foreign},
        {"nextToken": token[:-1]},
        {"nextToken": ""},
        {"nextToken": 7},
    ):
        harness.refused(harness.event(EVENT, **(good | change)), "InvalidInput", argument="nextToken")
    harness.refused(harness.event(EVENT, "carol", **good), "NotRoomMember")


REFUSED: dict[str, tuple[str, dict[str, object]]] = {
    "malformed-since": ("InvalidInput", {"argument": "since"}),
    "malformed-after": ("InvalidInput", {"argument": "after"}),
    "garbage-cursor": ("InvalidInput", {"argument": "nextToken"}),
    "limit-zero": ("InvalidInput", {"argument": "limit", "max": 100}),
    "malformed-room": ("InvalidInput", {"argument": "roomId"}),
    "not-member": ("NotRoomMember", {}),
    "unknown-room": ("NotRoomMember", {}),
}


@pytest.mark.parametrize(("variant", "outcome"), REFUSED.items(), ids=REFUSED.keys())
def test_what_is_refused_is_named(
    harness: Harness, variant: str, outcome: tuple[str, dict[str, object]]
) -> None:
    error_type, values = outcome
    harness.refused(harness.prepared(f"{EVENT}.{variant}"), error_type, None, **values)


@pytest.mark.parametrize("wrong", [None, "1", 1.5, True, -1, []])
def test_a_revision_that_is_none_is_refused(harness: Harness, wrong: object) -> None:
    harness.refused(
        harness.event(EVENT, roomId=harness.room(), since=wrong), "InvalidInput", argument="since"
    )


def test_who_is_no_member_gets_no_changes(harness: Harness) -> None:
    """Neither by having been in it, nor by its being public; administrators do."""
    room = harness.room()
    harness.head(room, visibility="public")
    for status in ("left", "banned"):
        harness.member(room, "bob", status=status)
        harness.refused(harness.event(EVENT, "bob", roomId=room), "NotRoomMember")
    event = harness.event(EVENT, "zoe", roomId=room)
    harness.refused(event, "NotRoomMember")
    event["identity"]["resolverContext"]["roles"] = "admin"
    assert harness.run(event, writes=[])["items"] == []


def test_a_room_that_is_not_adopted_has_no_revisions(harness: Harness) -> None:
    room = f"old-{uuid.uuid4()}"
    harness.member(room, "alice", role="member", status="active")
    harness.refused(harness.event(EVENT, roomId=room), "NotAllowed", reason="notMigrated")
