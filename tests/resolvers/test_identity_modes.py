"""Who may do what is the same whichever way somebody logs in: outcomes, and what is stored."""

import json
from collections.abc import Callable
from typing import Any, Literal

import pytest

from chat.rules.permissions import PERMISSIONS, Operation, Standing
from tests.chat.identity.documented import (
    ADMINS,
    GATEWAYS,
    SOURCES,
    assumed_role,
    auth0,
    cognito,
    entra,
    keycloak,
    ours,
    theirs,
)
from tests.guarantees.support.fixtures import plain
from tests.resolvers.harness import Harness, Refusal
from tests.resolvers.identities import as_stored, identity

GROUPS = {"admin": [ADMINS], "gateway": [GATEWAYS]}
SERVICES = {"admin": "chat-admin", "gateway": "chat-gateway"}
SERVICE_IDS = {"admin": "iam:ops", "gateway": "iam:gateway"}
STANDINGS = ("owner", "moderator", "member", "admin", "gateway", "outsider")


def by_group(
    build: Callable[..., dict[str, Any]], prefix: str, **claims: Any
) -> Callable[[str], tuple[str, Any]]:
    """Somebody of a source, by their standing: the chat's id and the identity."""
    return lambda standing: (f"{prefix}pat", build("pat", *GROUPS.get(standing, ()), **claims))


WAYS: dict[str, Callable[[str], tuple[str, Any]]] = {
    "our authorizer": lambda standing: ("pat", ours("pat", *({standing} & {"admin", "gateway"}))),
    "Cognito, access token": by_group(cognito, ""),
    "Cognito, ID token": by_group(cognito, "", use="id"),
    "Auth0": by_group(auth0, "a0:"),
    "Keycloak": by_group(keycloak, "kc:"),
    "Entra": by_group(entra, "entra:"),
    "another's authorizer": by_group(theirs, "ext:"),
    "IAM": lambda standing: (
        SERVICE_IDS.get(standing, "iam:bot"),
        assumed_role(SERVICES.get(standing, "bot")),
    ),
}

FIELDS: list[tuple[str, Operation, dict[str, Any]]] = [
    ("Query.room", "look", {}),
    ("Query.messages", "read", {}),
    ("Query.delivery", "measure", {}),
    ("Subscription.onMessage", "subscribe", {"epoch": 1}),
    ("Mutation.sendMessage", "send", {"clientMessageId": "c-1"}),
    ("Mutation.addMember", "addMember", {"userId": "dave", "role": "MEMBER"}),
    ("Mutation.muteMember", "muteMember", {"userId": "bob", "until": "2099-01-01T00:00:00Z"}),
    ("Mutation.updateRoom", "updateRoom", {"name": "Another name"}),
    ("Mutation.setRole", "setRole", {"userId": "bob", "role": "MODERATOR"}),
    ("Mutation.deleteRoom", "deleteRoom", {}),
]
LOOKED_AFTER = ("Mutation.setRole", "Mutation.deleteRoom")
"""After which of them what is stored is looked at: before the room ends, and then."""

Outcomes = dict[str, tuple[str, list[str]]]


def outcomes(harness: Harness, way: str, standing: str) -> Outcomes:
    """What comes of each field, one after the other, and what is stored then, with the person called `pat`."""
    person, who = WAYS[way](standing)
    members = {"carol": "owner", "bob": "member"}
    if standing in ("owner", "moderator", "member"):
        members[person] = standing
    room = harness.room(members)  # type: ignore[arg-type]
    found: Outcomes = {}
    for name, _, arguments in FIELDS:
        event = harness.event(name, roomId=room, **arguments) | {"identity": who}
        with identity(None if way == "our authorizer" else SOURCES):
            outcome = harness.invoke(event)
        code = outcome.error_type if isinstance(outcome, Refusal) else "ok"
        found[name] = (code, stored(harness, room, person) if name in LOOKED_AFTER else [])
    return found


LASTING = (
    "role",
    "status",
    "seq",
    "senderId",
    "text",
    "epoch",
    "rev",
    "name",
    "owners",
    "mutedUntil",
    "endedBy",
    "createdBy",
)


def stored(harness: Harness, room: str, person: str) -> list[str]:
    """What lies in the room's partition and of its people, without what differs by time and chance."""
    items = as_stored(harness, room, person, "bob", "carol", "dave")
    found = []
    for (_, partition_key, sort_key), item in items.items():
        if room in partition_key + sort_key:
            lasting = {name: value for name, value in plain(item).items() if name in LASTING}
            kind = sort_key.split("#")[0] if sort_key.startswith(("MSG#", "SENT#")) else sort_key
            found.append(json.dumps([partition_key, kind, lasting], sort_keys=True))
    told = json.dumps(found).replace(room, "room")
    told = told.replace(f"#{person}", "#pat").replace(f'\\"{person}\\"', '\\"pat\\"')
    return sorted(json.loads(told))


@pytest.fixture(scope="module")
def expected(harness: Harness) -> dict[str, Outcomes]:
    """By standing, with our authorizer."""
    return {standing: outcomes(harness, "our authorizer", standing) for standing in STANDINGS}


@pytest.mark.parametrize("standing", STANDINGS)
def test_with_our_authorizer_each_standing_may_do_what_the_table_says(
    expected: dict[str, Outcomes], standing: Standing | Literal["outsider"]
) -> None:
    allowed = frozenset() if standing == "outsider" else PERMISSIONS[standing]
    codes = {name: expected[standing][name][0] for name, *_ in FIELDS}
    assert {name: code == "ok" for name, code in codes.items()} == {
        name: operation in allowed for name, operation, _ in FIELDS
    }
    assert set(codes.values()) <= {"ok", "NotAllowed", "NotRoomMember"}


@pytest.mark.parametrize("way", [way for way in WAYS if way != "our authorizer"])
@pytest.mark.parametrize("standing", STANDINGS)
def test_by_any_other_way_the_outcomes_and_what_is_stored_are_the_same(
    harness: Harness, expected: dict[str, Outcomes], way: str, standing: str
) -> None:
    assert outcomes(harness, way, standing) == expected[standing]
