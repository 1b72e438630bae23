"""A receipt that is stored after a revocation is published in the epoch that has
begun, so the one who left does not get it."""

from typing import Any

import pytest

from chat.operations.mark_delivered import mark_delivered
from chat.operations.mark_read import mark_read
from chat.operations.remove_member import remove_member
from chat.rules.models import Caller, Notice
from chat.rules.tally import Tally
from chat.storage.aws import client as aws_client
from simulator.settings import REGION
from tests.guarantees.support.fixtures import Clock, change_member, change_room, new_room, process


@pytest.mark.parametrize("verb", [mark_read, mark_delivered])
def test_a_receipt_is_published_in_the_epoch_that_holds_when_it_is_stored(
    client: Any, endpoint: str, clock: Clock, verb: Any
) -> None:
    room = new_room(client, "ann", "bob", "cat")
    change_member(client, room, "ann", role="owner")
    change_room(client, room, seq=3, ts=clock.ms)
    theirs = process(client, clock)
    slow = aws_client("dynamodb", region=REGION, endpoint=endpoint, timeout=20)
    ours = process(slow, clock)
    revocations: list[Notice | None] = []

    def revoke(**_: object) -> None:
        """Between our read and our write cat is removed."""
        if not revocations:
            revocations.append(
                remove_member(theirs, Caller("ann"), {"roomId": room, "userId": "cat"}, Tally()).notice
            )

    slow.meta.events.register("before-call.dynamodb.UpdateItem", revoke)
    receipt = verb(ours, Caller("bob"), {"roomId": room, "seq": 3}, Tally())
    assert revocations[0] is not None
    assert (receipt["roomId"], receipt["epoch"]) == (room, revocations[0].next_epoch)
    slow.close()
