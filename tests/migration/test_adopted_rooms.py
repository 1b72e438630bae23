"""An adopted room is as every other: its roles, edits and removals, and unread counts."""

import uuid
from typing import Any

import pytest

from chat.operations.add_member import add_member
from chat.operations.changes import changes
from chat.operations.edit_message import edit_message
from chat.operations.leave_room import leave_room
from chat.operations.members import members
from chat.operations.my_rooms import my_rooms
from chat.operations.remove_message import remove_message
from chat.rules.errors import ChatError
from chat.rules.instants import to_wire
from chat.rules.models import Caller, Role
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.storage import keys
from chat.storage.items import key, values
from migration.memberships import add_members, count_owners
from tests.guarantees.support.fixtures import CURSOR_KEYS, FAST, NOON, Clock, change_room, process, read, send
from tests.guarantees.support.revisions import check_every_revision_is_told, stored_events
from tests.migration.old import NAMES, Old, adopt, mixture, old_room, partition, run, tables_of

ROSTER: dict[str, Role] = {"olga": "owner", "ann": "member", "max": "moderator"}


def ask(client: Any, verb: Any, user: str, *more: Any, **arguments: Any) -> Any:
    """What it answers, or the refusal."""
    try:
        return verb(process(client, Clock()), *more, Caller(user), arguments, Tally())
    except ChatError as refusal:
        return refusal


def adopted(client: Any, messages: list[Old], roster: dict[str, Role], prefix: str = "") -> Room:
    room = old_room(client, messages, prefix=prefix)
    (report,) = run(client, [room], {room.id: roster}).rooms
    assert report.outcome == "adopted"
    return room


@pytest.mark.parametrize("prefix", ["", "GUILD#"])
def test_its_head_knows_owners_and_the_newest_message(client: Any, prefix: str) -> None:
    messages, reader = mixture(), f"reader-{uuid.uuid4().hex}"
    room = adopted(client, messages, ROSTER | {"otto": "owner", reader: "member"}, prefix)
    head = partition(client, room)[keys.HEAD]
    assert (head["owners"], head["adoptedSeq"]) == ({"N": "2"}, {"N": str(len(messages))})
    newest = read(process(client, Clock()), room.id, "ann", limit=1).items[0]
    assert head["lastId"] == {"S": newest.id}
    (mine,) = ask(client, my_rooms, reader, CURSOR_KEYS, limit=50)["items"]
    assert (mine["lastMessage"]["id"], mine["lastMessage"]["seq"]) == (newest.id, newest.seq)


def test_a_room_without_messages_and_owners_has_neither(client: Any) -> None:
    room = adopted(client, [], {"ann": "member"})
    head = partition(client, room)[keys.HEAD]
    assert (head["owners"], head["adoptedSeq"], "lastId" in head) == ({"N": "0"}, {"N": "0"}, False)


def test_what_there_was_before_the_adoption_is_not_unread(client: Any) -> None:
    user = f"reader-{uuid.uuid4().hex}"
    room = adopted(client, mixture(), {user: "member", "ann": "member"})
    change_room(client, room.id, **FAST)
    send(process(client, Clock()), room.id, "ann", "new")
    assert [each["unread"] for each in ask(client, my_rooms, user, CURSOR_KEYS)["items"]] == [1]


def test_an_old_message_is_edited_and_removed_by_its_id_and_instant(client: Any) -> None:
    room = adopted(client, mixture(), ROSTER)
    change_room(client, room.id, **FAST)
    one, other = read(process(client, Clock()), room.id, "ann", order="OLDEST_FIRST", limit=2).items
    named = {"roomId": room.id, "id": one.id}
    assert ask(client, edit_message, "ann", **named, text="new").values == {"argument": "id"}
    edited = ask(client, edit_message, "ann", **named, text="new", ts=to_wire(one.ts))
    assert (edited.text, edited.version, edited.seq, edited.rev) == ("new", 2, 1, 3)
    removed = ask(client, remove_message, "max", roomId=room.id, id=other.id, ts=to_wire(other.ts))
    assert (removed.text, removed.seq, removed.rev) == (None, 2, 4)
    page = ask(client, changes, "olga", CURSOR_KEYS, roomId=room.id, since=2, after=to_wire(NOON))
    assert [(each["id"], each["text"]) for each in page["items"]] == [(one.id, "new"), (other.id, None)]
    kept = read(process(client, Clock()), room.id, "ann", order="OLDEST_FIRST", limit=2).items
    assert [each.text for each in kept] == ["new", None]


def test_its_last_owner_stays_and_another_may_follow(client: Any) -> None:
    room = adopted(client, mixture(), ROSTER)
    assert ask(client, leave_room, "olga", roomId=room.id).values == {"reason": "lastOwner"}
    ask(client, add_member, "olga", roomId=room.id, userId="otto", role="OWNER")
    assert ask(client, leave_room, "olga", roomId=room.id).notice.next_epoch == 2
    assert ask(client, leave_room, "otto", roomId=room.id).values == {"reason": "lastOwner"}


def test_an_owner_who_comes_by_a_later_roster_is_counted(client: Any) -> None:
    room = adopted(client, mixture(), ROSTER)
    for _ in range(2):
        run(client, [room], {room.id: {"otto": "owner"}})
        assert partition(client, room)[keys.HEAD]["owners"] == {"N": "2"}
    assert ask(client, leave_room, "olga", roomId=room.id).notice.next_epoch == 2
    assert ask(client, leave_room, "otto", roomId=room.id).values == {"reason": "lastOwner"}


def test_an_owner_who_comes_while_the_head_is_made_is_counted(client: Any) -> None:
    """By another run, between the count of this one and its head."""
    room = old_room(client, mixture(), "ann")
    tables = tables_of(client)

    class Beside:
        """A client through which the head is made a moment after somebody else became an owner."""

        def transact_write_items(self, **request: Any) -> Any:
            if any("adoptedAt" in str(each) for each in request["TransactItems"]):
                add_members(tables, room, {f"late-{room.id}": "owner"}, dry_run=False)
            return client.transact_write_items(**request)

        def __getattr__(self, name: str) -> Any:
            return getattr(client, name)

    adopt(Beside(), room)
    assert partition(client, room)[keys.HEAD]["owners"] == {"N": "1"}
    assert count_owners(tables, room) == 1


def test_the_rooms_list_of_its_members_follows_the_memberships(client: Any) -> None:
    """Whatever another service has written there: a role that is none of ours is not in the schema."""
    room = old_room(client, mixture(), "ann")
    for user, role in (("ann", "admin"), ("bob", "guest")):
        client.put_item(
            TableName=NAMES[room.table],
            Item=key(room.partition_key, keys.roster(user)) | values({"role": role, "nick": "n"}),
        )
    run(client, [room], {room.id: {"ann": "owner", "bob": "moderator"}})
    page = ask(client, members, "ann", CURSOR_KEYS, roomId=room.id)
    assert [(each["userId"], each["role"], each["status"]) for each in page["items"]] == [
        ("ann", "MEMBER", "ACTIVE"),
        ("bob", "MODERATOR", "ACTIVE"),
    ]
    lines = partition(client, room)
    assert [lines[keys.roster(user)]["nick"] for user in ("ann", "bob")] == [{"S": "n"}] * 2


def test_a_head_of_an_earlier_version_gets_the_newest_messages_id_from_a_further_run(client: Any) -> None:
    messages = mixture()
    room = adopted(client, messages, ROSTER)
    goal = partition(client, room)[keys.HEAD]
    client.update_item(
        TableName=NAMES[room.table],
        Key=key(room.partition_key, keys.HEAD),
        UpdateExpression="REMOVE lastId, owners SET rev = :rev",
        ExpressionAttributeValues=values({":rev": 7}),
    )
    (report,) = run(client, [room], {}, dry_run=True).rooms
    assert "lastId" not in partition(client, room)[keys.HEAD]
    for _ in range(2):
        (report,) = run(client, [room], {}).rooms
        assert report.outcome == "alreadyAdopted"
        head = partition(client, room)[keys.HEAD]
        assert (head["lastId"], head["rev"]) == (goal["lastId"], {"N": "8"})
        assert check_every_revision_is_told(client, room.id, since=8) == 8
        assert stored_events(client, room.id)[-1].kind == "INTERNAL"
    assert ask(client, leave_room, "olga", roomId=room.id).values == {"reason": "lastOwner"}
