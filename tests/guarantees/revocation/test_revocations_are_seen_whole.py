"""A revocation writes the room's head and a membership in one transaction, and a
read may see one of them before the other.

Who is losing access must not be taken for a member in the epoch after.
"""

from typing import Any

import pytest

from chat.deployment import Deployment
from chat.operations.ban_member import ban_member
from chat.operations.guild_membership import guild_membership
from chat.operations.leave_room import leave_room
from chat.operations.on_message import on_message
from chat.operations.remove_member import remove_member
from chat.operations.room import room as read_room
from chat.rules.errors import ChatError
from chat.rules.models import Caller
from chat.rules.tally import Tally
from tests.guarantees.support.fixtures import Clock, new_room, process
from tests.guarantees.support.partial_visibility import PartialVisibility

BOB = Caller("bob")


def revoke(deployment: Deployment, how: str, room: str) -> None:
    named = {"roomId": room, "userId": "bob"}
    if how == "removeMember":
        remove_member(deployment, Caller("ann"), named, Tally())
    elif how == "banMember":
        ban_member(deployment, Caller("ann"), named, Tally())
    elif how == "leaveRoom":
        leave_room(deployment, BOB, named, Tally())
    else:
        feed = {"guildId": room.removeprefix("GUILD#"), "remove": ["bob"]}
        guild_membership(deployment, feed, Tally())


def epoch_granted(deployment: Deployment, field: str, room: str) -> int:
    """In which epoch bob is taken for a member; 0 if he is not."""
    try:
        if field == "room":
            return int(read_room(deployment, BOB, {"roomId": room}, Tally())["head"]["epoch"])
        on_message(deployment, BOB, {"roomId": room, "epoch": 2})
        return 2
    except ChatError:
        return 0


@pytest.mark.parametrize("field", ["room", "onMessage"])
@pytest.mark.parametrize("how", ["removeMember", "banMember", "leaveRoom", "guild"])
@pytest.mark.parametrize("hidden", range(16))
def test_who_loses_access_is_no_member_in_the_epoch_after(
    client: Any, clock: Clock, how: str, hidden: int, field: str
) -> None:
    """`hidden`: a bit for each item of the transaction that is not visible yet."""
    visibility = PartialVisibility(client)
    room = new_room(
        client, prefix="GUILD#" if how == "guild" else "", members={"ann": "owner", "bob": "member"}
    )
    writer, reader = process(visibility.writer, clock), process(visibility.reader, clock)
    revoke(writer, how, room)
    visibility.hide(hidden)
    assert epoch_granted(reader, field, room) < 2
    visibility.reveal()
    assert epoch_granted(reader, field, room) == 0
