"""A room from its making to its end over HTTP, by users who know nothing but the schema."""

import uuid
from typing import Any

import pytest

from .conftest import SEND, Api

pytestmark = pytest.mark.timeout(120)

NOTICE = "id roomId senderId ts epoch notice { kind userId role mutedUntil nextEpoch rev room { name slowModeSeconds } }"
RECEIPT = "roomId epoch userId readSeq deliveredSeq retryAfterMs"
MESSAGE = "id roomId senderId text ts seq epoch clientMessageId rev version editedAt removedAt"


async def done(api: Api, user: str, root: str, field: str) -> Any:
    """What a field answers."""
    answer = await api.ask(user, f"{root} {{ {field} }}")
    return answer.data[field.partition("(")[0].partition(" ")[0]]


async def published(api: Api, user: str, field: str) -> Any:
    """The epoch and the notice that a mutation publishes."""
    message = await done(api, user, "mutation", f"{field} {{ {NOTICE} }}")
    assert message["senderId"] == user
    return message["epoch"], {name: value for name, value in message["notice"].items() if value is not None}


@pytest.fixture
def people() -> tuple[str, str, str]:
    """Three people whom nobody knows yet."""
    mark = uuid.uuid4().hex[:12]
    return f"ann-{mark}", f"ben-{mark}", f"cleo-{mark}"


@pytest.fixture
async def room(api: Api, people: tuple[str, str, str]) -> str:
    """A room of Ann's, with Ben in it."""
    made = await done(
        api,
        people[0],
        "mutation",
        f'createRoom(name: "Tea", members: ["{people[1]}"]) {{ roomId head {{ epoch seq rev }} }}',
    )
    assert (made["head"]["epoch"], made["head"]["seq"]) == (1, 0)
    return str(made["roomId"])


async def test_people_come_are_given_roles_and_go(api: Api, people: tuple[str, str, str], room: str) -> None:
    ann, ben, cleo = people
    where = f'roomId: "{room}"'
    refused = await api.ask(ben, f'mutation {{ addMember({where}, userId: "{cleo}") {{ {NOTICE} }} }}')
    assert refused.error[0] == "NotAllowed"
    assert "reason=role" in refused.error[1]
    epoch, notice = await published(api, ann, f'addMember({where}, userId: "{cleo}", role: MODERATOR)')
    assert (epoch, notice["kind"], notice["userId"], notice["role"]) == (1, "MEMBER_ADDED", cleo, "MODERATOR")
    listed = await done(api, cleo, "query", f"members({where}) {{ items {{ userId role }} nextToken }}")
    assert {each["userId"]: each["role"] for each in listed["items"]} == {
        ann: "OWNER",
        ben: "MEMBER",
        cleo: "MODERATOR",
    }
    _, notice = await published(
        api, cleo, f'muteMember({where}, userId: "{ben}", until: "2100-01-01T00:00:00.000Z")'
    )
    assert notice["mutedUntil"] == "2100-01-01T00:00:00.000Z"
    assert (await api.ask(ben, SEND, roomId=room, text="psst")).error[0] == "Muted"
    _, notice = await published(api, ann, f'setRole({where}, userId: "{cleo}", role: OWNER)')
    assert (notice["kind"], notice["role"]) == ("ROLE_CHANGED", "OWNER")
    epoch, notice = await published(api, cleo, f'banMember({where}, userId: "{ben}")')
    assert (epoch, notice["kind"], notice["nextEpoch"]) == (1, "MEMBER_BANNED", 2)
    assert (await api.ask(ben, f"query {{ room({where}) {{ roomId }} }}")).error[0] == "NotRoomMember"
    banned = await done(
        api, ann, "query", f"members({where}, status: BANNED) {{ items {{ userId status }} }}"
    )
    assert banned["items"] == [{"userId": ben, "status": "BANNED"}]
    assert (await published(api, ann, f'unbanMember({where}, userId: "{ben}")'))[1][
        "kind"
    ] == "MEMBER_UNBANNED"
    epoch, notice = await published(api, ann, f"leaveRoom({where})")
    assert (epoch, notice["kind"], notice["nextEpoch"]) == (2, "MEMBER_LEFT", 3)
    epoch, notice = await published(api, cleo, f"leaveRoom({where})")
    assert (epoch, notice["kind"], notice["nextEpoch"]) == (3, "ROOM_DELETED", 4)
    assert (await api.ask(cleo, f"query {{ room({where}) {{ roomId }} }}")).error[0] == "NotRoomMember"


async def test_a_public_room_is_found_joined_and_ruled(
    api: Api, people: tuple[str, str, str], room: str
) -> None:
    ann, _, cleo = people
    where = f'roomId: "{room}"'
    _, notice = await published(
        api, ann, f'updateRoom({where}, name: "Open tea", visibility: PUBLIC, slowModeSeconds: 0)'
    )
    assert notice["room"] == {"name": "Open tea", "slowModeSeconds": 0}
    seen = await done(api, cleo, "query", f"room({where}) {{ name visibility head {{ seq }} me {{ role }} }}")
    assert seen == {"name": "Open tea", "visibility": "PUBLIC", "head": None, "me": None}
    assert (await published(api, cleo, f"joinRoom({where})"))[1]["kind"] == "MEMBER_JOINED"
    seen = await done(api, cleo, "query", f"room({where}) {{ memberCount me {{ role }} }}")
    assert seen == {"memberCount": 3, "me": {"role": "MEMBER"}}
    epoch, notice = await published(api, ann, f'removeMember({where}, userId: "{cleo}")')
    assert (epoch, notice["nextEpoch"]) == (1, 2)


async def test_what_was_missed_comes_by_changes_and_by_sync(
    api: Api, people: tuple[str, str, str], room: str
) -> None:
    ann, ben, _ = people
    where = f'roomId: "{room}"'
    held = "roomId reset left more head { seq rev ts epoch } messages { id seq text rev version removedAt }"
    first = await done(api, ben, "query", f"sync {{ rooms {{ {held} }} token more reset }}")
    assert [each["roomId"] for each in first["rooms"]] == [room]
    head = first["rooms"][0]["head"]
    sent = [await api.send(ann, text, room=room) for text in ("one", "two", "three")]
    edited = await done(
        api, ann, "mutation", f'editMessage({where}, id: "{sent[0]["id"]}", text: "uno") {{ {MESSAGE} }}'
    )
    assert (edited["text"], edited["version"], edited["seq"]) == ("uno", 2, 1)
    removed = await done(
        api, ann, "mutation", f'removeMessage({where}, id: "{sent[1]["id"]}") {{ {MESSAGE} }}'
    )
    assert (removed["text"], removed["removedAt"] is not None) == (None, True)
    expected = {1: "uno", 2: None, 3: "three"}
    page = await done(
        api,
        ben,
        "query",
        f"changes({where}, since: {head['rev']}) {{ items {{ seq text }} nextToken reset head {{ seq rev }} }}",
    )
    assert not page["reset"]
    assert {each["seq"]: each["text"] for each in page["items"]} == expected
    synced: dict[int, str | None] = {}
    token, more = first["token"], True
    while more:
        answer = await done(
            api, ben, "query", f'sync(since: "{token}", limit: 1) {{ rooms {{ {held} }} token more reset }}'
        )
        for each in answer["rooms"]:
            synced |= {message["seq"]: message["text"] for message in each["messages"]}
        token, more = answer["token"], answer["more"]
    assert synced == expected
    mine = await done(
        api,
        ben,
        "query",
        "myRooms { items { room { roomId } unread lastReadSeq lastMessage { text } } nextToken }",
    )
    assert mine["items"] == [
        {"room": {"roomId": room}, "unread": 2, "lastReadSeq": 0, "lastMessage": {"text": "three"}}
    ]


async def test_receipts_and_presence_can_be_read(api: Api, people: tuple[str, str, str], room: str) -> None:
    ann, ben, _ = people
    where = f'roomId: "{room}"'
    sent = await api.send(ann, "hello", room=room)
    selection = "everySeconds rooms { roomId seq epoch unread left }"
    position = f'rooms: [{{{where}, seq: 0}}], watching: "{room}"'
    answer = await done(api, ben, "mutation", f"heartbeat({position}) {{ {selection} }}")
    assert answer["rooms"] == [{"roomId": room, "seq": 1, "epoch": 1, "unread": 1, "left": False}]
    read = await done(api, ben, "mutation", f"markRead({where}, seq: 1) {{ {RECEIPT} }}")
    assert (read["roomId"], read["userId"], read["readSeq"]) == (room, ben, 1)
    await done(api, ben, "mutation", f'markDelivered({where}, seq: 1, ts: "{sent["ts"]}") {{ {RECEIPT} }}')
    receipts = await done(
        api,
        ann,
        "query",
        f"receipts({where}, seq: 1) {{ items {{ userId readSeq }} confirmation {{ delivered read of }} }}",
    )
    assert receipts["confirmation"] == {"delivered": 1, "read": 1, "of": 1}
    there = await done(
        api, ann, "query", f"presence({where}) {{ people {{ userId status }} online watching }}"
    )
    assert {each["userId"]: each["status"] for each in there["people"]} == {ann: "OFFLINE", ben: "ONLINE"}
    assert (there["online"], there["watching"]) == (1, 1)
    typing = await done(api, ben, "mutation", f"typing({where}) {{ roomId epoch userId expiresAt }}")
    assert (typing["roomId"], typing["userId"]) == (room, ben)
    report = await done(api, ann, "query", f"delivery({where}, hours: 1) {{ sent delivered percent p50Ms }}")
    assert report["sent"] >= report["delivered"] >= 0
    assert (await api.ask(ben, f"query {{ delivery({where}) {{ sent }} }}")).error[0] == "NotAllowed"


async def test_mentions_are_counted_and_found_and_answers_quote(
    api: Api, people: tuple[str, str, str], room: str
) -> None:
    ann, ben, _ = people
    where = f'roomId: "{room}"'
    first = await api.send(ann, "hello", room=room)
    refers = f'replyTo: "{first["id"]}", mentions: ["{ben}"], mentionsAll: true'
    selection = f"{MESSAGE} replyTo mentions mentionsAll quote {{ id }}"
    field = f'sendMessage({where}, text: "an answer", {refers}) {{ {selection} }}'
    sent = await done(api, ann, "mutation", field)
    assert (sent["replyTo"], sent["mentions"], sent["mentionsAll"], sent["quote"]) == (
        first["id"],
        [ben],
        True,
        None,
    )
    again = "replyTo quote { id text } mentions"
    page = await done(api, ben, "query", f"messages({where}, limit: 1) {{ items {{ {again} }} }}")
    quote = {"id": first["id"], "text": "hello"}
    assert page["items"] == [{"replyTo": first["id"], "quote": quote, "mentions": [ben]}]
    mine = await done(api, ben, "query", "myRooms { items { unread unreadMentions } }")
    assert mine["items"] == [{"unread": 2, "unreadMentions": 1}]
    found = await done(
        api, ben, "query", f"myMentions({where}) {{ items {{ id quote {{ id }} }} nextToken }}"
    )
    assert found == {"items": [{"id": sent["id"], "quote": {"id": first["id"]}}], "nextToken": None}
    everybody = (
        f'editMessage({where}, id: "{sent["id"]}", text: "an answer", mentionsAll: false) {{ {selection} }}'
    )
    assert (await done(api, ann, "mutation", everybody))["mentionsAll"] is None
