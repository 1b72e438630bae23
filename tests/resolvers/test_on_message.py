"""Subscription.onMessage: judged once, when it starts; accepting answers null."""

from typing import TYPE_CHECKING

import pytest

from chat.operations.on_message import on_message
from chat.rules.errors import StaleEpoch
from chat.rules.models import Caller

if TYPE_CHECKING:
    from tests.resolvers.conftest import Stage

EVENT = "Subscription.onMessage"
REFUSED: dict[str, tuple[str, dict[str, object]]] = {
    "malformed-room": ("InvalidInput", {"argument": "roomId"}),
    "not-member": ("NotRoomMember", {}),
    "unknown-room": ("NotRoomMember", {}),
    "stale-epoch": ("StaleEpoch", {"epoch": 1}),
    "without-epoch": ("StaleEpoch", {"epoch": 1}),
}


@pytest.mark.parametrize("variant", ["", ".guild"])
def test_a_member_with_the_rooms_epoch_is_accepted(stage: "Stage", variant: str) -> None:
    assert stage.act(stage.staged(EVENT + variant), writes=[]) is None


@pytest.mark.parametrize(("variant", "outcome"), REFUSED.items(), ids=REFUSED.keys())
def test_what_is_refused_is_named(
    stage: "Stage", variant: str, outcome: tuple[str, dict[str, object]]
) -> None:
    error_type, values = outcome
    stage.refused(stage.staged(f"{EVENT}.{variant}"), error_type, None, **values)


def test_an_epoch_that_is_missing_and_one_that_is_over_read_differently(stage: "Stage") -> None:
    missing = stage.refused(stage.staged(f"{EVENT}.without-epoch"), "StaleEpoch", epoch=1)
    stale = stage.refused(stage.staged(f"{EVENT}.stale-epoch"), "StaleEpoch", epoch=1)
    assert missing.message != stale.message


def test_when_the_epoch_has_moved_the_old_one_is_refused_and_the_new_one_named(stage: "Stage") -> None:
    event = stage.staged(EVENT)
    assert stage.act(event, writes=[]) is None
    stage.head(event["arguments"]["roomId"], epoch=2)
    refusal = stage.refused(event, "StaleEpoch", epoch=2)
    event["arguments"]["epoch"] = int(refusal.values["epoch"])
    assert stage.act(event, writes=[]) is None


def test_somebody_banned_is_refused_at_once(stage: "Stage") -> None:
    event = stage.staged(EVENT)
    assert stage.act(event, writes=[]) is None
    stage.member(event["arguments"]["roomId"], "alice", status="banned")
    stage.refused(event, "NotRoomMember")


def test_a_stranger_does_not_learn_the_epoch(stage: "Stage") -> None:
    for epoch in (None, 1, 7):
        stage.refused(stage.event(EVENT, "carol", roomId=stage.room(), epoch=epoch), "NotRoomMember")


def test_a_null_epoch_is_a_missing_one(stage: "Stage") -> None:
    stage.refused(stage.event(EVENT, roomId=stage.room(), epoch=None), "StaleEpoch", epoch=1)


@pytest.mark.parametrize("epoch", [0, -1, 10**30])
def test_any_other_number_is_a_stale_epoch(stage: "Stage", epoch: int) -> None:
    stage.refused(stage.event(EVENT, roomId=stage.room(), epoch=epoch), "StaleEpoch", epoch=1)


def test_clients_from_before_are_let_in_unfenced_only_where_the_deployment_says_so(stage: "Stage") -> None:
    room = stage.room()
    on_message(stage.deployment, Caller("alice"), {"roomId": room}, allow_unfenced=True)
    with pytest.raises(StaleEpoch):
        on_message(stage.deployment, Caller("alice"), {"roomId": room, "epoch": 7}, allow_unfenced=True)
    with pytest.raises(StaleEpoch):
        on_message(stage.deployment, Caller("alice"), {"roomId": room})
