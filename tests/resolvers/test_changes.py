"""Query.changes: what happened in a room since a head that was read before, and nothing written."""

import uuid
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.resolvers.conftest import Stage

EVENT = "Query.changes"


def since(head: dict[str, Any]) -> dict[str, Any]:
    """The arguments that go on from a head."""
    return {"since": head["rev"], "after": head["ts"]}


def head_of(stage: "Stage", room: str) -> dict[str, Any]:
    head: dict[str, Any] = stage.invoke(stage.event("Query.messages", roomId=room))["head"]
    return head


def changes(stage: "Stage", room: str, user: str = "alice", **arguments: Any) -> Any:
    return stage.act(stage.event(EVENT, user, roomId=room, **arguments), writes=[])


def edit(stage: "Stage", message: dict[str, Any], text: str) -> dict[str, Any]:
    event = stage.event(
        "Mutation.editMessage", message["senderId"], roomId=message["roomId"], id=message["id"], text=text
    )
    answer: dict[str, Any] = stage.invoke(event)
    return answer


def remove(stage: "Stage", message: dict[str, Any]) -> dict[str, Any]:
    event = stage.event("Mutation.removeMessage", roomId=message["roomId"], id=message["id"])
    answer: dict[str, Any] = stage.invoke(event)
    return answer


def followed(stage: "Stage", room: str, **arguments: Any) -> list[dict[str, Any]]:
    """Everything, page by page."""
    found, token = [], None
    while True:
        page = changes(stage, room, nextToken=token, **arguments)
        assert len(page["items"]) <= arguments.get("limit", 50)
        assert page["reset"] is False
        found += page["items"]
        token = page["nextToken"]
        if token is None:
            assert page["head"] == head_of(stage, room)
            return found


@pytest.mark.parametrize("variant", ["", ".guild"])
def test_where_nothing_happened_there_is_nothing(stage: "Stage", variant: str) -> None:
    answer = stage.act(stage.staged(EVENT + variant), writes=[])
    assert answer == {
        "items": [],
        "nextToken": None,
        "head": {"seq": 0, "ts": None, "epoch": 1, "rev": 1},
        "reset": False,
    }


@pytest.mark.parametrize("limit", [1, 2, 3, 50])
def test_changed_messages_come_first_and_then_the_new_ones(stage: "Stage", limit: int) -> None:
    room = stage.room()
    one, two, three, _ = stage.send(room, "one", "two", "three", "four")
    head = head_of(stage, room)
    removed = remove(stage, three)
    five, six = stage.send(room, "five", "six")
    edited = edit(stage, one, "uno")
    edit(stage, two, "II")
    six_too = edit(stage, six, "VI")
    two_too = edit(stage, two, "2")
    expected = [removed, edited, two_too, five, six_too]
    got = followed(stage, room, **since(head), limit=limit)
    assert [each for index, each in enumerate(got) if each not in got[:index]] == expected
    assert len(got) - len(expected) <= (1 if limit < 4 else 0)
    assert followed(stage, room, **since(head_of(stage, room)), limit=limit) == []


def test_from_an_empty_room_on_all_messages_are_new(stage: "Stage") -> None:
    room = stage.room()
    head = head_of(stage, room)
    sent = stage.send(room, "one", "two")
    assert followed(stage, room, since=head["rev"], after=None) == sent
    assert followed(stage, room, since=head["rev"]) == sent


def test_an_instant_between_two_messages_is_after_the_first(stage: "Stage") -> None:
    room = stage.room()
    one, two = stage.send(room, "one", "two")
    just_after = one["ts"].replace("Z", "000001Z")
    assert followed(stage, room, since=2, after=just_after) == [two]
    assert followed(stage, room, since=0, after="1969-01-01T00:00:00Z") == [one, two]
    assert followed(stage, room, since=0, after="9999-12-31T23:59:59Z") == []


def test_a_revision_that_is_yet_to_come_begins_anew(stage: "Stage") -> None:
    """As after a restore of the tables: nothing can be promised."""
    room = stage.room()
    stage.send(room, "one")
    answer = changes(stage, room, since=99)
    assert answer == {"items": [], "nextToken": None, "head": head_of(stage, room), "reset": True}


def test_a_log_that_has_expired_begins_anew(stage: "Stage") -> None:
    room = stage.room()
    one, two = stage.send(room, "one", "two")
    head = head_of(stage, room)
    edit(stage, one, "uno")
    after_one = head_of(stage, room)
    edit(stage, two, "due")
    stage.change(room, f"ROOM#{room}", "CHG#000000000005", prevTs=1)
    stage.client.delete_item(
        TableName="gg_core", Key={"PK": {"S": f"ROOM#{room}"}, "SK": {"S": "CHG#000000000004"}}
    )
    assert changes(stage, room, **since(head))["reset"] is True
    assert [each["text"] for each in followed(stage, room, **since(after_one))] == ["due"]


def test_too_far_behind_begins_anew(stage: "Stage") -> None:
    room = stage.room()
    (one,) = stage.send(room, "one")
    head = head_of(stage, room)
    stage.head(room, seq=1_001)
    stage.deployment.memory.heads.forget(f"ROOM#{room}")
    (last,) = stage.send(room, "last")
    assert changes(stage, room, **since(head))["reset"] is True
    stored = stage.item(room, f"MSG#{_ms(stage, one)}")
    stage.change(room, stored["PK"], stored["SK"], seq=2)
    assert changes(stage, room, **since(head))["reset"] is False
    assert last["seq"] == 1_002


def _ms(stage: "Stage", message: dict[str, Any]) -> str:
    """The digits of the message's key."""
    keys: list[str] = [item["SK"]["S"] for item in stage.partition("gg_core", f"ROOM#{message['roomId']}")]
    (found,) = [key for key in keys if key.endswith(message["id"])]
    return found.split("#")[1]


def test_what_has_expired_is_told_no_more(stage: "Stage") -> None:
    room = stage.room()
    one, two = stage.send(room, "one", "two")
    head = head_of(stage, room)
    edit(stage, one, "uno")
    edit(stage, two, "due")
    stored = stage.item(room, f"MSG#{_ms(stage, one)}")
    stage.change(room, stored["PK"], stored["SK"], expiresAt=1)
    assert [each["text"] for each in followed(stage, room, **since(head))] == ["due"]
    stage.head(room, retentionDays=-1)
    assert followed(stage, room, **since(head)) == []


def test_a_cursor_is_bound_to_its_room_and_its_head(stage: "Stage") -> None:
    room, other = stage.room(), stage.room()
    one, two, three = stage.send(room, "one", "two", "three")
    token = changes(stage, room, since=2, after=one["ts"], limit=1)["nextToken"]
    rest = changes(stage, room, since=2, limit=1, nextToken=token)
    assert (rest["items"], rest["nextToken"]) == ([three], None)
    good = {"roomId": room, "since": 2, "after": one["ts"], "nextToken": token}
    foreign = stage.invoke(stage.event("Query.messages", roomId=room, limit=1))["nextToken"]
    for change in (
        {"roomId": other},
        {"since": 3},
        {"after": two["ts"]},
        {"nextToken": foreign},
        {"nextToken": token[:-1]},
        {"nextToken": ""},
        {"nextToken": 7},
    ):
        stage.refused(stage.event(EVENT, **(good | change)), "InvalidInput", argument="nextToken")
    stage.refused(stage.event(EVENT, "carol", **good), "NotRoomMember")


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
    stage: "Stage", variant: str, outcome: tuple[str, dict[str, object]]
) -> None:
    error_type, values = outcome
    stage.refused(stage.staged(f"{EVENT}.{variant}"), error_type, None, **values)


@pytest.mark.parametrize("wrong", [None, "1", 1.5, True, -1, []])
def test_a_revision_that_is_none_is_refused(stage: "Stage", wrong: object) -> None:
    stage.refused(stage.event(EVENT, roomId=stage.room(), since=wrong), "InvalidInput", argument="since")


def test_who_is_not_in_a_room_hears_no_changes_of_it(stage: "Stage") -> None:
    """Neither by having been in it, nor by its being public; administrators do."""
    room = stage.room()
    stage.head(room, visibility="public")
    for status in ("left", "banned"):
        stage.member(room, "bob", status=status)
        stage.refused(stage.event(EVENT, "bob", roomId=room), "NotRoomMember")
    event = stage.event(EVENT, "zoe", roomId=room)
    stage.refused(event, "NotRoomMember")
    event["identity"]["resolverContext"]["roles"] = "admin"
    assert stage.act(event, writes=[])["items"] == []


def test_a_room_that_is_not_adopted_has_no_revisions(stage: "Stage") -> None:
    room = f"old-{uuid.uuid4()}"
    stage.member(room, "alice", role="member", status="active")
    stage.refused(stage.event(EVENT, roomId=room), "NotAllowed", reason="notMigrated")
