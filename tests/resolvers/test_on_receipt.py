"""Subscription.onReceipt: judged once, when it starts; accepting answers null."""

import pytest

from chat.operations.on_receipt import on_receipt
from chat.rules.errors import StaleEpoch
from chat.rules.models import Caller
from tests.resolvers.harness import Harness

EVENT = "Subscription.onReceipt"
REFUSED: dict[str, tuple[str, dict[str, object]]] = {
    "not-member": ("NotRoomMember", {}),
    "stale-epoch": ("StaleEpoch", {"epoch": 1}),
    "without-epoch": ("StaleEpoch", {"epoch": 1}),
}


def test_a_member_with_the_rooms_epoch_is_accepted(harness: Harness) -> None:
    assert harness.run(harness.prepared(EVENT), writes=[]) is None


@pytest.mark.parametrize(("variant", "outcome"), REFUSED.items(), ids=REFUSED.keys())
def test_what_is_refused_is_named(
    harness: Harness, variant: str, outcome: tuple[str, dict[str, object]]
) -> None:
    error_type, values = outcome
    harness.refused(harness.prepared(f"{EVENT}.{variant}"), error_type, None, **values)


def test_when_somebody_lost_access_the_old_epoch_is_refused(harness: Harness) -> None:
    event = harness.prepared(EVENT)
    harness.head(event["arguments"]["roomId"], epoch=2)
    harness.refused(event, "StaleEpoch", epoch=2)


def test_an_administrator_who_is_not_in_the_room_may_not_listen(harness: Harness) -> None:
    event = harness.event(EVENT, "carol", roomId=harness.room())
    event["identity"]["resolverContext"]["roles"] = "admin"
    harness.refused(event, "NotRoomMember")


def test_clients_from_before_are_let_in_unfenced_only_where_the_deployment_says_so(
    harness: Harness,
) -> None:
    room = harness.room()
    on_receipt(harness.deployment, Caller("alice"), {"roomId": room}, allow_unfenced=True)
    with pytest.raises(StaleEpoch):
        on_receipt(harness.deployment, Caller("alice"), {"roomId": room})
