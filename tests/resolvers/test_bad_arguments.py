"""What no client should send and some will, for each argument of what people do beside sending and reading: refused by the
argument's name, with nothing stored. `test_bad_input.py` has the other fields, and what is wrong with a whole event."""

import uuid
from typing import Any

import pytest

from tests.resolvers.harness import Harness
from tests.resolvers.test_bad_input import ROOMS

NO_TEXTS: list[object] = [7, 0, 1.5, True, False, [], ["a"], {}, {"S": "a"}]
MALFORMED: list[object] = ["", "\x00", "a\n", "\ud800", "a\udfffb", "\uffff", "x" * 5_000]
IDS = [*NO_TEXTS, *MALFORMED]
MESSAGES: list[object] = [
    None,
    *IDS,
    " ",
    "#",
    "a",
    "\u200d",
    "01890a5d",
    "01890A5D-AC96-774B-BCCE-B302099A8057",
]
USERS = [None, *IDS, "x" * 129, "\U0001f600" * 65]
SEVERAL: list[object] = [None, "a", "", 7, 0, 1.5, True, False, {}, [None], [7], [["a"]], [{}], ["x"] * 101]
LIMITS: list[object] = [0, -1, 101, 10**30, 1.5, float("nan"), "7", "", True, False, [], [1], {}]
TOKENS: list[object] = ["", "a", "\ud800", "é", "x" * 5_000, "bm90IGEgY3Vyc29y", *NO_TEXTS]
TEXTS: list[object] = [
    "\x00\x07",
    "\u200b\u200d\ufeff",
    "\u202e",
    "\ud800",
    "a\udfffb",
    "x" * 20_000,
    *NO_TEXTS,
]
FLAGS: list[object] = ["", "true", 0, 1, 7, 1.5, [], [True], {}]
CHOICES: list[object] = ["", "joining", "SIDEWAYS", "\ud800", *NO_TEXTS]
LISTED: list[object] = ["NAME", "", 7, 0, True, False, {}, [None], [7], ["SIDEWAYS"], [["NAME"]], ["\ud800"]]
EMOJI: list[object] = [
    None, " ", "a", "1", "\u2764", "\U0001f44d\U0001f44d", "\U0001f44d ", "\U0001f3fb", "\U0001f468\u200d", "\u200d", "\ufe0f",
    "\U0001f1e6", ":", "::", ":nothing:", ":A:", ":a b:", ":\u0430:", "\U0001f3f4\U000e0061", *IDS,
]  # fmt: skip
BAD: dict[str, dict[str, list[object]]] = {
    "Mutation.direct": {"userId": USERS},
    "Mutation.blockUser": {"userId": USERS},
    "Mutation.unblockUser": {"userId": USERS},
    "Query.dataRequests": {"userId": USERS[1:]},
    "Mutation.withdrawDataRequest": {"id": MESSAGES, "userId": USERS[1:]},
    "Mutation.requestExport": {"userId": USERS},
    "Mutation.requestErasure": {"userId": USERS},
    "Query.blocks": {"limit": LIMITS, "nextToken": TOKENS},
    "Mutation.react": {"roomId": ROOMS, "id": MESSAGES, "emoji": EMOJI, "on": FLAGS},
    "Query.reactions": {
        "roomId": ROOMS, "id": MESSAGES, "emoji": [each for each in EMOJI if each not in (None, ":nothing:")], "limit": LIMITS,
        "nextToken": TOKENS,
    },
    "Query.myReactions": {"roomId": ROOMS, "ids": SEVERAL},
    "Query.people": {"roomId": ROOMS, "ids": [*SEVERAL, [""], ["\ud800"], ["x" * 129], ["a\n"]]},
    "Query.searchPeople": {"roomId": ROOMS, "prefix": [None, "", " ", *TEXTS, "x" * 101], "limit": [*LIMITS, 51]},
    "Query.avatar": {"id": MESSAGES},
    "Mutation.updateMe": {
        "name": ["", " ", *TEXTS, "x" * 101, "\U0001f600" * 101], "avatarId": MESSAGES[1:], "reset": LISTED,
        "avatarUrl": [*IDS, "http://pictures.example.com/a", "https://pictures.example.com", "//pictures.example.com/a",
                      "https://a@pictures.example.com/a", "https://127.0.0.1/a", "https://pictures.example.com/\u0430"],
    },
    "Mutation.createUpload": {"roomId": ROOMS[1:], "purpose": CHOICES},
    "Mutation.pinMessage": {"roomId": ROOMS, "id": MESSAGES},
    "Mutation.unpinMessage": {"roomId": ROOMS, "id": MESSAGES},
    "Query.pins": {"roomId": ROOMS},
    "Mutation.saveDraft": {
        "roomId": ROOMS, "text": TEXTS, "replyTo": IDS, "rev": [-1, 2**31, 10**30, 1.5, "7", "", True, False, [], {}],
    },
    "Mutation.setNotifications": {"roomId": ROOMS, "level": CHOICES, "mutedUntil": ["", "yesterday", 7, True, [], {}]},
    "Query.drafts": {"limit": LIMITS, "nextToken": TOKENS},
    "Query.around": {"roomId": ROOMS, "id": MESSAGES, "limit": LIMITS},
    "Query.messagesById": {"roomId": ROOMS, "ids": [*SEVERAL, [""], ["\ud800"], ["x" * 251], ["a\n"]]},
    "Query.myMentions": {"roomId": ROOMS, "limit": LIMITS, "nextToken": TOKENS},
    "Mutation.sendMessage": {
        "replyTo": MESSAGES[1:], "mentionsAll": FLAGS, "attachments": ["a", "", 7, 0, False, True, {}, [None], [7]],
        "mentions": [*SEVERAL[1:], [""], ["\ud800"], ["x" * 129], ["a\n"], ["a"] * 21],
    },
    "Mutation.editMessage": {"mentionsAll": FLAGS, "mentions": [*SEVERAL[1:], [""], ["\ud800"], ["a"] * 21]},
    "Mutation.updateRoom": {
        "description": ["", " ", *TEXTS], "archived": FLAGS, "historyFrom": CHOICES, "avatarId": MESSAGES[1:], "reset": LISTED,
        "avatarUrl": [*IDS, "http://pictures.example.com/a", "https://pictures.example.com/" + "a" * 256],
    },
    "Mutation.createRoom": {"historyFrom": CHOICES},
    "Mutation.markRead": {"private": FLAGS},
    "Mutation.revokeSubscriptions": {"userId": USERS[1:]},
    "Subscription.onMine": {"userId": USERS, "epoch": ["1", "", 1.0, 1.5, True, False, [], [1], {}]},
}  # fmt: skip
CASES = [
    (field, argument, value) for field in BAD for argument, values in BAD[field].items() for value in values
]

POSITIONS: list[object] = ["a", 7, True, {}, [None], ["a"], [7], [{}], [[]]]
SEQS: list[object] = [None, -1, "7", "", 1.5, True, [], {}]
INSTANTS: list[object] = ["", "yesterday", 7, True, [], {}]
OF_A_PERSON: dict[str, list[object]] = {
    "userId": USERS,
    "deviceId": ["a b", "é", "x" * 129, *IDS],
    "status": ["online", "", "SIDEWAYS", *NO_TEXTS],
    "watching": ROOMS[1:],
    "rooms": [
        *POSITIONS,
        *([{"roomId": "lobby", "seq": seq}] for seq in SEQS),
        *([{"roomId": room, "seq": 1}] for room in ROOMS),
    ],
    "ts": [[{"roomId": "lobby", "seq": 1, "ts": ts}] for ts in INSTANTS],
}  # fmt: skip


@pytest.fixture(scope="module")
def place(harness: Harness) -> tuple[str, str, str]:
    """A room, its owner, and a message of theirs."""
    person = f"person-{uuid.uuid4()}"
    room = harness.room({person: "owner"})
    return room, person, harness.send(room, "Good morning.", user=person)[0]["id"]


def good(harness: Harness, place: tuple[str, str, str], field: str) -> dict[str, Any]:
    """An event with nothing wrong in it."""
    room, person, message = place
    event = harness.event(field, person)
    given = {"roomId": room, "id": message, "clientMessageId": uuid.uuid4().hex}
    event["arguments"].update({name: value for name, value in given.items() if name in event["arguments"]})
    return event


@pytest.mark.parametrize(("field", "argument", "value"), CASES, ids=lambda value: ascii(value)[:24])
def test_a_bad_argument_is_refused_by_its_name(
    harness: Harness, place: tuple[str, str, str], field: str, argument: str, value: object
) -> None:
    event = good(harness, place, field)
    event["arguments"][argument] = value
    outcome = harness.run(event, writes=[])
    assert (outcome.error_type, outcome.values.get("argument")) == ("InvalidInput", argument)


@pytest.mark.parametrize(
    ("argument", "value"),
    [(argument, value) for argument, values in OF_A_PERSON.items() for value in values],
    ids=lambda value: ascii(value)[:24],
)
def test_what_is_wrong_with_one_persons_heartbeat_is_said_of_them_alone(
    harness: Harness, argument: str, value: object
) -> None:
    event = harness.event("Mutation.heartbeats")
    wrong = {"userId": "alice", "rooms" if argument == "ts" else argument: value}
    event["arguments"]["people"] = [wrong, {"userId": f"person-{uuid.uuid4()}"}]
    refused, heard = harness.invoke(event)
    assert (refused["errorType"], heard["errorType"]) == ("InvalidInput", None)
    assert f"argument={argument}" in refused["message"]
