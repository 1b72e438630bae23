"""What no client should send and some will: refused by name, in every field alike, with nothing stored."""

import uuid
from typing import Any

import pytest

from tests.resolvers.harness import Harness

ROOMS: list[object] = [
    None, "", " ", "#", "GUILD#", "GUILD##", "GUILD#a#b", "a#b", "ROOM#lobby", "USER#alice", "lobby\n", "lobby\x00", "a b", "é",
    "x" * 129, "GUILD#" + "x" * 129, "\ud800", 7, 1.5, True, [], ["lobby"], {}, {"S": "lobby"},
]  # fmt: skip
BAD: dict[str, dict[str, list[object]]] = {
    "Mutation.sendMessage": {
        "roomId": ROOMS,
        "text": [
            None, "", " ", "\t\n ", "\x00\x01\x7f", "\u200b\u200d\ufeff", "\u202e", "\ud800", "a\udfffb", "x" * 4_001, "\x00" * 20_000,
            7, 1.5, True, [], ["a"], {}, {"S": "a"},
        ],
        "clientMessageId": [
            "", " ", "a b", "a#b", "#", "a\n", "\x00", "é", "x" * 129, "\ud800", 7, 0, 1.5, False, [], ["a"], {}, {"S": "a"},
        ],
        "replyTo": ["", " ", "a", "#", "a\n", "\x00", "x" * 251, "\ud800", 7, 1.5, True, ["a"], {}, {"S": "a"}],
        "mentions": ["", "bob", 7, 1.5, True, {}, {"S": "a"}, [""], [None], [7], [["bob"]], ["x" * 129], ["a\n"], ["\ud800"]],
        "mentionsAll": ["", "true", 7, 1, 1.5, ["a"], {}, {"BOOL": True}],
    },
    "Query.messages": {
        "roomId": ROOMS,
        "limit": [0, -1, 101, 10**6, 10**30, 1.5, 50.0, "50", "", True, False, [], [1], {}, {"N": "1"}],
        "order": ["", "newest_first", "SIDEWAYS", 7, 0, False, True, [], ["OLDEST_FIRST"], {}, {"a": 1}],
        "after": ["", "yesterday", "2026-02-30T00:00:00Z", "2026-01-01T00:00:00", "\ud800", 0, 7, 1.5, True, False, [], {}],
        "before": ["", "tomorrow", "2026-01-01", "2026-01-01T00:00:00.5", "x" * 10_000, 0, 7, [], {}],
    },
    "Query.myReactions": {
        "roomId": ROOMS,
        "ids": [None, "a", 7, {}, [7], [None], [["a"]], ["x"] * 101],
    },
    "Subscription.onMessage": {
        "roomId": ROOMS,
        "epoch": ["1", "", 1.0, 1.5, True, False, [], [1], {}],
    },
}  # fmt: skip
CASES = [
    (field, argument, value) for field in BAD for argument, values in BAD[field].items() for value in values
]

# Identities of other ways to log in, and of none:
# https://docs.aws.amazon.com/appsync/latest/devguide/resolver-context-reference.html
IDENTITIES: list[tuple[Any, dict[str, str]]] = [
    (None, {"reason": "missing"}), ({}, {"reason": "missing"}), ({"resolverContext": None}, {"reason": "missing"}),
    ({"resolverContext": {}}, {"reason": "claim", "claim": "userId"}),
    ({"resolverContext": {"userId": None}}, {"reason": "claim", "claim": "userId"}),
    ({"resolverContext": {"userId": ""}}, {"reason": "claim", "claim": "userId"}),
    ({"resolverContext": {"userId": 7}}, {"reason": "claim", "claim": "userId"}),
    ({"resolverContext": {"userId": "al\x00ice"}}, {"reason": "claim", "claim": "userId"}),
    ({"resolverContext": {"userId": ["alice"]}}, {"reason": "claim", "claim": "userId"}),
    ({"resolverContext": {"userId": "alice", "roles": ["admin"]}}, {"reason": "claim", "claim": "roles"}),
    ({"resolverContext": {"userId": "alice", "locale": 7}}, {"reason": "claim", "claim": "locale"}),
    ({"sub": "alice", "username": "alice", "claims": {}, "groups": None}, {"reason": "source"}),
    ({"userArn": "arn:aws:iam::123456789012:user/alice", "username": "alice"}, {"reason": "source"}),
]  # fmt: skip
NO_IDENTITIES: list[Any] = [[], "alice", 7, {"resolverContext": "alice"}, {"resolverContext": ["alice"]}]
SHAPES: list[dict[str, Any]] = [
    {"arguments": "x"}, {"arguments": ["roomId"]}, {"arguments": 7}, {"info": "x"}, {"info": [1]}, {"request": "x"},
    {"request": {"headers": 7}},
]  # fmt: skip


@pytest.fixture(scope="module")
def place(harness: Harness) -> tuple[str, str]:
    """A room and a member of it, with few other items in their partitions."""
    person = f"person-{uuid.uuid4()}"
    return harness.room({person: "owner"}), person


def good(harness: Harness, place: tuple[str, str], field: str) -> dict[str, Any]:
    """An event that would be answered."""
    room, person = place
    return harness.event(field, person, roomId=room)


@pytest.mark.parametrize("field", BAD)
def test_without_its_fault_each_of_these_events_is_answered(
    harness: Harness, place: tuple[str, str], field: str
) -> None:
    answer = harness.invoke(good(harness, place, field))
    assert not hasattr(answer, "error_type"), answer


@pytest.mark.parametrize(("field", "argument", "value"), CASES, ids=lambda value: ascii(value)[:24])
def test_a_bad_argument_is_refused_by_its_name(
    harness: Harness, place: tuple[str, str], field: str, argument: str, value: object
) -> None:
    event = good(harness, place, field)
    event["arguments"][argument] = value
    outcome = harness.run(event, writes=[])
    assert (outcome.error_type, outcome.values["argument"]) == ("InvalidInput", argument)


@pytest.mark.parametrize("field", BAD)
@pytest.mark.parametrize(("identity", "values"), IDENTITIES, ids=str)
def test_an_identity_that_is_not_our_authorizer_s_is_refused(
    harness: Harness, place: tuple[str, str], field: str, identity: object, values: dict[str, str]
) -> None:
    event = good(harness, place, field) | {"identity": identity}
    harness.refused(event, "IdentityRefused", function=field, **values)


@pytest.mark.parametrize("field", BAD)
@pytest.mark.parametrize("identity", NO_IDENTITIES, ids=str)
def test_what_appsync_gives_nobody_as_an_identity_is_an_internal_error(
    harness: Harness, place: tuple[str, str], field: str, identity: object
) -> None:
    event = good(harness, place, field) | {"identity": identity}
    outcome = harness.run(event, writes=[], function=field)
    assert outcome.error_type == "InternalError"
    assert list(outcome.values) == ["correlationId"]


@pytest.mark.parametrize("field", BAD)
@pytest.mark.parametrize("changes", SHAPES, ids=str)
def test_an_event_of_another_shape_is_an_internal_error(
    harness: Harness, place: tuple[str, str], field: str, changes: dict[str, Any]
) -> None:
    event = good(harness, place, field) | changes
    assert harness.run(event, writes=[], function=field).error_type == "InternalError"


@pytest.mark.parametrize("field", BAD)
@pytest.mark.parametrize("event", [None, [], [1], "x", 7, {}], ids=repr)
def test_no_event_at_all_is_an_internal_error(harness: Harness, field: str, event: object) -> None:
    assert harness.call(field, event).error_type == "InternalError"
