"""Without IDENTITY a function takes what our own authorizer passes on, by the same rules as with it."""

from typing import Any

import pytest

from chat.identity.authorized import by_our_authorizer, is_of_an_authorizer
from chat.identity.identify import identify
from chat.identity.models import Sources
from chat.rules.errors import IdentityRefused

CONTEXTS: list[dict[str, Any]] = [
    {"userId": "alice"},
    {"userId": "alice", "roles": "admin,gateway", "locale": "es"},
    {"userId": "alice", "roles": "", "locale": None},
    {"userId": ""},
    {"userId": None},
    {},
    {"userId": "alice", "roles": ["admin"]},
    {"userId": "alice", "locale": 7},
    {"userId": "a" * 129},
]

OTHERS: list[object] = [
    None,
    {},
    [],
    "alice",
    {"resolverContext": None},
    {"resolverContext": "alice"},
    {"resolverContext": {"userId": "alice"}, "sub": "bob"},
    {
        "resolverContext": {"userId": "alice"},
        "userArn": "arn:aws:sts::123456789012:assumed-role/chat/session",
    },
    {"sub": "alice", "issuer": "https://id.example", "claims": {"sub": "alice"}},
]


def outcome(of: Any, *arguments: Any) -> object:
    try:
        return of(*arguments)
    except IdentityRefused as refused:
        return refused.values


@pytest.mark.parametrize("context", CONTEXTS, ids=str)
def test_both_ways_give_the_same(context: dict[str, Any]) -> None:
    identity = {"resolverContext": context}
    assert is_of_an_authorizer(identity)
    expected = outcome(identify, {"identity": identity}, Sources.ours())
    assert outcome(by_our_authorizer, context) == expected


def test_null_values_of_other_modes_do_not_count() -> None:
    assert is_of_an_authorizer({"resolverContext": {"userId": "alice"}, "sub": None, "userArn": None})


@pytest.mark.parametrize("identity", OTHERS, ids=str)
def test_nothing_else_is_of_an_authorizer(identity: object) -> None:
    assert not is_of_an_authorizer(identity)
