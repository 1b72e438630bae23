"""Subscription.onMine: judged once, when it starts; accepting answers null."""

import uuid
from collections.abc import Iterator

import pytest

from chat.operations.on_mine import Telling, on_mine
from chat.rules.errors import StaleEpoch
from chat.rules.models import Caller
from tests.resolvers.harness import Event, Harness
from tests.resolvers.publishing_ways import deployed

EVENT = "Subscription.onMine"


@pytest.fixture(autouse=True)
def _by_the_stream(functions_environ: None) -> Iterator[None]:
    with deployed(PUBLISH="stream"):
        yield


def mine(harness: Harness, user: str, **arguments: object) -> Event:
    return harness.event(EVENT, user, **{"userId": user, **arguments})


def with_roles(event: Event, *roles: str) -> Event:
    event["identity"]["resolverContext"]["roles"] = ",".join(roles)
    return event


def new() -> str:
    return f"p-{uuid.uuid4()}"


def test_oneself_is_accepted_with_the_first_epoch_and_nothing_is_written(harness: Harness) -> None:
    assert harness.run(harness.event(EVENT), writes=[]) is None
    assert harness.run(mine(harness, new()), writes=[]) is None


WHO = {
    "somebody else": ((), "other"),
    "a moderator of the platform, whom nothing here knows": (("moderator",), "other"),
    "an administrator": (("admin",), "other"),
    "an administrator for privacy": (("privacy",), "other"),
    "the gateway": (("gateway",), None),
    "the gateway that is an administrator, too": (("admin", "gateway"), None),
}


@pytest.mark.parametrize("who", WHO)
def test_who_may_subscribe_for_somebody(harness: Harness, who: str) -> None:
    roles, reason = WHO[who]
    event = with_roles(harness.event(EVENT, "mallory", userId="bob"), *roles)
    if reason is None:
        assert harness.run(event, writes=[]) is None
    else:
        harness.refused(event, "NotAllowed", reason=reason)


def test_what_is_refused_is_named(harness: Harness) -> None:
    harness.refused(harness.event(f"{EVENT}.other"), "NotAllowed", reason="other")
    harness.refused(harness.event(f"{EVENT}.stale-epoch"), "StaleEpoch", epoch=1)
    harness.refused(harness.event(f"{EVENT}.without-epoch"), "StaleEpoch", epoch=1)
    harness.refused(harness.event(f"{EVENT}.malformed-user"), "InvalidInput", argument="userId")


@pytest.mark.parametrize("user_id", [None, 7, "", "x" * 129, "\x00", ["alice"]])
def test_a_malformed_user_is_named(harness: Harness, user_id: object) -> None:
    harness.refused(harness.event(EVENT, userId=user_id), "InvalidInput", argument="userId")


@pytest.mark.parametrize("epoch", ["1", 1.5, True, [1]])
def test_a_malformed_epoch_is_named(harness: Harness, epoch: object) -> None:
    harness.refused(harness.event(EVENT, epoch=epoch), "InvalidInput", argument="epoch")


@pytest.mark.parametrize("epoch", [0, -1, 2, 10**30])
def test_any_other_number_is_a_stale_epoch(harness: Harness, epoch: int) -> None:
    harness.refused(mine(harness, new(), epoch=epoch), "StaleEpoch", epoch=1)


def test_an_epoch_that_is_missing_and_one_that_is_over_read_differently(harness: Harness) -> None:
    missing = harness.refused(harness.event(EVENT, epoch=None), "StaleEpoch", epoch=1)
    stale = harness.refused(harness.event(EVENT, epoch=7), "StaleEpoch", epoch=1)
    assert missing.message != stale.message
    assert "room" not in missing.message


def test_when_the_epoch_has_moved_the_old_one_is_refused_and_the_new_one_named(harness: Harness) -> None:
    user = new()
    harness.invoke(harness.event("Mutation.revokeSubscriptions", user))
    harness.refused(mine(harness, user), "StaleEpoch", epoch=2)
    assert harness.run(mine(harness, user, epoch=2), writes=[]) is None


def test_a_stranger_does_not_learn_the_epoch(harness: Harness) -> None:
    for epoch in (None, 1, 7):
        harness.refused(
            harness.event(EVENT, "carol", userId="bob", epoch=epoch), "NotAllowed", reason="other"
        )


def test_where_senders_publish_everybody_is_refused_by_name(harness: Harness) -> None:
    with deployed(PUBLISH="sender"):
        for event in (harness.event(EVENT), with_roles(harness.event(EVENT, "gw", userId="bob"), "gateway")):
            harness.refused(event, "NotAllowed", reason="publishedBySender")
        harness.refused(harness.event(EVENT, userId="bob"), "NotAllowed", reason="other")


def test_where_nothing_is_derived_everybody_is_refused_by_name(harness: Harness) -> None:
    with deployed(PUBLISH="stream", PROJECTIONS="false"):
        harness.refused(harness.event(EVENT), "NotAllowed", reason="noProjections")


def test_clients_from_before_are_let_in_unfenced_only_where_the_deployment_says_so(harness: Harness) -> None:
    caller, user_id = Caller("alice"), {"userId": "alice"}
    on_mine(harness.deployment, caller, user_id, Telling(live=True, projections=True, allow_unfenced=True))
    with pytest.raises(StaleEpoch):
        on_mine(
            harness.deployment,
            caller,
            {**user_id, "epoch": 7},
            Telling(live=True, projections=True, allow_unfenced=True),
        )
    with pytest.raises(StaleEpoch):
        on_mine(harness.deployment, caller, user_id, Telling(live=True, projections=True))


def test_after_a_restore_no_epoch_from_before_is_taken(harness: Harness) -> None:
    user, tables = new(), harness.deployment.store.tables
    harness.invoke(harness.event("Mutation.revokeSubscriptions", user))
    before = tables.generation
    try:
        tables.generation = before + 1
        harness.refused(mine(harness, user, epoch=2), "StaleEpoch", epoch=2 + 2**20)
        assert harness.invoke(mine(harness, new(), epoch=1 + 2**20)) is None
        answer = harness.invoke(harness.event("Mutation.revokeSubscriptions", user))
        assert answer["epoch"] == 3 + 2**20
    finally:
        tables.generation = before
