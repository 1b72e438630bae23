"""What charges a member is checked again at its commit: whatever is written between
read and commit decides, for every operation."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from chat.deployment import Deployment
from chat.rules.errors import ChatError, Muted, NotRoomMember, RateLimited
from chat.rules.models import Message
from tests.guarantees.support.fixtures import (
    Clock,
    change_member,
    change_room,
    edit,
    new_room,
    process,
    send,
    stored,
)
from tests.guarantees.support.proxy import Proxy, overtaken

Operation = Callable[[Deployment, Message], Message]
Race = Callable[[Any, str, int], object]
"""What happens to ann's membership of a room at an instant (ms)."""


def send_another(deployment: Deployment, sent: Message) -> Message:
    return send(deployment, sent.room_id, "ann", "two")


def edit_it(deployment: Deployment, sent: Message) -> Message:
    return edit(deployment, sent, "uno")


OPERATIONS: Mapping[str, Operation] = {"sendMessage": send_another, "editMessage": edit_it}
"""Every operation that charges a member for a message."""

FAR_MS = 3_600_000


def mute(client: Any, room: str, now: int) -> None:
    change_member(client, room, "ann", mutedUntil=now + FAR_MS)


def remove(client: Any, room: str, now: int) -> None:
    """The membership alone, so that nothing but its own guard is in the way."""
    change_member(client, room, "ann", status="left")


def ban(client: Any, room: str, now: int) -> None:
    change_member(client, room, "ann", status="banned")


def lose_the_role(client: Any, room: str, now: int) -> None:
    """In slow mode a plain member may not yet write again."""
    change_member(client, room, "ann", role="member")


def use_up_the_rate(client: Any, room: str, now: int) -> None:
    change_member(client, room, "ann", tat=(now + 10_000) * 1_000)


RACES: Mapping[str, tuple[Race, type[ChatError]]] = {
    "a mute": (mute, Muted),
    "a removal": (remove, NotRoomMember),
    "a ban": (ban, NotRoomMember),
    "a loss of role": (lose_the_role, RateLimited),
    "the rate is used up": (use_up_the_rate, RateLimited),
}


@pytest.mark.parametrize("race", RACES.values(), ids=RACES)
@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
def test_what_is_written_between_read_and_commit_decides(
    proxy: Proxy,
    proxied: Any,
    client: Any,
    clock: Clock,
    operation: Operation,
    race: tuple[Race, type[ChatError]],
) -> None:
    write, refusal = race
    room = new_room(client, settings={"personPerSecond": 1, "personBurst": 10}, members={"ann": "moderator"})
    sent = send(process(client, clock), room, "ann", "one")
    change_room(client, room, slowModeSeconds=60)
    before = stored(client, room)
    proxy.once("TransactWriteItems", overtaken(lambda: write(client, room, clock.now())))
    with pytest.raises(refusal):
        operation(process(proxied, clock), sent)
    assert stored(client, room) == before
