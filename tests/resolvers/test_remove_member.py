"""Mutation.removeMember: somebody is out, the epoch has moved, and those who stay are told so in the old one."""

from typing import TYPE_CHECKING, Any

import pytest

from chat.models import DAY_MS

if TYPE_CHECKING:
    from tests.resolvers.conftest import Stage

EVENT = "Mutation.removeMember"
REMOVED = ["HEAD", "IN", "MEMBER"]
CROWD: dict[str, Any] = {
    "alice": "owner",
    "anna": "owner",
    "mona": "moderator",
    "max": "moderator",
    "bob": "member",
}


def notice(answer: dict[str, Any], **values: object) -> dict[str, Any]:
    """The whole of a notice's message, with the parts that only the server knows taken from it."""
    nothing = ["guildId", "text", "seq", "clientMessageId", "rev", "editedAt", "removedAt", "version"]
    nothing += ["attachments"]
    own = {name: answer[name] for name in ("id", "ts")}
    told = {
        "userId": "bob",
        "role": None,
        "mutedUntil": None,
        "nextEpoch": None,
        "room": None,
    }
    message = {name: values.pop(name) for name in ("roomId", "senderId", "epoch")}
    return own | dict.fromkeys(nothing) | {"roomType": "general"} | message | {"notice": told | values}


def test_somebody_is_taken_out_and_the_epoch_moves_with_it(stage: "Stage") -> None:
    event = stage.staged(EVENT)
    room = event["arguments"]["roomId"]
    answer = stage.act(event, writes=REMOVED)
    assert answer == notice(
        answer, roomId=room, senderId="alice", epoch=1, kind="MEMBER_REMOVED", nextEpoch=2, rev=2
    )
    head, member = stage.item(room, "HEAD"), stage.item(room, f"IN#ROOM#{room}", "bob")
    assert (head["rev"], head["epoch"], head["seq"], head["owners"]) == (2, 2, 0, 1)
    expires = member.pop("expiresAt")
    assert member == {
        "PK": "USER#bob",
        "SK": f"IN#ROOM#{room}",
        "type": "Membership",
        "role": "member",
        "status": "left",
        "joinedSeq": 0,
        "endedEpoch": 1,
    }
    assert expires == pytest.approx((stage.deployment.now() + 90 * DAY_MS) / 1_000, abs=60)
