"""Everybody calls every function, in their own room and in another: the
matrix has the outcomes, cell by cell."""

import copy
import json
import uuid
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from chat.rules.errors import NotRoomMember
from chat.rules.instants import to_wire
from chat.rules.rooms import Room
from simulator.keys import SigningKey
from simulator.settings import WIRING
from tests.guarantees.rooms.permission_matrix import COLUMNS, MATRIX, printed
from tests.guarantees.rooms.room_pool import EPOCH, UNTIL_MS, PreparedRoom, RoomPool
from tests.resolvers.harness import Harness, Refusal

PUBLIC = {"visitor": "stranger", "leaver": "left", "barred": "banned"}
"""What the users of a public room's columns are in it."""
ELSEWHERE = ("owner", "moderator", "member", "muted")
"""Those with a role in one room and none in another."""
ABSENT = {"seq": None, "rev": None, "epoch": None, "unread": None, "unreadMentions": None, "left": True}
"""What a heartbeat answers for a room whose member the caller is not, beside its id."""


@dataclass(frozen=True)
class Request:
    """A function, and the user or the message that it is called for, by a label of the prepared room."""

    function: str
    arguments: dict[str, Any] = field(default_factory=dict)
    user: str = ""
    message: str = ""
    sole: bool = False
    personal: bool = False
    """Whether it concerns no room, or one that is to be made."""


def named(verb: str) -> str:
    return f"Mutation.{verb}"


ROLES = {"to owner": "OWNER", "to moderator": "MODERATOR", "to member": "MEMBER"}
REQUESTS: dict[str, Request] = {
    "messages": Request("Query.messages"),
    "messagesById": Request("Query.messagesById", {"ids": []}),
    "around": Request("Query.around", message="a member"),
    "pins": Request("Query.pins"),
    "drafts": Request("Query.drafts", personal=True),
    "changes": Request("Query.changes", {"since": 1}),
    "room": Request("Query.room"),
    "members": Request("Query.members", {"status": "ACTIVE"}),
    "members who are invited": Request("Query.members", {"status": "INVITED"}),
    "members who are banned": Request("Query.members", {"status": "BANNED"}),
    "receipts": Request("Query.receipts"),
    "presence": Request("Query.presence"),
    "delivery": Request("Query.delivery", {"hours": 1}),
    "attachment": Request("Query.attachment", message="a member"),
    "myMentions": Request("Query.myMentions"),
    "people": Request("Query.people", {"ids": ["nobody"]}),
    "searchPeople": Request("Query.searchPeople", {"prefix": "a"}),
    "avatar": Request("Query.avatar", message="a member"),
    "sync": Request("Query.sync", personal=True),
    "myRooms": Request("Query.myRooms", personal=True),
    "blocks": Request("Query.blocks", personal=True),
    "blockUser of a stranger": Request(named("blockUser"), user="a stranger", personal=True),
    "unblockUser of a stranger": Request(named("unblockUser"), user="a stranger", personal=True),
    "me": Request("Query.me", personal=True),
    "revokeSubscriptions": Request(named("revokeSubscriptions"), personal=True),
    "revokeSubscriptions of a stranger": Request(
        named("revokeSubscriptions"), user="a stranger", personal=True
    ),
    "setHold of a stranger": Request(
        named("setHold"), {"reason": "Case 17"}, user="a stranger", personal=True
    ),
    "holds": Request("Query.holds", personal=True),
    "dataRequests": Request("Query.dataRequests", personal=True),
    "dataRequests of a stranger": Request("Query.dataRequests", user="a stranger", personal=True),
    "exportMyData": Request(named("exportMyData"), personal=True),
    "eraseMe": Request(named("eraseMe"), personal=True),
    "requestExport of a member": Request(named("requestExport"), user="a member", personal=True),
    "requestErasure of a member": Request(named("requestErasure"), user="a member", personal=True),
    "reactions": Request("Query.reactions", message="a member"),
    "myReactions": Request("Query.myReactions", {"ids": ["01890a5d-ac96-774b-bcce-b302099a8057"]}),
    "onMessage": Request("Subscription.onMessage", {"epoch": EPOCH}),
    "onReceipt": Request("Subscription.onReceipt", {"epoch": EPOCH}),
    "onTyping": Request("Subscription.onTyping", {"epoch": EPOCH}),
    "sendMessage": Request(named("sendMessage"), {"text": "hello", "clientMessageId": "c-1"}),
    "sendMessage to everybody": Request(
        named("sendMessage"), {"text": "hello", "clientMessageId": "c-1", "mentionsAll": True}
    ),
    "editMessage of one's own": Request(named("editMessage"), {"text": "another"}, message="oneself"),
    "editMessage of a member's": Request(named("editMessage"), {"text": "another"}, message="a member"),
    "removeMessage of one's own": Request(named("removeMessage"), message="oneself"),
    "removeMessage of a member's": Request(named("removeMessage"), message="a member"),
    "removeMessage of an owner's": Request(named("removeMessage"), message="an owner"),
    "react": Request(named("react"), {"emoji": "👍"}, message="a member"),
    "pinMessage of a member's": Request(named("pinMessage"), message="a member"),
    "unpinMessage of a member's": Request(named("unpinMessage"), message="a member"),
    "saveDraft": Request(named("saveDraft"), {"text": "as I was saying"}),
    "setNotifications": Request(named("setNotifications"), {"level": "NONE"}),
    "direct with a stranger": Request(named("direct"), user="a stranger", personal=True),
    "createRoom under a direct room's name": Request(
        named("createRoom"), {"roomId": "direct:x"}, personal=True
    ),
    "createUpload": Request(named("createUpload"), {"contentType": "image/png", "size": 7}),
    "createUpload for the room's picture": Request(
        named("createUpload"), {"contentType": "image/png", "size": 7, "purpose": "AVATAR"}
    ),
    "updateMe": Request(named("updateMe"), {"name": "Another name"}, personal=True),
    "typing": Request(named("typing")),
    "markRead": Request(named("markRead"), {"seq": 3}),
    "markDelivered": Request(named("markDelivered"), {"seq": 3}),
    "heartbeat": Request(named("heartbeat")),
    "heartbeats of a member": Request(named("heartbeats"), user="a member", personal=True),
    "createRoom": Request(named("createRoom"), {"roomId": "r-{}"}, personal=True),
    "createRoom under a name that is taken": Request(named("createRoom"), personal=True),
    "createRoom of a guild": Request(named("createRoom"), {"roomId": "GUILD#g-{}"}, personal=True),
    "updateRoom": Request(named("updateRoom"), {"name": "Another name"}),
    "joinRoom": Request(named("joinRoom")),
    "leaveRoom": Request(named("leaveRoom")),
    "leaveRoom with one owner": Request(named("leaveRoom"), sole=True),
    "addMember as an owner": Request(named("addMember"), {"role": "OWNER"}, "a stranger"),
    "addMember as a moderator": Request(named("addMember"), {"role": "MODERATOR"}, "a stranger"),
    "addMember as a member": Request(named("addMember"), {"role": "MEMBER"}, "a stranger"),
    "setRole of an owner": Request(named("setRole"), {"role": "MEMBER"}, "an owner"),
    "setRole of a moderator": Request(named("setRole"), {"role": "MEMBER"}, "a moderator"),
    "setRole of who left": Request(named("setRole"), {"role": "MODERATOR"}, "who left"),
    "setRole of who is invited": Request(named("setRole"), {"role": "MODERATOR"}, "who is invited"),
    "setRole of a stranger": Request(named("setRole"), {"role": "MODERATOR"}, "a stranger"),
    "setRole of the last owner": Request(named("setRole"), {"role": "MEMBER"}, "the last owner", sole=True),
}


OF_NO_ROOM = {
    *(
        "Query.myRooms",
        "Query.sync",
        "Query.blocks",
        "Query.me",
        "Query.drafts",
        "Query.dataRequests",
        "Query.holds",
    ),
    named("setHold"),
    *(
        named("blockUser"),
        named("unblockUser"),
        named("revokeSubscriptions"),
        named("direct"),
        named("updateMe"),
        named("exportMyData"),
        named("eraseMe"),
        named("requestExport"),
        named("requestErasure"),
    ),
}


def request_of(row: str) -> Request:
    """The request of a row of the matrix."""
    if row in REQUESTS:
        return REQUESTS[row]
    verb, _, rest = row.partition(" of ")
    user, _, role = rest.partition(", ")
    more = {"addMember": {"role": "MEMBER"}, "muteMember": {"until": to_wire(UNTIL_MS)}}
    arguments = {"role": ROLES[role]} if role else more.get(verb, {})
    return Request(named(verb), arguments, user, sole=user == "the last owner")


@dataclass
class MatrixRun:
    """Makes the requests, and keeps what was found so far."""

    harness: Harness
    pool: RoomPool
    observed: dict[tuple[str, str], str] = field(default_factory=dict)

    def found(self, row: str, caller: str, prepared: PreparedRoom, label: str) -> str:
        """The outcome of a row's request by `caller`; `label` is what they are in the room, if anything."""
        request = request_of(row)
        user = {"oneself": caller, "the last owner": prepared.users["owner"]}.get(request.user) or (
            prepared.users[request.user] if request.user else None
        )
        event = self._event(request, prepared, caller, user, label)
        rooms = [prepared.room, Room.parse(event["arguments"].get("roomId", prepared.room.id))]
        places = self.pool.watch(rooms, caller, [user] if user else [])
        with redirect_stdout(StringIO()):  # the functions' metrics, which would hide the matrix
            outcome = self.harness.invoke(copy.deepcopy(event))
        changed = self.pool.changed(places)
        if isinstance(outcome, Refusal):
            word = symbol(outcome)
            assert changed == ({"QUOTA"} if word == "taken" else set()), outcome
            return word
        if request.function == "Mutation.heartbeat" and outcome["rooms"] == [
            ABSENT | {"roomId": prepared.room.id}
        ]:
            assert changed == {"PRESENCE"}
            return "left"
        if changed:
            self.pool.discard(prepared)
        return "+" if changed else "="

    def _event(
        self, request: Request, prepared: PreparedRoom, caller: str, user: str | None, label: str
    ) -> dict[str, Any]:
        event = self.harness.event(request.function, caller)
        given = {
            name: value.format(uuid.uuid4().hex) if name == "roomId" else value
            for name, value in request.arguments.items()
        }
        about = {"userId": user} if user else {}
        if request.message:
            about["id"] = prepared.messages[label if request.message == "oneself" else request.message]
        own: dict[str, Any] = {"roomId": prepared.room.id}
        if request.function in OF_NO_ROOM:
            own = {}
        elif request.function == "Mutation.heartbeats":
            rooms = [{"roomId": prepared.room.id, "seq": 3}]
            own, about = {"people": [{"userId": user, "rooms": rooms}]}, {}
        elif request.function == "Mutation.heartbeat":
            own = {"watching": prepared.room.id, "rooms": [{"roomId": prepared.room.id, "seq": 3}]}
        event["arguments"] = own | given | about
        event["identity"]["resolverContext"]["roles"] = label if label in ("admin", "gateway") else ""
        return event


def symbol(refusal: Refusal) -> str:
    """The matrix's symbol for a refusal, if it is that and nothing else."""
    values = refusal.values
    if refusal.error_type == "NotRoomMember":
        assert refusal.message == str(NotRoomMember())
        return "."
    if refusal.error_type == "Muted":
        assert values == {"until": to_wire(UNTIL_MS)}
        return "muted"
    assert (refusal.error_type, set(values)) == ("NotAllowed", {"reason"}), refusal
    return values["reason"]


def test_every_field_is_in_the_matrix() -> None:
    wired = json.loads(WIRING.read_text(encoding="utf-8"))["fields"]
    # These are for no user at all: tests/resolvers/test_publish_message.py, test_publish_mine.py. And what is to the caller
    # alone, whatever rooms there are: test_on_mine.py. And what names a request or a hold: test_withdraw_data_request.py, test_lift_hold.py.
    others = {
        "Mutation.publishMessage",
        "Mutation.publishMine",
        "Subscription.onMine",
        "Mutation.withdrawDataRequest",
        "Mutation.liftHold",
    }
    assert {request_of(row).function for row in MATRIX} == set(wired) - others


@pytest.fixture(scope="module")
def matrix_run(client: Any, key: SigningKey, project: Path) -> Iterator[MatrixRun]:
    harness = Harness(project, key, client)
    yield MatrixRun(harness, RoomPool(client, harness.deployment.store.tables, harness.deployment.now()))
    harness.functions.close()


@pytest.mark.parametrize("row", MATRIX)
def test_in_a_room_a_user_may_do_what_the_matrix_says(matrix_run: MatrixRun, row: str) -> None:
    found = {column: in_their_room(matrix_run, row, column) for column in COLUMNS}
    matrix_run.observed |= {(row, column): outcome for column, outcome in found.items()}
    assert found == MATRIX[row]


def in_their_room(matrix_run: MatrixRun, row: str, column: str) -> str:
    """The outcome of a row's request by the user of a column."""
    prepared = matrix_run.pool.room_with(public=column in PUBLIC, sole=request_of(row).sole)
    label = PUBLIC.get(column, column)
    return matrix_run.found(row, prepared.users[label], prepared, label)


@pytest.mark.parametrize("row", [row for row in MATRIX if not request_of(row).personal])
def test_in_another_room_nobody_is_more_than_a_stranger(matrix_run: MatrixRun, row: str) -> None:
    found = {caller: in_another_room(matrix_run, row, caller) for caller in ELSEWHERE}
    assert found == dict.fromkeys(ELSEWHERE, MATRIX[row]["stranger"])


def in_another_room(matrix_run: MatrixRun, row: str, caller: str) -> str:
    """The same by a user of a first room, about a second one: a guild's, which has the message of the request,
    too."""
    pool = matrix_run.pool
    user = pool.room_with().users[caller]
    there = pool.room_with(guild=True, sole=request_of(row).sole)
    return matrix_run.found(row, user, there, "stranger")


def test_the_matrix_is_as_printed(matrix_run: MatrixRun) -> None:
    """With `pytest -s` it shows what was found."""
    print(f"\n{printed(matrix_run.observed)}")
    assert matrix_run.observed == {(row, column): MATRIX[row][column] for row, column in matrix_run.observed}
