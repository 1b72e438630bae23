"""Everybody asks for everything, in their own room and in another: the matrix is what comes of it, cell by cell."""

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
from tests.guarantees.rooms.standings import EPOCH, UNTIL_MS, Scene, Theatre
from tests.resolvers.conftest import Refusal, Stage

PUBLIC = {"visitor": "stranger", "leaver": "left", "outlaw": "banned"}
"""What those of a public room are in it."""
ELSEWHERE = ("owner", "moderator", "member", "muted")
"""Those who are something in one room and nothing in another."""
ABSENT = {"seq": None, "rev": None, "epoch": None, "unread": None, "left": True}
"""What a heartbeat answers of a room that one is not in, beside its id."""


@dataclass(frozen=True)
class Ask:
    """What is asked for: a function, and to whom or to which message it is to be done, by a label of the scene."""

    function: str
    arguments: dict[str, Any] = field(default_factory=dict)
    person: str = ""
    message: str = ""
    sole: bool = False
    personal: bool = False
    """Whether it concerns no room, or one that is to be made."""


def named(verb: str) -> str:
    return f"Mutation.{verb}"


ROLES = {"to owner": "OWNER", "to moderator": "MODERATOR", "to member": "MEMBER"}
ASKS: dict[str, Ask] = {
    "messages": Ask("Query.messages"),
    "changes": Ask("Query.changes", {"since": 1}),
    "room": Ask("Query.room"),
    "members": Ask("Query.members", {"status": "ACTIVE"}),
    "members who are banned": Ask("Query.members", {"status": "BANNED"}),
    "receipts": Ask("Query.receipts"),
    "presence": Ask("Query.presence"),
    "delivery": Ask("Query.delivery", {"hours": 1}),
    "attachment": Ask("Query.attachment", message="a member"),
    "sync": Ask("Query.sync", personal=True),
    "myRooms": Ask("Query.myRooms", personal=True),
    "onMessage": Ask("Subscription.onMessage", {"epoch": EPOCH}),
    "onReceipt": Ask("Subscription.onReceipt", {"epoch": EPOCH}),
    "onTyping": Ask("Subscription.onTyping", {"epoch": EPOCH}),
    "sendMessage": Ask(named("sendMessage"), {"text": "hello", "clientMessageId": "c-1"}),
    "editMessage of one's own": Ask(named("editMessage"), {"text": "another"}, message="oneself"),
    "editMessage of a member's": Ask(named("editMessage"), {"text": "another"}, message="a member"),
    "removeMessage of one's own": Ask(named("removeMessage"), message="oneself"),
    "removeMessage of a member's": Ask(named("removeMessage"), message="a member"),
    "removeMessage of an owner's": Ask(named("removeMessage"), message="an owner"),
    "createUpload": Ask(named("createUpload"), {"contentType": "image/png", "size": 7}),
    "typing": Ask(named("typing")),
    "markRead": Ask(named("markRead"), {"seq": 3}),
    "markDelivered": Ask(named("markDelivered"), {"seq": 3}),
    "heartbeat": Ask(named("heartbeat")),
    "createRoom": Ask(named("createRoom"), {"roomId": "r-{}"}, personal=True),
    "createRoom under a name that is taken": Ask(named("createRoom"), personal=True),
    "createRoom of a guild": Ask(named("createRoom"), {"roomId": "GUILD#g-{}"}, personal=True),
    "updateRoom": Ask(named("updateRoom"), {"name": "Another name"}),
    "joinRoom": Ask(named("joinRoom")),
    "leaveRoom": Ask(named("leaveRoom")),
    "leaveRoom with one owner": Ask(named("leaveRoom"), sole=True),
    "addMember as an owner": Ask(named("addMember"), {"role": "OWNER"}, "a stranger"),
    "addMember as a moderator": Ask(named("addMember"), {"role": "MODERATOR"}, "a stranger"),
    "addMember as a member": Ask(named("addMember"), {"role": "MEMBER"}, "a stranger"),
    "setRole of an owner": Ask(named("setRole"), {"role": "MEMBER"}, "an owner"),
    "setRole of a moderator": Ask(named("setRole"), {"role": "MEMBER"}, "a moderator"),
    "setRole of who left": Ask(named("setRole"), {"role": "MODERATOR"}, "who left"),
    "setRole of a stranger": Ask(named("setRole"), {"role": "MODERATOR"}, "a stranger"),
    "setRole of the last owner": Ask(named("setRole"), {"role": "MEMBER"}, "the last owner", sole=True),
}


def ask_of(words: str) -> Ask:
    """What a row of the matrix asks for."""
    if words in ASKS:
        return ASKS[words]
    verb, _, rest = words.partition(" of ")
    person, _, role = rest.partition(", ")
    more = {"addMember": {"role": "MEMBER"}, "muteMember": {"until": to_wire(UNTIL_MS)}}
    arguments = {"role": ROLES[role]} if role else more.get(verb, {})
    return Ask(named(verb), arguments, person, sole=person == "the last owner")


@dataclass
class Trial:
    """Asks, on a stage, with what was found so far."""

    stage: Stage
    theatre: Theatre
    observed: dict[tuple[str, str], str] = field(default_factory=dict)

    def found(self, words: str, actor: str, scene: Scene, label: str) -> str:
        """What comes of it when `actor` asks; `label` is what they are in the scene, if anything."""
        ask = ask_of(words)
        person = {"oneself": actor, "the last owner": scene.people["owner"]}.get(ask.person) or (
            scene.people[ask.person] if ask.person else None
        )
        event = self._event(ask, scene, actor, person, label)
        rooms = [scene.room, Room.parse(event["arguments"].get("roomId", scene.room.id))]
        places = self.theatre.watched(rooms, actor, [person] if person else [])
        with redirect_stdout(StringIO()):  # the functions' metrics, which would hide the matrix
            outcome = self.stage.invoke(copy.deepcopy(event))
        changed = self.theatre.changed(places)
        if isinstance(outcome, Refusal):
            assert changed == set(), outcome
            return symbol(outcome)
        if ask.function == "Mutation.heartbeat" and outcome["rooms"] == [ABSENT | {"roomId": scene.room.id}]:
            assert changed == {"PRESENCE"}
            return "left"
        if changed:
            self.theatre.leave(scene)
        return "+" if changed else "="

    def _event(self, ask: Ask, scene: Scene, actor: str, person: str | None, label: str) -> dict[str, Any]:
        event = self.stage.event(ask.function, actor)
        given = {
            name: value.format(uuid.uuid4().hex) if name == "roomId" else value
            for name, value in ask.arguments.items()
        }
        about_it = {"userId": person} if person else {}
        if ask.message:
            about_it["id"] = scene.messages[label if ask.message == "oneself" else ask.message]
        own: dict[str, Any] = {"roomId": scene.room.id}
        if ask.function in ("Query.myRooms", "Query.sync"):
            own = {}
        elif ask.function == "Mutation.heartbeat":
            own = {"watching": scene.room.id, "rooms": [{"roomId": scene.room.id, "seq": 3}]}
        event["arguments"] = own | given | about_it
        event["identity"]["resolverContext"]["roles"] = label if label in ("admin", "gateway") else ""
        return event


def symbol(refusal: Refusal) -> str:
    """The matrix's word for a refusal, if it says that and nothing else."""
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
    assert {ask_of(words).function for words in MATRIX} == set(wired)


@pytest.fixture(scope="module")
def trial(client: Any, key: SigningKey, project: Path) -> Iterator[Trial]:
    stage = Stage(project, key, client)
    yield Trial(stage, Theatre(stage.deployment.store.tables, stage.deployment.now()))
    stage.functions.close()


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("words", MATRIX)
def test_in_a_room_somebody_may_what_the_matrix_says(trial: Trial, words: str, column: str) -> None:
    scene = trial.theatre.scene(public=column in PUBLIC, sole=ask_of(words).sole)
    label = PUBLIC.get(column, column)
    found = trial.found(words, scene.people[label], scene, label)
    trial.observed[words, column] = found
    assert found == MATRIX[words][column]


@pytest.mark.parametrize("column", ELSEWHERE)
@pytest.mark.parametrize("words", [words for words in MATRIX if not ask_of(words).personal])
def test_in_another_room_nobody_is_more_than_a_stranger(trial: Trial, words: str, column: str) -> None:
    """The other room is a guild's; there, too, the message that is asked for is somebody's."""
    theatre = trial.theatre
    actor = theatre.scene().people[column]
    there = theatre.scene(guild=True, sole=ask_of(words).sole)
    assert trial.found(words, actor, there, "stranger") == MATRIX[words]["stranger"]


def test_the_matrix_is_as_printed(trial: Trial) -> None:
    """With `pytest -s` it shows what was found."""
    print(f"\n{printed(trial.observed)}")
    assert trial.observed == {(words, column): MATRIX[words][column] for words, column in trial.observed}
