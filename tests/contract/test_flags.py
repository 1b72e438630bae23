"""The deployment's own document of flags, and who can be switched off by it."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from chat.rules.flags import FIELDS, KEPT, parse_document
from simulator.engine import PROJECT

WIRING: dict[str, Any] = json.loads((PROJECT / "resolvers" / "wiring.json").read_text(encoding="utf-8"))
DOCUMENT = (PROJECT / "terraform" / "flags.json").read_text(encoding="utf-8")
SWITCHED = {field for fields in FIELDS.values() for field in fields}

ESSENTIAL = {
    *("Query.messages", "Query.changes", "Query.sync", "Query.room", "Query.myRooms", "Query.members"),
    *("Mutation.sendMessage", "Mutation.editMessage", "Mutation.removeMessage", "Mutation.heartbeat"),
    *("Mutation.heartbeats", "Mutation.publishMessage", "Mutation.publishMine", "Query.me"),
    *("Mutation.removeMember", "Mutation.banMember", "Mutation.unbanMember", "Mutation.muteMember"),
    *("Mutation.setRole", "Mutation.deleteRoom", "Mutation.leaveRoom", "Mutation.blockUser"),
    *("Mutation.unblockUser", "Mutation.revokeSubscriptions", "Mutation.setHold", "Mutation.liftHold"),
    *("Query.holds", "Query.dataRequests", "Mutation.eraseMe", "Mutation.requestErasure"),
    *("Mutation.requestExport", "Mutation.withdrawDataRequest", "Query.attachment"),
}
"""What people are promised, and what keeps them safe: none of it may ever be switched off."""


def test_each_flag_names_fields_that_there_are_and_no_field_has_two() -> None:
    named = [field for fields in FIELDS.values() for field in fields]
    assert set(named) <= WIRING["fields"].keys()
    assert len(named) == len(set(named))
    assert set(named) >= KEPT


def test_what_is_essential_is_not_told_of_flags() -> None:
    subscriptions = {name for name in WIRING["fields"] if name.startswith("Subscription.")}
    assert WIRING["fields"].keys() >= ESSENTIAL
    assert not SWITCHED & (ESSENTIAL | subscriptions)


def test_the_functions_that_are_told_of_flags_are_those_that_can_be_switched_off() -> None:
    every = {**WIRING["fields"], **WIRING["services"], "authorizer": WIRING["authorizer"]}
    for setting in ("FLAGS", "FLAGS_SECONDS"):
        assert {name for name, entry in every.items() if setting in entry["settings"]} == SWITCHED


def test_the_document_has_each_flag() -> None:
    assert list(parse_document(DOCUMENT)) == list(FIELDS)


@pytest.mark.parametrize("name", FIELDS)
def test_a_flag_is_on_and_has_not_ended(name: str) -> None:
    """Its owner removes it, or says for how long it is to stay."""
    flag = parse_document(DOCUMENT)[name]
    assert flag.enabled, f"{name}: what is switched off is so where it is deployed, and not for everybody"
    assert flag.end >= datetime.now(UTC).date(), f"{name} ended on {flag.end}: ask {flag.owner}"
