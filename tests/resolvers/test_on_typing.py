"""Subscription.onTyping: judged once, when it starts; accepting answers null."""

from typing import TYPE_CHECKING

import pytest

from chat.operations.on_typing import on_typing
from chat.rules.errors import StaleEpoch
from chat.rules.models import Caller

if TYPE_CHECKING:
    from tests.resolvers.conftest import Stage

EVENT = "Subscription.onTyping"
REFUSED: dict[str, tuple[str, dict[str, object]]] = {
    "not-member": ("NotRoomMember", {}),
    "stale-epoch": ("StaleEpoch", {"epoch": 1}),
    "without-epoch": ("StaleEpoch", {"epoch": 1}),
}


def test_a_member_with_the_rooms_epoch_is_accepted(stage: "Stage") -> None:
    assert stage.act(stage.staged(EVENT), writes=[]) is None


@pytest.mark.parametrize(("variant", "outcome"), REFUSED.items(), ids=REFUSED.keys())
def test_what_is_refused_is_named(
    stage: "Stage", variant: str, outcome: tuple[str, dict[str, object]]
) -> None:
    error_type, values = outcome
    stage.refused(stage.staged(f"{EVENT}.{variant}"), error_type, None, **values)


def test_when_somebody_lost_access_the_old_epoch_is_refused(stage: "Stage") -> None:
    event = stage.staged(EVENT)
    stage.head(event["arguments"]["roomId"], epoch=2)
    stage.refused(event, "StaleEpoch", epoch=2)


def test_an_administrator_who_is_not_in_the_room_may_not_listen(stage: "Stage") -> None:
    event = stage.event(EVENT, "carol", roomId=stage.room())
    event["identity"]["resolverContext"]["roles"] = "admin"
    stage.refused(event, "NotRoomMember")


def test_clients_from_before_are_let_in_unfenced_only_where_the_deployment_says_so(stage: "Stage") -> None:
    room = stage.room()
    on_typing(stage.deployment, Caller("alice"), {"roomId": room}, allow_unfenced=True)
    with pytest.raises(StaleEpoch):
        on_typing(stage.deployment, Caller("alice"), {"roomId": room})
