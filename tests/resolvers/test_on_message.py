"""Subscription.onMessage: judged once, when it starts; accepting answers null."""

import pytest

from chat.operations.on_message import on_message
from chat.rules.errors import StaleEpoch
from chat.rules.models import Caller
from tests.resolvers.harness import Harness

EVENT = "Subscription.onMessage"
REFUSED: dict[str, tuple[str, dict[str, object]]] = {
    "malformed-room": ("InvalidInput", {"argument": "roomId"}),
    "not-member": ("NotRoomMember", {}),
    "unknown-room": ("NotRoomMember", {}),
    "stale-epoch": ("StaleEpoch", {"epoch": 1}),
    "without-epoch": ("StaleEpoch", {"epoch": 1}),
}


@pytest.mark.parametrize("variant", ["", ".guild"])
def test_a_member_with_the_rooms_epoch_is_accepted(harness: Harness, variant: str) -> None:
    assert harness.run(harness.prepared(EVENT + variant), writes=[]) is None


@pytest.mark.parametrize(("variant", "outcome"), REFUSED.items(), ids=REFUSED.keys())
def test_what_is_refused_is_named(
    harness: Harness, variant: str, outcome: tuple[str, dict[str, object]]
) -> None:
    error_type, values = outcome
    harness.refused(harness.prepared(f"{EVENT}.{variant}"), error_type, None, **values)


def test_an_epoch_that_is_missing_and_one_that_is_over_read_differently(harness: Harness) -> None:
    missing = harness.refused(harness.prepared(f"{EVENT}.without-epoch"), "StaleEpoch", epoch=1)
    stale = harness.refused(harness.prepared(f"{EVENT}.stale-epoch"), "StaleEpoch", epoch=1)
    assert missing.message != stale.message


def test_when_the_epoch_has_moved_the_old_one_is_refused_and_the_new_one_named(harness: Harness) -> None:
    event = harness.prepared(EVENT)
    assert harness.run(event, writes=[]) is None
    harness.head(event["arguments"]["roomId"], epoch=2)
    refusal = harness.refused(event, "StaleEpoch", epoch=2)
    event["arguments"]["epoch"] = int(refusal.values["epoch"])
    assert harness.run(event, writes=[]) is None


def test_somebody_banned_is_refused_at_once(harness: Harness) -> None:
    event = harness.prepared(EVENT)
    assert harness.run(event, writes=[]) is None
    harness.member(event["arguments"]["roomId"], "alice", status="banned")
    harness.refused(event, "NotRoomMember")


def test_a_stranger_does_not_learn_the_epoch(harness: Harness) -> None:
    for epoch in (None, 1, 7):
        harness.refused(harness.event(EVENT, "carol", roomId=harness.room(), epoch=epoch), "NotRoomMember")


def test_a_null_epoch_is_a_missing_one(harness: Harness) -> None:
    harness.refused(harness.event(EVENT, roomId=harness.room(), epoch=None), "StaleEpoch", epoch=1)


@pytest.mark.parametrize("epoch", [0, -1, 10**30])
def test_any_other_number_is_a_stale_epoch(harness: Harness, epoch: int) -> None:
    harness.refused(harness.event(EVENT, roomId=harness.room(), epoch=epoch), "StaleEpoch", epoch=1)


def test_clients_from_before_are_let_in_unfenced_only_where_the_deployment_says_so(
    harness: Harness,
) -> None:
    room = harness.room()
    on_message(harness.deployment, Caller("alice"), {"roomId": room}, allow_unfenced=True)
    with pytest.raises(StaleEpoch):
        on_message(harness.deployment, Caller("alice"), {"roomId": room, "epoch": 7}, allow_unfenced=True)
    with pytest.raises(StaleEpoch):
        on_message(harness.deployment, Caller("alice"), {"roomId": room})
