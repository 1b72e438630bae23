"""What messages answer, where they are read: as it is now, or null."""

import uuid
from collections.abc import Mapping
from typing import Any

import pytest

from chat.rules.models import Role
from tests.resolvers.harness import Harness
from tests.resolvers.mentions import mention, project

PEOPLE: Mapping[str, Role] = {"alice": "owner", "bob": "member"}
QUOTING = "{ items { id replyTo quote { id text rev removedAt } } }"


@pytest.fixture
def reader() -> str:
    return f"reader-{uuid.uuid4().hex[:8]}"


def reply(harness: Harness, room: str, to: Mapping[str, Any], user: str = "alice") -> dict[str, Any]:
    name = f"c-{uuid.uuid4()}"
    event = harness.event(
        "Mutation.sendMessage", user, roomId=room, text="an answer", clientMessageId=name, replyTo=to["id"]
    )
    answer: dict[str, Any] = harness.invoke(event)
    assert answer["replyTo"] == to["id"]
    return answer


def ask(harness: Harness, name: str, user: str, selection: str | None = QUOTING, **arguments: Any) -> Any:
    event = harness.event(name, user, **arguments)
    event["info"]["selectionSetGraphQL"] = selection
    return harness.invoke(event)


def quote_of(harness: Harness, room: str, user: str = "alice", selection: str | None = QUOTING) -> Any:
    """What the room's newest message answers, read alone."""
    (item,) = ask(harness, "Query.messages", user, selection, roomId=room, limit=1)["items"]
    return item["quote"]


def test_a_quote_is_the_message_as_it_is_now(harness: Harness) -> None:
    room = harness.room(PEOPLE)
    (first,) = harness.send(room, "first", user="bob")
    answer = reply(harness, room, first)
    assert answer["quote"] is None
    names = ("id", "roomId", "senderId", "text", "ts", "seq", "rev", "removedAt", "erased", "attachments")
    assert quote_of(harness, room) == {name: first[name] for name in names}
    edited = harness.invoke(
        harness.event("Mutation.editMessage", "bob", roomId=room, id=first["id"], text="1st")
    )
    assert quote_of(harness, room) == {name: edited[name] for name in names}
    removed = harness.invoke(harness.event("Mutation.removeMessage", "bob", roomId=room, id=first["id"]))
    assert quote_of(harness, room) == {name: removed[name] for name in names}
    assert (removed["text"], removed["removedAt"] is None) == (None, False)


@pytest.mark.parametrize(
    ("selection", "is_read"),
    [
        (None, True),
        (QUOTING, True),
        ("{ items { ...Fields } }", True),
        ("{ items { id text replyTo } }", False),
    ],
)
def test_a_quote_is_read_where_it_may_be_selected(
    harness: Harness, selection: str | None, *, is_read: bool
) -> None:
    room = harness.room(PEOPLE)
    (first,) = harness.send(room, "first")
    reply(harness, room, first)
    assert (quote_of(harness, room, selection=selection) is not None) == is_read


def test_a_message_on_the_same_page_is_quoted_too(harness: Harness) -> None:
    room = harness.room(PEOPLE)
    (first,) = harness.send(room, "first")
    reply(harness, room, reply(harness, room, first))
    items = ask(harness, "Query.messages", "bob", roomId=room)["items"]
    assert [each["quote"] and each["quote"]["seq"] for each in items] == [2, 1, None]


def test_what_is_not_to_be_seen_is_null(harness: Harness) -> None:
    room = harness.room(PEOPLE, settings={"historyFrom": "joining"})
    (first,) = harness.send(room, "first")
    reply(harness, room, first)
    assert quote_of(harness, room, "bob")["id"] == first["id"]
    harness.member(room, "bob", joinedSeq=1)
    assert quote_of(harness, room, "bob") is None
    assert quote_of(harness, room)["id"] == first["id"]
    as_admin = harness.event("Query.messages", "root", roomId=room, limit=1)
    as_admin["identity"]["resolverContext"]["roles"] = "admin"
    as_admin["info"]["selectionSetGraphQL"] = QUOTING
    assert harness.invoke(as_admin)["items"][0]["quote"]["id"] == first["id"]


def test_what_has_expired_or_is_hidden_is_null(harness: Harness) -> None:
    room = harness.room(PEOPLE)
    first, second = harness.send(room, "first", "second")
    reply(harness, room, first)
    instant = int(first["id"].replace("-", "")[:12], 16)
    harness.change(room, f"ROOM#{room}", f"MSG#{instant:013d}#{first['id']}", expiresAt=1)
    assert quote_of(harness, room) is None
    answer = reply(harness, room, second)
    assert quote_of(harness, room)["id"] == second["id"]
    harness.head(room, keptSince=int(answer["id"].replace("-", "")[:12], 16))
    assert quote_of(harness, room) is None


def test_changes_sync_and_my_mentions_quote_and_my_rooms_does_not(harness: Harness, reader: str) -> None:
    room = harness.room({"alice": "owner", reader: "member"})
    (first,) = harness.send(room, "first")
    token = ask(harness, "Query.sync", reader, since=None)["token"]
    message = mention(harness, room, reader, replyTo=first["id"])
    project(harness, room)
    head = harness.item(room, "HEAD")
    changes = ask(harness, "Query.changes", reader, roomId=room, since=head["rev"] - 1, after=first["ts"])
    (synced,) = ask(harness, "Query.sync", reader, "{ rooms { messages { quote { id } } } }", since=token)[
        "rooms"
    ]
    mentions = ask(harness, "Query.myMentions", reader, roomId=room)
    found = [*changes["items"], *synced["messages"], *mentions["items"]]
    assert [(each["id"], each["quote"]["id"]) for each in found] == [(message["id"], first["id"])] * 3
    (mine,) = ask(harness, "Query.myRooms", reader, None)["items"]
    assert (mine["lastMessage"]["replyTo"], mine["lastMessage"]["quote"]) == (first["id"], None)


def test_many_rooms_quote_in_one_answer(harness: Harness, reader: str) -> None:
    rooms = [harness.room({"alice": "owner", reader: "member"}) for _ in range(3)]
    firsts = [harness.send(room, f"in {room}")[0] for room in rooms]
    token = ask(harness, "Query.sync", reader, since=None)["token"]
    for room, first in zip(rooms[1:], firsts[1:], strict=True):
        reply(harness, room, first)
    harness.send(rooms[0], "no answer")
    answer = ask(harness, "Query.sync", reader, "{ rooms { messages { quote { text } } } }", since=token)
    found = {each["roomId"]: each["messages"][0]["quote"] for each in answer["rooms"]}
    assert {room: quote and quote["text"] for room, quote in found.items()} == {
        rooms[0]: None,
        rooms[1]: f"in {rooms[1]}",
        rooms[2]: f"in {rooms[2]}",
    }
